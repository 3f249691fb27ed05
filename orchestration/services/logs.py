"""The logs of a run's workers, read by ranges: their ends, and what has come since.

No call reads more than `MOST_BYTES`, however large and many the logs are.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Generic, TypeVar

from azure.core.exceptions import ResourceNotFoundError

from worker_image.contract import naming

from .records import Records
from .threads import side_by_side

T = TypeVar("T")

MOST_BYTES = 32 << 20
MOST_LOGS = 512  # whose ends one call reads
FIRST_PIECE, LARGEST_PIECE = 64 << 10, 1 << 20
NEW_BYTES = 256 << 10  # of one log behind a place
PLATFORM_BYTES = 64 << 10

LOG = naming.log("", "").rpartition("/")[2]

Read = Callable[[int, int], bytes]
"""Gives the bytes from one on, at most so many."""

Wanted = Callable[[str, bytes], T | None]
"""What a line of a worker's log says; None if it is not wanted."""


@dataclass(frozen=True)
class Log:
    """The log of a worker as it was listed: its size in bytes, and when it was written last."""

    worker: str
    size: int
    changed: datetime


@dataclass(frozen=True)
class Stretch(Generic[T]):
    """What was wanted of a part of a log, in its order, each with the byte where its line begins.

    The part ends at `end`; `more` is whether there may be others, before it or behind.
    """

    log: Log
    found: list[tuple[int, T]]
    end: int
    more: bool


class Logs:
    """The logs of one run. A log that is deleted meanwhile has no lines."""

    def __init__(self, records: Records, run: str) -> None:
        self._records = records
        self._run = run

    def listed(self) -> list[Log]:
        """The logs that there are, those that were written last first."""
        prefix = naming.logs(self._run)
        logs = [
            Log(name.removeprefix(prefix).removesuffix(LOG), blob.size, blob.last_modified)
            for blob in self._records.listing(naming.RUNS, prefix)
            if (name := blob.name).endswith(LOG)
        ]
        return sorted(logs, key=lambda log: log.changed, reverse=True)

    def tails(self, logs: list[Log], last: int, wanted: Wanted[T]) -> list[Stretch[T]]:
        """Of each log the last lines that are wanted, as far as its share of bytes goes.

        Of very many logs the first ones alone.
        """
        logs = logs[:MOST_LOGS]
        share = MOST_BYTES // max(1, len(logs))
        return side_by_side(lambda log: tail(self._reader(log), log, last, share, wanted), logs)

    def news(self, logs: list[Log], places: dict[str, int], wanted: Wanted[T]) -> list[Stretch[T]]:
        """Of each log the next lines behind its place, which is 0 where it has none."""
        grown = [log for log in logs if log.size > places.get(log.worker, 0)]
        share = min(NEW_BYTES, MOST_BYTES // max(1, len(grown)))
        return side_by_side(
            lambda log: behind(self._reader(log), log, places.get(log.worker, 0), share, wanted),
            grown,
        )

    def platform(self, worker: str) -> str | None:
        """The end of what a container has printed; None until its group is deleted."""
        path = naming.platform_log(self._run, worker)
        try:
            _, size = self._records.version(naming.RUNS, path)
        except ResourceNotFoundError:
            return None
        length = min(size, PLATFORM_BYTES)
        content = self._records.stretch(path, size - length, length) if size else b""
        return content.decode(errors="replace")

    def _reader(self, log: Log) -> Read:
        path = naming.log(self._run, log.worker)

        def read(start: int, length: int) -> bytes:
            with suppress(ResourceNotFoundError):
                return self._records.stretch(path, start, length)
            return b""

        return read


def tail(read: Read, log: Log, last: int, share: int, wanted: Wanted[T]) -> Stretch[T]:
    """The last lines of a log that are wanted, from its last `share` bytes."""
    lines = _backwards(read, log.size, share)
    said = ((start, wanted(log.worker, line)) for start, line in lines)
    newest = list(islice(((start, each) for start, each in said if each is not None), last + 1))
    found = newest[last - 1 :: -1]
    return Stretch(log, found, log.size, more=len(newest) > last or log.size > share)


def _backwards(read: Read, size: int, share: int) -> Iterator[tuple[int, bytes]]:
    """The whole lines in the last `share` bytes, the newest first, each with its start."""
    at, rest, length, end = size, b"", FIRST_PIECE, max(0, size - share)
    while at > end:
        start = max(end, at - length)
        content = read(start, at - start) + rest
        rest, *lines = content.split(b"\n")
        begun = start + len(content) + 1
        for line in reversed(lines):
            begun -= len(line) + 1
            yield begun, line
        at, length = start, min(2 * length, LARGEST_PIECE)
    if at == 0:
        yield 0, rest


def behind(read: Read, log: Log, start: int, share: int, wanted: Wanted[T]) -> Stretch[T]:
    """The lines in the `share` bytes behind a place; one that is not whole is left for later.

    A line that is longer than the share comes in pieces.
    """
    length = min(log.size - start, share)
    content = read(start, length)
    whole = content.rfind(b"\n") + 1 or (length if length == share else 0)
    found: list[tuple[int, T]] = []
    at = start
    for line in content[:whole].splitlines(keepends=True):
        said = wanted(log.worker, line)
        if said is not None:
            found.append((at, said))
        at += len(line)
    return Stretch(log, found, start + whole, more=length == share < log.size - start)
