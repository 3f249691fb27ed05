"""Why Azure did not do what it was asked, and what helps."""

from enum import StrEnum

from .value import Value


class Remedy(StrEnum):
    """What helps."""

    AGAIN = "again"  # the same request, after `wait`
    ROOM = "room"  # the quota of the region is used up: other regions, until places are free
    REGION = "region"  # the region has no capacity, or is blocked: other regions for a while
    FATAL = "fatal"  # nothing that the app can do


class Refusal(Value):
    """A refusal by Azure's own code; `wait` is in seconds.

    The same request is made again `tries` times before the remedy counts.
    """

    code: str
    remedy: Remedy
    wait: float = 0.0
    tries: int = 0
