"""Collecting the evidence of one run."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice

from worker_image.contract import Heartbeat, Message, UndecodableMessageError, naming

from ..chronicle import Chronicle
from ..model import RunRecord
from ..services import Records
from ..services.records import DeadLetterSummary
from ..views.runs import status
from .evidence import Delivered, RunEvidence
from .looks import Looks

LETTERS = 1_000
WORKERS = 2_000
TAILS = 3
UNKNOWN: int | None = 0
NO_BEATS: list[Heartbeat] = []
NO_LETTERS: list[DeadLetterSummary] = []
NONE_WAIT: list[tuple[str, int]] = []


async def run_evidence(looks: Looks, record: RunRecord) -> RunEvidence:
    """A run as it is now. Never raises what a service answers: that is evidence, too."""
    run, records, queues = record.run, looks.services.records, looks.services.queues
    work = naming.work_queue(run)
    # Asked first: an orchestration that is over has written its report before.
    found = await looks.find(run)
    report, chronicle, heartbeats, letters, queue, waiting = await asyncio.gather(
        looks.ask("storage", lambda: records.report(run), None),
        looks.ask("storage", lambda: records.chronicle(run), Chronicle()),
        looks.ask("storage", lambda: list(islice(records.heartbeats(run), WORKERS)), NO_BEATS),
        looks.ask("storage", lambda: list(islice(records.dead_letters(run), LETTERS)), NO_LETTERS),
        looks.ask("storage", lambda: queues.length(work), UNKNOWN),
        looks.ask("storage", lambda: queues.waiting(work), NONE_WAIT),
    )
    evidence = RunEvidence(
        now=looks.now,
        settings=looks.services.settings,
        record=record,
        orchestration=found,
        report=report,
        status=status(found),
        chronicle=chronicle,
        heartbeats=tuple(heartbeats),
        letters=tuple(letters),
        queue=queue,
        waiting=tuple(_delivered(waiting)),
    )
    tails = await _tails(looks, evidence)
    return replace(evidence, tails=tails, troubles=tuple(looks.troubles))


async def _tails(looks: Looks, evidence: RunEvidence) -> dict[str, str]:
    """The last words of the groups that ended badly, and of one that runs and says nothing."""
    records, groups = looks.services.records, looks.services.groups
    bad = (life.name for life in evidence.ended if life.exit_code)
    mute = (
        life.name
        for life in evidence.groups
        if evidence.live and life.state == "Running" and evidence.words_of(life) is None
    )
    calls = {
        name: looks.ask("storage", partial(_kept_tail, records, evidence.record.run, name), "")
        for name in islice(bad, TAILS)
    }
    for name in islice(mute, 1):
        calls[name] = looks.ask("management", partial(groups.log_tail, name), "")
    return dict(zip(calls, await asyncio.gather(*calls.values()), strict=True))


def _kept_tail(records: Records, run: str, group: str) -> str:
    return (records.read(naming.platform_log(run, group)) or b"").decode(errors="replace")


def _delivered(waiting: Iterable[tuple[str, int]]) -> Iterable[Delivered]:
    for text, deliveries in waiting:
        with suppress(UndecodableMessageError):  # the workers bury it
            yield Delivered(Message.decode(text), deliveries)
