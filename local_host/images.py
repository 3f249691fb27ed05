"""The worker's image on a machine without a registry: built by buildah on a Debian of its own.

Everything is in one folder, `.local/images`: buildah's storage, and the packages that the image is
made of. pip fetches those here, with this machine's configuration, and the build gets files: so
nothing of that configuration can be in an image.
"""

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from local_host.container_instances.engines.base import find, run
from local_host.container_instances.engines.buildah import buildah_on
from local_host.services.once import exclusive, fill_once

STORAGE = Path(__file__).parents[1] / ".local" / "images" / "storage"
BASE = "localhost/aci-jobs/base:bookworm"
IMAGE = "aci-jobs/worker:local"
DOCX_IMAGE = "aci-jobs/docx:local"

_CHECKOUT = Path(__file__).parents[1]
_FOLDER = STORAGE.parent
_PATIENCE = 900.0  # seconds for one step on a slow machine
_DEBIAN, _PYTHON = "bookworm", "3.11"
# What debootstrap leaves of its work and of this machine, and what the official images lack too.
_LEFT = (
    *("var/cache/apt/**/*", "var/lib/apt/lists/*", "var/log/**/*", "etc/hostname"),
    *("usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*", "usr/lib/**/__pycache__/*"),
)
_OF_THE_MACHINE = ("etc/resolv.conf", "etc/hosts")
_REQUIREMENTS = (_CHECKOUT / "worker_image" / "requirements.txt",)


def build() -> None:
    """Build all images that are used locally; what is there and has not changed is used again.

    Raises:
        EngineError: a program is missing, or failed.
    """
    with exclusive(_FOLDER / "build.lock"):
        if not _exists(BASE):
            _build_base()
        packages = _packages()
        _build(
            IMAGE,
            _CHECKOUT / "worker_image",
            {"BASE": BASE, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/mnt"},
            *("--volume", f"{packages}:/mnt:ro"),
        )
        _build(DOCX_IMAGE, _CHECKOUT / "examples" / "docx", {"WORKER": IMAGE})


def _build_base() -> None:
    """A Debian with Python, as small as debootstrap makes one, its modules not compiled."""
    with tempfile.TemporaryDirectory(prefix="base.", dir=_FOLDER) as folder:
        tree = Path(folder) / "tree"
        variant = ("--variant=minbase", "--include=python3,python3-venv")
        run(find("debootstrap"), *variant, _DEBIAN, str(tree), patience=_PATIENCE)
        for found in [found for pattern in _LEFT for found in tree.glob(pattern)]:
            if found.is_dir() and not found.is_symlink():
                shutil.rmtree(found, ignore_errors=True)
            else:
                found.unlink(missing_ok=True)
        for name in _OF_THE_MACHINE:
            (tree / name).write_text("")
        (Path(folder) / "Dockerfile").write_text("FROM scratch\nCOPY tree /\nENV LANG=C.UTF-8\n")
        _build(BASE, Path(folder), {})


def _packages() -> Path:
    """The folder of the wheels that the worker needs."""
    lists = [file.read_bytes() for file in _REQUIREMENTS]
    name = f"packages-{hashlib.sha256(b''.join(lists)).hexdigest()[:12]}"
    return fill_once(_FOLDER / name, _download)


def _download(folder: Path) -> None:
    named = [word for file in _REQUIREMENTS for word in ("--requirement", str(file))]
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--only-binary", ":all:", "--python-version", _PYTHON, "--dest", str(folder)),
        *named,
        patience=_PATIENCE,
    )
    folder.chmod(0o755)


def _build(name: str, context: Path, arguments: dict[str, str], *options: str) -> None:
    named = [word for item in arguments.items() for word in ("--build-arg", "=".join(item))]
    buildah(
        *("build", "--isolation", "chroot", "--layers", "--pull-never", "--format", "docker"),
        *("--tag", name, *named, *options, str(context)),
    )


def _exists(image: str) -> bool:
    return bool(buildah("images", "--quiet", "--filter", f"reference={image}"))


def buildah(*words: str) -> str:
    """What a command of buildah prints, on the storage of the images.

    Raises:
        EngineError: it failed.
    """
    return run(*buildah_on(STORAGE), *words, patience=_PATIENCE)
