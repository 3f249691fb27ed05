"""What keeps a run, a schedule or the app from going on, why, and what to do."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from ..model import Value


class Severity(StrEnum):
    """How bad it is, the worst first."""

    ERROR = "error"  # it does not go on, or has failed, until somebody acts
    WARNING = "warning"  # it goes on badly, or soon not at all
    INFO = "info"  # somebody may have forgotten it


class Code(StrEnum):
    """What a finding is about; `docs/troubleshooting.md` has a row for each."""

    STORAGE = "storage"
    MANAGEMENT = "management"
    RUNTIME = "runtime"
    AUTHORIZATION = "authorization"
    IDENTITY = "identity"
    IMAGE = "image"
    CONFIGURATION = "configuration"
    REFUSED = "refused"
    QUOTA = "quota"
    NO_CAPACITY = "no_capacity"
    REGION_SHUT = "region_shut"
    NOT_STARTED = "not_started"
    ABANDONED = "abandoned"
    ORCHESTRATOR = "orchestrator"
    UNIT_KILLS = "unit_kills"
    WORKERS_DIE = "workers_die"
    NO_WORD = "no_word"
    TARGET = "target"
    LEASE_LOOP = "lease_loop"
    NO_QUEUE = "no_queue"
    STARVED = "starved"
    STALLED = "stalled"
    SAME_ERROR = "same_error"
    DEAD_LETTERS = "dead_letters"
    COST_CAP = "cost_cap"
    DEADLINE = "deadline"
    PAUSED = "paused"
    FAILED = "failed"
    SCHEDULE_FAULTY = "schedule_faulty"
    SCHEDULE_LATE = "schedule_late"
    TIMER = "timer"
    ORPHANS = "orphans"
    MORE_RUNS = "more_runs"


class Finding(Value):
    """One cause: `what` in a line, `why` with the evidence and Azure's own words, `next` to do.

    `commands` can be pasted as they are. `run` is None where it is about the app.
    """

    code: Code
    severity: Severity
    run: str | None = None
    what: str
    why: str
    next: str
    commands: list[str]


class Diagnosis(Value):
    """What is stuck, the worst first; no findings if nothing is."""

    checked: datetime
    findings: list[Finding]


def diagnosis(findings: Iterable[Finding], checked: datetime) -> Diagnosis:
    """The findings by severity, and else in their order."""
    ranks = list(Severity)
    worst_first = sorted(findings, key=lambda finding: ranks.index(finding.severity))
    return Diagnosis(checked=checked, findings=worst_first)
