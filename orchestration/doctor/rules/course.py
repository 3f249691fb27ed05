"""How a run goes on: what slows it down, and what will end it."""

from collections.abc import Iterator

from ...model import Phase
from ...status import ASKS_FOR_LESS, NO_ROOM, QUOTAS
from ...views.diagnosis import Code, Finding, Severity
from .. import facts
from ..advice import finding
from ..evidence import RunEvidence

CALM_SECONDS = 60.0
NEAR = 0.9  # of a bound
LONG_PAUSE = 3_600.0


def pushed_back(evidence: RunEvidence) -> Iterator[Finding]:
    """The target turns units away."""
    names = {life.name for life in evidence.groups}
    words = [
        beat.pushback for beat in evidence.heartbeats if beat.pushback and beat.worker in names
    ]
    eased = ASKS_FOR_LESS in evidence.status.waits
    if not eased and not (words and evidence.quiet > CALM_SECONDS):
        return
    count = sum(beat.pushbacks for beat in evidence.heartbeats)
    yield finding(
        Code.TARGET,
        Severity.ERROR if evidence.quiet > CALM_SECONDS else Severity.WARNING,
        more=f"it has turned units away {count} times",
        why=evidence.status.waits if eased else words[-1],
        facts=facts.of_run(evidence),
    )


def stalled(evidence: RunEvidence) -> Iterator[Finding]:
    """No progress for a good part of the time after which the run is ended."""
    patience, status = evidence.limits.patience, evidence.status
    waits = NO_ROOM in status.waits or QUOTAS in status.waits
    if not evidence.working or waits or evidence.quiet <= patience / 3:
        return
    notes = f"the last note: {status.notes[-1]}" if status.notes else "there are no notes"
    yield finding(
        Code.STALLED,
        Severity.ERROR if evidence.quiet > 2 * patience / 3 else Severity.WARNING,
        more=f"{evidence.quiet:.0f} s; the run is ended after {patience:.0f} s",
        why="; ".join(filter(None, (status.waits, notes))),
        facts=facts.of_run(evidence),
    )


def near_the_cap(evidence: RunEvidence) -> Iterator[Finding]:
    """The cost has nearly reached its cap, or will have before the end."""
    status = evidence.status
    cap, at_end = status.cost_limit, status.cost_at_end
    if cap is None or max(status.cost, at_end or 0.0) < NEAR * cap:
        return
    whole = f", {at_end:g} at the end as it goes" if at_end is not None else ""
    yield finding(
        Code.COST_CAP,
        Severity.WARNING,
        more=f"{status.cost:g} of {cap:g} are spent",
        why=f"{status.cost:g} so far{whole}; the cap of the request is {cap:g}",
        facts=facts.of_run(evidence),
    )


def near_the_deadline(evidence: RunEvidence) -> Iterator[Finding]:
    """The run is nearly as old as it may become, or will not be through by then."""
    status, deadline = evidence.status, evidence.limits.deadline
    if status.elapsed + (status.seconds_left or 0.0) < NEAR * deadline:
        return
    left = "unknown" if status.seconds_left is None else f"{status.seconds_left:.0f} s"
    yield finding(
        Code.DEADLINE,
        Severity.WARNING,
        more=f"in {max(0.0, deadline - status.elapsed):.0f} s",
        why=f"it has gone on for {status.elapsed:.0f} of {deadline:.0f} s; what is left takes:"
        f" {left}",
        facts=facts.of_run(evidence),
    )


def paused(evidence: RunEvidence) -> Iterator[Finding]:
    """Somebody has paused it long ago."""
    if evidence.status.state is not Phase.PAUSED or evidence.quiet < LONG_PAUSE:
        return
    yield finding(
        Code.PAUSED,
        Severity.INFO,
        more=f"for {evidence.quiet / 3600:.1f} h",
        why=f"nothing has moved for {evidence.quiet:.0f} s; its deadline of"
        f" {evidence.limits.deadline:.0f} s counts all the same",
        facts=facts.of_run(evidence),
    )
