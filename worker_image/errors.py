"""Errors by what a retry can do about them."""


class UnitTimeout(Exception):  # noqa: N818 - people read the name in the dead letter
    """A unit has had its time."""


class PermanentError(Exception):
    """No retry can succeed: the unit goes to the dead letters at once.

    Every other exception is taken for transient and tried again until the unit's attempts run out.
    """
