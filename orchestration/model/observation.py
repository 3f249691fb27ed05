"""What one look at the services shows."""

from datetime import datetime

from pydantic import Field

from .value import Value


class GroupView(Value):
    """A container group as Azure shows it."""

    name: str
    ordinal: int
    attempt: int
    provisioning: str
    state: str  # Pending | Running | Stopped | Succeeded | Failed
    started: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    detail: str = ""

    @property
    def over(self) -> bool:
        """It runs no more, and never will."""
        return self.state in ("Stopped", "Succeeded", "Failed") or self.provisioning == "Failed"


class Progress(Value):
    """What the workers say of a stage."""

    units: int = 0
    rows: int = 0
    bytes: int = 0


class Selection(Value):
    """Which dead letters a redrive takes; no member set means all."""

    units: tuple[int, ...] | None = None
    fingerprint: str | None = None


class Control(Value):
    """The persisted wishes of people."""

    cancel: bool = False
    reason: str = ""
    redrives: tuple[Selection, ...] = ()


class Observation(Value):
    """What one look at the services shows. Queue counts are approximate."""

    queued: int
    dead: int
    progress: dict[str, Progress] = Field(default_factory=dict)
    retries: int = 0
    groups: tuple[GroupView, ...] = ()
    control: Control = Control()
