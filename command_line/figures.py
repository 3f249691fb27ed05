"""Numbers, times and money as people read them."""

from datetime import datetime


def count(number: int, name: str) -> str:
    """A number of things by name."""
    return f"{number:,} {name}" + ("" if number == 1 else "s")


def duration(seconds: float) -> str:
    """A time that was measured or follows from one."""
    if seconds < 1:
        return f"{1000 * seconds:.1f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:,.1f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"


def money(amount: float | None) -> str:
    """Money in the currency of the app's prices; small amounts to the millionth."""
    if amount is None:
        return "-"
    return f"{amount:,.2f}" if amount >= 100 else f"{amount:,.6f}"


def moment(stamp: str) -> datetime:
    """The moment that the API wrote."""
    return datetime.fromisoformat(stamp)


def clock(stamp: str) -> str:
    """Date and time of a moment, to the second, as they were in UTC."""
    return f"{moment(stamp):%Y-%m-%d %H:%M:%S}"


def minute(stamp: str | None) -> str:
    """The same to the minute; empty for none."""
    return f"{moment(stamp):%Y-%m-%d %H:%M}" if stamp else ""


def between(start: str | None, end: str | datetime | None, least: float = 0) -> str:
    """How long it was from one moment to the other, if both are known and it was at least so long.

    To the second where it is short.
    """
    if start is None or end is None:
        return ""
    last = moment(end) if isinstance(end, str) else end
    seconds = max(0.0, (last - moment(start)).total_seconds())
    if seconds < least:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else duration(seconds)
