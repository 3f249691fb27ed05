"""What is wrong with the app as a whole: services, schedules, timers, orphans."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from ...rounds import PERIODS
from ...views.diagnosis import Code, Finding, Severity
from .. import facts
from ..advice import finding
from ..evidence import AppEvidence
from .azure import of_troubles

LATE = timedelta(minutes=3)


def troubles(evidence: AppEvidence) -> Iterator[Finding]:
    """Services that did not answer while the evidence was collected."""
    return of_troubles(evidence.troubles, facts.of_app(evidence.settings))


def dead_timers(evidence: AppEvidence) -> Iterator[Finding]:
    """Timers that came round before and do so no more."""
    for name, last in evidence.rounds.items():
        if evidence.now - last > 3 * PERIODS[name]:
            yield finding(
                Code.TIMER,
                Severity.ERROR,
                more=name,
                why=f"{name} came round last at {last:%Y-%m-%d %H:%M:%S} UTC; it is due every"
                f" {PERIODS[name].seconds // 60} minutes",
                facts=facts.of_app(evidence.settings),
            )


def faulty_schedules(evidence: AppEvidence) -> Iterator[Finding]:
    """Schedules that cannot start anything."""
    for schedule in evidence.schedules:
        if schedule.fault:
            yield finding(
                Code.SCHEDULE_FAULTY,
                Severity.ERROR,
                more=schedule.name,
                why=schedule.fault,
                facts=facts.of_app(evidence.settings),
            )


def late_schedules(evidence: AppEvidence) -> Iterator[Finding]:
    """Schedules that were due, are sound, and are not decided."""
    for schedule in evidence.schedules:
        if schedule.fault or schedule.decided or schedule.due is None:
            continue
        if schedule.due >= schedule.changed and evidence.now - schedule.due > LATE:
            yield finding(
                Code.SCHEDULE_LATE,
                Severity.ERROR,
                more=f"{schedule.name} at {schedule.due:%Y-%m-%d %H:%M} UTC",
                why=f"it is switched on, was due at {schedule.due:%H:%M} UTC, and remembers no"
                " decision of that time",
                facts=facts.of_app(evidence.settings),
            )


def orphans(evidence: AppEvidence) -> Iterator[Finding]:
    """Container groups that no live run has."""
    if not evidence.orphans:
        return
    names = ", ".join(group.name for group in evidence.orphans[:10])
    yield finding(
        Code.ORPHANS,
        Severity.WARNING,
        more=f"{len(evidence.orphans)} of them",
        why=names,
        facts=facts.of_app(evidence.settings, group=evidence.orphans[0].name),
    )


def more_runs(evidence: AppEvidence) -> Iterator[Finding]:
    """Runs that were too many for one look."""
    if not evidence.unseen:
        return
    yield finding(
        Code.MORE_RUNS,
        Severity.INFO,
        more=f"{evidence.unseen} are left",
        why=f"{len(evidence.runs)} runs are looked at in one call",
        facts=facts.of_app(evidence.settings),
    )


RULES: tuple[Callable[[AppEvidence], Iterator[Finding]], ...] = (
    troubles,
    dead_timers,
    faulty_schedules,
    late_schedules,
    orphans,
    more_runs,
)
