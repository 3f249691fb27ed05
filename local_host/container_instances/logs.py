"""The output of a container as Azure keeps it."""

from pathlib import Path

from local_host.container_instances.shim import OUTPUT

RUNNING_BYTES = 4 << 20
ENDED_BYTES, ENDED_LINES = 16 << 10, 1000


def kept(output: bytes, *, running: bool, tail: int | None) -> str | None:
    """The end of the output: 4 MB while it runs, then 16 KB or 1,000 lines; None for nothing."""
    output = output[-RUNNING_BYTES if running else -ENDED_BYTES :]
    lines = output.splitlines(keepends=True)
    limit = min(tail or len(lines), len(lines) if running else ENDED_LINES)
    return b"".join(lines[len(lines) - min(limit, len(lines)) :]).decode(errors="replace") or None


def read(folder: Path) -> bytes:
    """What the shim has kept in the folder of a container, oldest first."""
    current = folder / OUTPUT
    files = (current.with_suffix(".old"), current)
    return b"".join(path.read_bytes() for path in files if path.exists())
