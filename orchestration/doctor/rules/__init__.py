"""The causes that the doctor knows: tables of rules, each from evidence to findings; pure."""

from collections.abc import Callable, Iterator

from ...views.diagnosis import Finding
from ..evidence import AppEvidence, RunEvidence
from . import app, azure, course, ends, letters, queues, starts, workers

Rule = Callable[[RunEvidence], Iterator[Finding]]

LIVE: tuple[Rule, ...] = (
    starts.silent_orchestrator,
    azure.refused,
    azure.vain_pulls,
    workers.misconfigured,
    workers.killed_by_a_unit,
    workers.dying,
    workers.without_a_word,
    course.pushed_back,
    queues.missing,
    queues.lease_loop,
    queues.starved,
    course.stalled,
    letters.repeated,
    course.near_the_cap,
    course.near_the_deadline,
    course.paused,
)
OVER: tuple[Rule, ...] = (
    starts.not_started,
    starts.abandoned,
    ends.failed,
    letters.repeated,
    letters.left_over,
)


def of_run(evidence: RunEvidence) -> list[Finding]:
    """What is wrong with a run, whether it goes on or has ended."""
    return [*azure.troubles(evidence), *_causes(evidence)]


def of_app(evidence: AppEvidence) -> list[Finding]:
    """What is wrong with the app as a whole, and with each run that has not ended."""
    own = [finding for rule in app.RULES for finding in rule(evidence)]
    return [*own, *(finding for run in evidence.runs for finding in _causes(run))]


def _causes(evidence: RunEvidence) -> list[Finding]:
    rules = LIVE if evidence.live else OVER
    return [finding for rule in rules for finding in rule(evidence)]


__all__ = ["LIVE", "OVER", "of_app", "of_run"]
