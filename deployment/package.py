"""The deployment package of the function app: what `.funcignore` leaves of this folder, zipped.

It is what `azd deploy` and `func azure functionapp publish` send when dependencies are installed in
Azure, and for the same files it is the same byte for byte.
"""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pathspec import GitIgnoreSpec

APP = Path(__file__).parents[1]
IGNORE = ".funcignore"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can say
_MODE = 0o644 << 16
_UNIX = 3


@dataclass(frozen=True)
class Package:
    """A package that was written: its files, its size in bytes, its SHA-256."""

    files: tuple[str, ...]
    size: int
    digest: str


def files(folder: Path) -> list[str]:
    """The paths of an app's folder that are deployed, relative to it, in their order.

    Raises:
        FileNotFoundError: it has no `.funcignore`; everything would be sent.
    """
    ignored = GitIgnoreSpec.from_lines((folder / IGNORE).read_text().splitlines())
    return sorted(_kept(folder, "", ignored))


def _kept(folder: Path, below: str, ignored: GitIgnoreSpec) -> Iterator[str]:
    for entry in (folder / below).iterdir():
        path = f"{below}{entry.name}"
        if entry.is_dir():
            if not ignored.match_file(f"{path}/"):
                yield from _kept(folder, f"{path}/", ignored)
        elif not ignored.match_file(path):
            yield path


def write(folder: Path, target: Path) -> Package:
    """Zip an app's folder; the target's own folder is made if it is not there."""
    names = files(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name in names:
            entry = ZipInfo(name, _EPOCH)
            entry.external_attr, entry.create_system = _MODE, _UNIX
            archive.writestr(entry, (folder / name).read_bytes(), ZIP_DEFLATED, 9)
    content = target.read_bytes()
    return Package(tuple(names), len(content), hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    path = Path(sys.argv[1])
    package = write(APP, path)
    print(f"{path}: {len(package.files)} files, {package.size:,} bytes, sha256 {package.digest}")
