"""How a worker's process ends, and what the end of a program means, both after sysexits.h."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """The container's exit code; the policy reads it."""

    OK = 0  # the queue is drained, or the worker was asked to stop
    CONFIGURATION = 64
    INTERNAL = 70
    UNIT_TIMEOUT = 75


class Ending(StrEnum):
    """What the exit code of a program means for its unit."""

    SUCCESS = "success"
    RETRY = "retry"
    DEAD_LETTER = "dead_letter"


PROGRAM_ENDINGS: Mapping[int, Ending] = {
    0: Ending.SUCCESS,
    64: Ending.DEAD_LETTER,  # EX_USAGE
    65: Ending.DEAD_LETTER,  # EX_DATAERR
    66: Ending.DEAD_LETTER,  # EX_NOINPUT
    75: Ending.RETRY,  # EX_TEMPFAIL
    78: Ending.DEAD_LETTER,  # EX_CONFIG
}
"""What a program's exit codes mean where a request says nothing else; any other is a retry."""
