"""Dead letters: one error on most of them, or some that wait at the end."""

from collections.abc import Iterator

from ...model import Phase
from ...reports import FailureGroup, failure_groups
from ...views.diagnosis import Code, Finding, Severity
from .. import facts
from ..advice import Facts, finding
from ..causes import cause
from ..evidence import RunEvidence

ALIKE = 3  # fewer are told one by one


def repeated(evidence: RunEvidence) -> Iterator[Finding]:
    """One error on most of the dead letters: before the circuit breaker, or after the end."""
    group, dead = _commonest(evidence), _dead(evidence)
    if group is None or not _on_most(group, dead) or _told(evidence):
        return
    percent, first = evidence.limits.repeated_error_percent, evidence.limits.repeated_error_units
    breaker = f"; on {percent:g} % of the first {first} units it ends the run" if percent else ""
    yield finding(
        Code.SAME_ERROR,
        Severity.ERROR if evidence.live and percent else Severity.WARNING,
        more=f"{group.units} of {dead}",
        why=f"{group.type}: {group.error}{breaker if evidence.live else ''}",
        facts=_facts(evidence, group),
    )


def left_over(evidence: RunEvidence) -> Iterator[Finding]:
    """Dead letters of several causes that nobody has redriven."""
    group, dead = _commonest(evidence), _dead(evidence)
    if group is None or _on_most(group, dead) or _told(evidence):
        return
    yield finding(
        Code.DEAD_LETTERS,
        Severity.WARNING,
        more=f"{dead} in all, {group.units} of the commonest error",
        why=f"{group.type}: {group.error}",
        facts=_facts(evidence, group),
    )


def _commonest(evidence: RunEvidence) -> FailureGroup | None:
    if evidence.report and not evidence.live:
        return next(iter(evidence.report.failures), None)
    groups = failure_groups(letter.metadata for letter in evidence.letters)
    return next(iter(groups), None)


def _dead(evidence: RunEvidence) -> int:
    if evidence.report and not evidence.live:
        return sum(group.units for group in evidence.report.failures)
    return len(evidence.letters)


def _told(evidence: RunEvidence) -> bool:
    """Whether the reason of the run's end says it already."""
    report = evidence.report
    if evidence.live or report is None or report.state is not Phase.FAILED:
        return False
    return cause(report.reason) in (Code.SAME_ERROR, Code.DEAD_LETTERS)


def _on_most(group: FailureGroup, dead: int) -> bool:
    return group.units >= ALIKE and 2 * group.units > dead


def _facts(evidence: RunEvidence, group: FailureGroup) -> Facts:
    units = [
        letter.unit
        for letter in evidence.letters
        if letter.metadata.get("fingerprint") == group.fingerprint
    ]
    unit = next((str(unit) for unit in units if unit is not None), None)
    return facts.of_run(evidence, unit=unit, fingerprint=group.fingerprint)
