"""What a run may use up before it is stopped."""

from typing import Annotated

from pydantic import Field

from .value import Value


class RunLimits(Value):
    """Bounds of a run. Times are in seconds.

    `start_timeout` is from the request for a container group to its running, `silence_timeout`
    from a worker's last word, `run_timeout` of a container group as a whole; each ends the group,
    which is replaced. `stall_timeout` and `deadline` end the run. `finish_timeout` is that of the
    finishing step, for each try.

    More dead letters than `tolerated_failures`, or `tolerated_percent` of all units, end the run.
    So does one error that is on `repeated_error_percent` of the first `repeated_error_units` that
    have ended.
    """

    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    unit_timeout: Annotated[float, Field(gt=0, le=6 * 3600)] = 600
    finish_timeout: Annotated[float, Field(gt=0, le=7 * 86400)] = 21_600
    deadline: Annotated[float, Field(gt=0, le=7 * 86400)] = 86_400
    start_timeout: Annotated[float, Field(gt=0, le=3600)] = 900
    silence_timeout: Annotated[float, Field(gt=0, le=86400)] = 600
    run_timeout: Annotated[float, Field(gt=0, le=7 * 86400)] = 86_400
    stall_timeout: Annotated[float, Field(gt=0, le=86400)] = 1_800
    tolerated_failures: Annotated[int, Field(ge=0)] | None = None
    tolerated_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    repeated_error_units: Annotated[int, Field(ge=1)] = 100
    repeated_error_percent: Annotated[float, Field(gt=0, le=100)] | None = 50
    replacements: Annotated[int, Field(ge=0, le=1000)] = 20
    cost: Annotated[float, Field(gt=0)] | None = None

    @property
    def patience(self) -> float:
        """Seconds without any progress that are a stall: no unit in time is one."""
        return max(self.stall_timeout, 1.5 * self.unit_timeout)
