"""The lines of the workers' logs, merged by time, and the place from which they are followed."""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from typing import Annotated, Literal, get_args

from pydantic import AwareDatetime, ConfigDict, Field, NonNegativeInt, TypeAdapter, field_validator
from pydantic_core import from_json

from worker_image.contract import Stage

from ..model import Value
from ..services.logs import Log, Stretch

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LEVELS: tuple[str, ...] = get_args(Level)

SHOWN = 16_000  # characters of a line that is no JSON
CURSOR = 5_000  # characters; an address has 8 KB in all
_PLACES = TypeAdapter(dict[str, NonNegativeInt])
_MOST_PLACES = 1 << 20  # bytes

Places = dict[str, int]
"""By worker, the byte behind the last line of its log that was seen."""


class LineFilter(Value):
    """Which lines of a log: of this level or a graver one, with this text in message or error.

    The `last` that fit; or with `after`, which is `next` of a page, the first of those since then.
    """

    stage: Stage | None = None
    unit: Annotated[int, Field(ge=0, lt=10**7)] | None = None
    level: Level | None = None
    contains: Annotated[str, Field(max_length=200)] | None = None
    last: Annotated[int, Field(ge=1, le=5_000)] = 200
    after: Annotated[str, Field(max_length=CURSOR, pattern=r"^[A-Za-z0-9_-]+={0,2}$")] | None = None

    @field_validator("after")
    @classmethod
    def _is_a_cursor(cls, after: str | None) -> str | None:
        places(after)
        return after


class LogFilter(LineFilter):
    """The same of all workers, or of one."""

    worker: Annotated[str, Field(max_length=63)] | None = None


class LogLine(Value):
    """What a worker has said, and of which delivery of which unit.

    `stream` is the one over which a program said it. A line that is no JSON is all `message`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    time: AwareDatetime | None = None
    level: Level | None = None
    message: str
    worker: str
    stage: str | None = None
    unit: int | None = None
    delivery: int | None = None
    stream: str | None = None
    error: str | None = None


class LogPage(Value):
    """Lines, the oldest first, and the workers that have a log, those that spoke last first.

    `more` is whether there are others that fit, or may be where not all was looked at: earlier
    ones, or with `after` later ones. `next` is what `after` must be for what comes; None where
    there are too many logs to follow at once.
    """

    run: str
    workers: list[str]
    lines: list[LogLine]
    more: bool
    next: str | None


class WorkerLog(LogPage):
    """The same of one worker; `platform` is the end of what its container has printed."""

    platform: str | None


def reader(wanted: LineFilter) -> Callable[[str, bytes], LogLine | None]:
    """Reads a line of a worker's log; None if it is blank or not wanted."""

    def read(worker: str, content: bytes) -> LogLine | None:
        if not content.strip():
            return None
        said = line(worker, content)
        return said if _fits(said, wanted) else None

    return read


def line(worker: str, content: bytes) -> LogLine:
    """A line as the worker has written it, or as it stands there if it is of another kind."""
    try:
        return LogLine.model_validate({**from_json(content), "worker": worker})
    except (ValueError, TypeError):
        text = content.decode(errors="replace").rstrip()
        return LogLine(message=text[:SHOWN], worker=worker)


def _fits(said: LogLine, wanted: LineFilter) -> bool:
    return (
        wanted.stage in (None, said.stage)
        and wanted.unit in (None, said.unit)
        and (wanted.level is None or _gravity(said.level) >= _gravity(wanted.level))
        and (wanted.contains or "").lower() in f"{said.message}\n{said.error or ''}".lower()
    )


def _gravity(level: str | None) -> int:
    return LEVELS.index(level) if level else -1


def tail(run: str, logs: Sequence[Log], ends: Iterable[Stretch[LogLine]], last: int) -> LogPage:
    """The last lines of all logs."""
    ends = list(ends)
    merged = [said for _, _, said in _merged(ends)]
    seen = {log.worker: log.size for log in logs}
    more = any(end.more for end in ends) or len(merged) > last or len(ends) < len(logs)
    return _page(run, logs, merged[-last:], seen, more=more)


def news(
    run: str, logs: Sequence[Log], since: Iterable[Stretch[LogLine]], last: int, seen: Places
) -> LogPage:
    """The first lines since the places where all that was seen ends."""
    since = list(since)
    merged = list(_merged(since))
    reached = seen | {stretch.log.worker: stretch.end for stretch in since}
    for _, start, said in reversed(merged[last:]):
        reached[said.worker] = start
    more = any(stretch.more for stretch in since) or len(merged) > last
    return _page(run, logs, [said for _, _, said in merged[:last]], reached, more=more)


def _page(
    run: str, logs: Sequence[Log], lines: list[LogLine], seen: Places, *, more: bool
) -> LogPage:
    workers = [log.worker for log in logs]
    return LogPage(run=run, workers=workers, lines=lines, more=more, next=cursor(seen))


def _merged(stretches: Iterable[Stretch[LogLine]]) -> Iterator[tuple[datetime, int, LogLine]]:
    return merge(*map(_timed, stretches), key=lambda each: each[0])


def _timed(stretch: Stretch[LogLine]) -> Iterator[tuple[datetime, int, LogLine]]:
    """Each line with its time and start; one with none, or an earlier one, follows the line before
    it.
    """
    times = (said.time for _, said in stretch.found if said.time)
    now = next(times, stretch.log.changed)
    for start, said in stretch.found:
        now = max(now, said.time or now)
        yield now, start, said


def cursor(seen: Places) -> str | None:
    """Places as a page names them; None if they are too many for an address."""
    text = urlsafe_b64encode(zlib.compress(_PLACES.dump_json(seen))).decode()
    return text if len(text) <= CURSOR else None


def places(after: str | None) -> Places:
    """The places that a page has named.

    Raises:
        ValueError: no page has.
    """
    if after is None:
        return {}
    try:
        packed = urlsafe_b64decode(after)
        return _PLACES.validate_json(zlib.decompressobj().decompress(packed, _MOST_PLACES))
    except (ValueError, zlib.error):
        raise ValueError("this is no `next` of a page") from None
