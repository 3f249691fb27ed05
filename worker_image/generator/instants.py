"""Points in time as they are written: absolute, relative to the dataset's day, or to a field.

Examples: `2024-05-01`, `2024-05-01T08:30:00Z`, `as_of`, `-5y`, `as_of - 3mo`, `customer.signup_ts`,
`ts + 2h`. Units: y and mo (calendar, from the dataset's day alone), w, d, h, m, s.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .frame import Frame, Reading, Source
from .problems import Refusal
from .randomness import Ints

DAY = 86_400
FIRST = int(datetime.min.replace(tzinfo=UTC).timestamp())
LAST = int(datetime.max.replace(tzinfo=UTC, microsecond=0).timestamp())

_SECONDS = {"w": 7 * DAY, "d": DAY, "h": 3600, "m": 60, "s": 1}
_MONTHS = {"y": 12, "mo": 1}
_WRITTEN = re.compile(
    r"(?P<anchor>[A-Za-z_][\w.]*)?\s*(?:(?P<sign>[+-])\s*(?P<number>\d{1,9})(?P<unit>mo|[ywdhms]))?"
)
LONGEST = 9 * 10**12
"""Seconds of a duration, at most: databases count them in microseconds of 64 bits."""

_DURATION = re.compile(r"\s*(\d{1,9})\s*([wdhms])")
_ALLOWED = "allowed: an ISO 8601 date or time, as_of, a field, each with an offset such as - 30d"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of each row: `seconds` since 1970 UTC or, with a `source`, after that field."""

    seconds: int
    low: int
    high: int
    source: Source | None = None
    after: Mapping[Source, int] = field(default_factory=dict)

    @property
    def follows(self) -> tuple[Source, ...]:
        """The field that it is counted from."""
        return (self.source,) if self.source else ()

    def at(self, frame: Frame) -> Ints | int:
        """The seconds since 1970 for each row of a frame, or for all of them."""
        if self.source is None:
            return self.seconds
        return frame.value(self.source)[0] + self.seconds

    def precedes(self, other: "Moment") -> bool:
        """Whether this is certainly never later than `other`."""
        least = other.after.get(self.source) if self.source else None
        return self.high <= other.low or (least is not None and self.seconds <= least)


def fixed(seconds: int) -> Moment:
    """The same moment for all rows."""
    return Moment(seconds, seconds, seconds)


def following(source: Source, times: Reading, offset: int) -> Moment:
    """The moment `offset` seconds after a field."""
    after = {name: seconds + offset for name, seconds in times.after.items()}
    low, high = times.low + offset, times.high + offset
    return Moment(offset, low, high, source, {**after, source: offset})


def read(text: str, as_of: datetime | None) -> tuple[str | None, int]:
    """The field that `text` starts from and the seconds after it, or None and seconds since 1970.

    Raises:
        Refusal: not a moment, or relative to a day that the dataset does not name.
    """
    if absolute := iso(text):
        return None, int(absolute.timestamp())
    match = _WRITTEN.fullmatch(text.strip())
    if match is None or not text.strip():
        raise Refusal(_ALLOWED, text)
    amount = int(f"{match['sign'] or ''}{match['number'] or 0}")
    if match["anchor"] in (None, "as_of"):
        if as_of is None:
            raise Refusal("as_of is needed at the top of the document", text)
        return None, int(_moved(as_of, amount, match["unit"], text).timestamp())
    if match["unit"] in _MONTHS:
        raise Refusal("years and months are counted from as_of alone; use w, d, h, m or s", text)
    return match["anchor"], amount * _SECONDS[match["unit"] or "s"]


def seconds(text: str) -> int:
    """The length of a duration such as `90s`, `2h` or `1d 12h`.

    Raises:
        Refusal: it is none, or longer than any could be.
    """
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        raise Refusal("allowed: durations such as 90s, 15m, 2h, 1d 12h, 3w", text)
    length = sum(int(number) * _SECONDS[unit] for number, unit in parts)
    check_length(length, text)
    return length


def check_length(length: int, value: object) -> None:
    """Refuse a duration of so many seconds that no database could have it."""
    if abs(length) > LONGEST:
        raise Refusal(f"durations of at most {LONGEST} seconds are allowed", value)


def iso(text: str) -> datetime | None:
    """An ISO 8601 date or time to the second, UTC unless it says otherwise; None if it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).replace(microsecond=0)


def _moved(day: datetime, amount: int, unit: str | None, text: str) -> datetime:
    try:
        if unit in _MONTHS:
            months = day.year * 12 + day.month - 1 + amount * _MONTHS[unit]
            year, month = months // 12, months % 12 + 1
            last = calendar.monthrange(year, month)[1]
            return day.replace(year=year, month=month, day=min(day.day, last))
        seconds = amount * _SECONDS[unit or "s"]
        return datetime.fromtimestamp(day.timestamp() + seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Refusal("allowed: the years 1 to 9999", text) from None
