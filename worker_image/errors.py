"""Errors by what a retry can do about them."""


class UnitTimeout(Exception):  # noqa: N818 - people read the name in the dead letter
    """A unit has had its time."""


class TargetBusyError(Exception):
    """The target is away, or asks for less: no fault of the unit, and no attempt is counted.

    `wait` is how many seconds it asks for, if it says so.
    """

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class PermanentError(Exception):
    """No retry can succeed: the unit goes to the dead letters at once.

    Every other exception is taken for transient and tried again until the unit's attempts run out.
    """
