"""Sending dead letters to work again."""

from dataclasses import dataclass
from functools import partial

from worker_image.contract import DeadLetter, Stage, naming

from .. import planning
from ..model import Outcome, Redrive, Selection
from ..services import Services
from ..services.records import DeadLetterSummary
from ..services.threads import side_by_side
from .seeding import load

MOVED = 1_000  # dead letters that one call sets aside
LOOKED_AT = 50_000  # dead letters that one call looks at
MESSAGES = 1_000  # messages that each of the last calls looks at


@dataclass(frozen=True)
class Batch:
    """Selected dead letters; `reached` is where the next call begins, if there is `more`."""

    letters: list[DeadLetterSummary]
    reached: str
    more: bool


def redrive(services: Services, decision: Redrive) -> Outcome:
    """Set the selected dead letters aside, so that the next audit finds their units missing.

    The records are kept below the number of the redrive. A call sets at most `MOVED` of them
    aside, how many is its count, and asks for another while there is more to do. Cut off
    anywhere, or made twice at once, the next call finishes the work.

    Their messages go last. Of a long queue where others are to stay, some may be left: messages
    are for people, records count.
    """
    run = decision.run
    # What was written down of the parts was true before these units were tried again.
    services.records.clear(naming.audits(run))
    batch = _batch(services, decision)
    side_by_side(partial(_set_aside, services, decision), batch.letters)
    services.records.write(naming.redrive(run, decision.number), batch.reached)
    more = batch.more or discard(services, run) == MESSAGES
    return Outcome(count=len(batch.letters), more=more)


def discard(services: Services, run: str) -> int:
    """Delete messages of dead letters that are none any more; how many."""
    queue = naming.dead_letter_queue(run)
    return services.queues.discard(queue, partial(_is_aside, services, run), MESSAGES)


def selected(selection: Selection, summary: DeadLetterSummary) -> bool:
    """Whether a redrive takes this dead letter."""
    if selection.units is not None and summary.unit not in selection.units:
        return False
    return selection.fingerprint in (None, summary.metadata.get("fingerprint"))


def _batch(services: Services, decision: Redrive) -> Batch:
    reached = (services.records.read(naming.redrive(decision.run, decision.number)) or b"").decode()
    if decision.selection.units is None:
        return _listed(services, decision, reached)
    return _named(services, decision, decision.selection.units, int(reached or 0))


def _listed(services: Services, decision: Redrive, behind: str) -> Batch:
    """The next dead letters by their paths."""
    letters: list[DeadLetterSummary] = []
    found = services.records.dead_letters(decision.run, behind=behind)
    for looked_at, letter in enumerate(found, 1):
        behind = letter.path
        if selected(decision.selection, letter):
            letters.append(letter)
        if len(letters) == MOVED or looked_at == LOOKED_AT:
            return Batch(letters, behind, more=True)
    return Batch(letters, behind, more=False)


def _named(services: Services, decision: Redrive, units: tuple[int, ...], first: int) -> Batch:
    """The dead letters of the next units that the selection names."""
    request = load(services, decision.run).request
    last = (Stage.FINISH,) if planning.finishes(request) else ()
    stages = (*planning.STAGES[request.kind], *last)
    end = first + MOVED // len(stages)
    paths = [
        naming.dead_letter(decision.run, stage, unit)
        for unit in units[first:end]
        for stage in stages
    ]
    found = side_by_side(services.records.dead_letter, paths)
    fingerprint = Selection(fingerprint=decision.selection.fingerprint)
    letters = [letter for letter in found if letter and selected(fingerprint, letter)]
    return Batch(letters, str(min(end, len(units))), more=end < len(units))


def _set_aside(services: Services, decision: Redrive, letter: DeadLetterSummary) -> None:
    aside = naming.redriven(decision.run, decision.number, letter.path)
    services.records.move(letter.path, aside)


def _is_aside(services: Services, run: str, text: str) -> bool:
    """Whether the record that belongs to a dead-letter message is one no more.

    A worker writes the record first: a message without one was redriven.
    """
    try:
        path = DeadLetter.decode(text).record_path(run)
    except (ValueError, KeyError, TypeError):
        return False
    return services.records.dead_letter(path) is None
