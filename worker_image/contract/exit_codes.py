"""How a worker's process ends, after sysexits.h."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The container's exit code; the policy reads it."""

    OK = 0  # the queue is drained, or the worker was asked to stop
    CONFIGURATION = 64
    INTERNAL = 70
    UNIT_TIMEOUT = 75
