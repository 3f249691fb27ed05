"""Queues that are missing or empty, and messages that come again and again."""

from collections.abc import Iterator

from ...model import Phase
from ...views.diagnosis import Code, Finding, Severity
from .. import facts
from ..advice import finding
from ..evidence import RunEvidence
from .workers import deadly_units

SILENT = 2  # deliveries without a word that are no accident
EMPTY_SECONDS = 120.0
TICKS = 8


def missing(evidence: RunEvidence) -> Iterator[Finding]:
    """There is no work queue, and there should be."""
    if not evidence.working or evidence.queue is not None or not evidence.left:
        return
    yield finding(
        Code.NO_QUEUE,
        Severity.ERROR,
        more=f"{evidence.left} units are left",
        why=f"storage knows no queue {evidence.record.run}-work; somebody has deleted it",
        facts=facts.of_run(evidence),
    )


def lease_loop(evidence: RunEvidence) -> Iterator[Finding]:
    """Messages whose deliveries are more than their recorded history."""
    known = deadly_units(evidence)
    looping = [
        item
        for item in evidence.waiting
        if item.silent >= SILENT and f"{item.message.stage}/{item.message.unit:07d}" not in known
    ]
    if not looping:
        return
    worst = max(looping, key=lambda item: item.silent)
    message = worst.message
    yield finding(
        Code.LEASE_LOOP,
        Severity.WARNING,
        more=f"{len(looping)} of the first {len(evidence.waiting)} that wait",
        why=f"unit {message.unit} of {message.stage}: {worst.deliveries} deliveries,"
        f" {worst.silent} of them ended without a word; a lease is"
        f" {evidence.settings.worker_visibility_seconds:g} s",
        facts=facts.of_run(evidence, unit=str(message.unit)),
    )


def starved(evidence: RunEvidence) -> Iterator[Finding]:
    """Nothing to do, nobody at work, and not all is done."""
    units = evidence.status.units
    patience = max(EMPTY_SECONDS, TICKS * evidence.settings.tick_seconds)
    if (
        evidence.status.state not in (Phase.RUNNING, Phase.DRAINING)
        or evidence.queue != 0
        or not evidence.left
        or units.seeded < (units.total or 0)
        or evidence.quiet < patience
        or any(beat.current for life in evidence.groups if (beat := evidence.words_of(life)))
    ):
        return
    yield finding(
        Code.STARVED,
        Severity.WARNING,
        more=f"{evidence.left} units are left",
        why=f"all {units.total} units are seeded, {units.done} are done, {units.dead} dead;"
        f" no worker has held one for {evidence.quiet:.0f} s",
        facts=facts.of_run(evidence),
    )
