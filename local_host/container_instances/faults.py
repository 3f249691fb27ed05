"""Faults on request: what tests and chaos ask of the stand-in through ``/admin/faults``."""

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from local_host.container_instances.errors import ArmError, refusal
from local_host.container_instances.limits import Usage


class Kind(StrEnum):
    """What goes wrong; the comment says what `seconds` means to it."""

    REFUSE = "refuse"  # Retry-After, when set
    THROTTLE = "throttle"  # Retry-After
    QUOTA = "quota"
    TRANSITIONING = "transitioning"
    DELAY = "delay"  # before the request is served
    LOSE_REPLY = "lose_reply"  # the work is done, then the connection dropped
    NO_CAPACITY = "no_capacity"  # accepted, then failed; nothing runs
    FAILED_OPERATION = "failed_operation"  # the operation fails, the containers run on
    BAD_IMAGE = "bad_image"  # from the creation until Failed
    STUCK_PENDING = "stuck_pending"  # from the creation until Failed
    CRASH = "crash"  # from the first start until SIGKILL
    STALE_STATE = "stale_state"  # the group says Running after its containers have ended
    EVICT = "evict"  # from the first start until killed and run again
    SLOW_DELETE = "slow_delete"  # that the group stays after its processes are gone


_DEFAULTS: dict[Kind, dict[str, Any]] = {
    Kind.THROTTLE: {"status": 429, "code": "TooManyRequests", "seconds": 5},
    Kind.NO_CAPACITY: {"code": "InsufficientCapacity", "message": "Insufficient capacity."},
    Kind.BAD_IMAGE: {"seconds": 1800, "code": "InaccessibleImage"},
    Kind.STUCK_PENDING: {"seconds": 1800, "code": "DeploymentTimeout"},
    Kind.SLOW_DELETE: {"operation": "delete"},
}


class Fault(BaseModel):
    """One fault: whom it meets, how often, and what happens to the request or the group."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    operation: str = "create"  # the name of a route, or a glob
    group: str = "*"  # a glob
    count: int | None = Field(default=1, ge=1)  # None: until it is removed
    seconds: float = Field(default=0, ge=0)
    status: int = Field(default=500, ge=400, le=599)
    code: str = "InternalServerError"
    message: str = "A fault that was asked for."

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        known = isinstance(given, dict) and given.get("kind") in _DEFAULTS
        return {**_DEFAULTS[given["kind"]], **given} if known else given

    def matches(self, operation: str, group: str) -> bool:
        """Whether a request meets this fault."""
        return fnmatchcase(operation, self.operation) and fnmatchcase(group, self.group)

    def refusal(self, group: str) -> ArmError | None:
        """The answer to a request that is not served at all."""
        if self.kind == Kind.QUOTA:
            return Usage("StandardCores", 10, 10).refusal(1, "everywhere")
        if self.kind == Kind.TRANSITIONING:
            return refusal("ContainerGroupTransitioning", group=group)
        if self.kind in (Kind.REFUSE, Kind.THROTTLE):
            return ArmError(self.status, self.code, self.message, self.seconds or None)
        return None


@dataclass(slots=True)
class Faults:
    """The faults in force; a request that meets some spends one of each."""

    _left: list[tuple[Fault, int | None]] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        self._left.append((fault, fault.count))

    def clear(self) -> None:
        """Remove all."""
        self._left.clear()

    def listed(self) -> list[dict[str, Any]]:
        """As JSON, each with the number of times that are `left`."""
        return [{**fault.model_dump(mode="json"), "left": left} for fault, left in self._left]

    def take(self, operation: str, group: str) -> tuple[Fault, ...]:
        """The faults that this request meets, in the order they were added."""
        met = tuple(fault for fault, _ in self._left if fault.matches(operation, group))
        left = [(fault, n - 1 if n and fault in met else n) for fault, n in self._left]
        self._left = [(fault, n) for fault, n in left if n != 0]
        return met
