"""Runs that nobody carries on: not started, ended from outside, or not moved by the runtime."""

from collections.abc import Iterator
from datetime import timedelta

from ...policy.sweeping import STARTING_GRACE
from ...views.diagnosis import Code, Finding, Severity
from .. import facts
from ..advice import finding
from ..evidence import RunEvidence

SOON = timedelta(minutes=1)
SILENCE = timedelta(minutes=3)
TICKS = 10


def not_started(evidence: RunEvidence) -> Iterator[Finding]:
    """Accepted, and the runtime does not know it."""
    age = evidence.now - evidence.record.created
    if evidence.orchestration or evidence.report or not evidence.sure or age < SOON:
        return
    yield finding(
        Code.NOT_STARTED,
        Severity.ERROR if age > STARTING_GRACE else Severity.WARNING,
        why=f"accepted {evidence.record.created:%Y-%m-%d %H:%M:%S} UTC;"
        " the runtime has no orchestration of it",
        facts=facts.of_run(evidence),
    )


def abandoned(evidence: RunEvidence) -> Iterator[Finding]:
    """Its orchestration is over, and wrote no report."""
    found = evidence.orchestration
    if found is None or evidence.report or not evidence.sure:
        return
    said = f": {found.output}" if found.output else ""
    yield finding(
        Code.ABANDONED,
        Severity.ERROR,
        why=f"the runtime says {found.runtime_status}{said}; there is no report",
        facts=facts.of_run(evidence),
    )


def silent_orchestrator(evidence: RunEvidence) -> Iterator[Finding]:
    """It goes on by what the runtime says, and does nothing."""
    found = evidence.orchestration
    assert found
    silent = evidence.now - found.updated
    patience = max(SILENCE, timedelta(seconds=TICKS * evidence.settings.tick_seconds))
    if found.runtime_status == "Pending":
        patience = SOON
    elif found.runtime_status == "Suspended":
        patience = timedelta()
    if silent <= patience:
        return
    yield finding(
        Code.ORCHESTRATOR,
        Severity.ERROR,
        more=f"{silent.total_seconds():.0f} s",
        why=f"the runtime says {found.runtime_status}, and that it last did anything at"
        f" {found.updated:%Y-%m-%d %H:%M:%S} UTC;"
        f" a look is due every {evidence.settings.tick_seconds:g} s",
        facts=facts.of_run(evidence),
    )
