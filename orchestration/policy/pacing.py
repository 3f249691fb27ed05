"""How many container groups may be created or deleted now.

Azure allows so many creations, and as many deletions, in five minutes and in an hour. Each is a
token that comes back when its time is over; the response headers tell when others who share the
subscription have taken some.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ..model import Pace, Spent

FIVE_MINUTES, HOUR = timedelta(minutes=5), timedelta(hours=1)
LIMITS = ((100, FIVE_MINUTES), (300, HOUR))
Left = tuple[int, int]


def tokens(pace: Pace, now: datetime) -> int:
    """How many requests may be made now."""
    if pace.held_until and now < pace.held_until:
        return 0
    return max(0, min(_left(pace.spent, now)))


def spend(pace: Pace, count: int, said: Iterable[Left], now: datetime) -> Pace:
    """Take tokens, and as many more as Azure has `said` that others have taken."""
    spent = tuple(item for item in pace.spent if now - item.at < HOUR)
    spent += (Spent(at=now, count=count),) if count else ()
    for lately, in_all in said:
        ours = _left(spent, now)
        # What is missing in the hour alone was taken before the last five minutes.
        taken = (ours[0] - lately, ours[1] - in_all - max(0, ours[0] - lately))
        times = (now, now - FIVE_MINUTES)
        spent += tuple(Spent(at=at, count=n) for at, n in zip(times, taken, strict=True) if n > 0)
    return pace.model_copy(update={"spent": spent})


def hold(pace: Pace, seconds: float, now: datetime) -> Pace:
    """Make no request for so long."""
    until = now + timedelta(seconds=seconds)
    return pace.model_copy(update={"held_until": max(until, pace.held_until or until)})


def _left(spent: Iterable[Spent], now: datetime) -> Left:
    kept = list(spent)
    five, hour = (
        count - sum(item.count for item in kept if now - item.at < span) for count, span in LIMITS
    )
    return five, hour
