"""What several processes may want to make at once, made by one of them, whole or not at all."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def fill_once(target: Path, fill: Callable[[Path], None]) -> Path:
    """Return the folder `target`, filled by `fill` if it was not there.

    `fill` gets a temporary folder beside the target, which is renamed when it returns, so a
    folder of that name is always whole. One process fills at a time, the others wait for it.
    """
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(target.with_name(f"{target.name}.lock")):
        if not target.is_dir():
            partial = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
            try:
                fill(partial)
                partial.rename(target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return target


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold a lock file against all others; the system frees it when the holder dies."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
