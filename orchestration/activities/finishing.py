"""The last step of a run: its message, and what has become of it."""

from worker_image.contract import Stage, naming

from .. import planning
from ..model import Finish, Finished, Outcome
from ..services import Services
from .redriving import discard
from .seeding import dataset_of, load


def finish(services: Services, decision: Finish) -> Outcome:
    """Tell how the step has ended, or put its message on the work queue; the count says so.

    Made twice at once, the step is done twice, and finds the second time that nothing is left.
    """
    run = decision.run
    if decision.afresh:
        _forget(services, run)
    ended = finished(services, run)
    if ended or not decision.seed:
        return Outcome(finished=ended)
    record = load(services, run)
    message = planning.finish_message(record, dataset_of(record))
    return Outcome(count=services.queues.seed(run, [message.encode()]))


def finished(services: Services, run: str) -> Finished | None:
    """How the step has ended, by its receipt or its dead letter; None if it has neither."""
    receipt = services.records.receipt(naming.receipt(run, Stage.FINISH, 0))
    if receipt:
        return Finished(seconds=receipt.seconds)
    letter = services.records.dead_letter(naming.dead_letter(run, Stage.FINISH, 0))
    if letter is None:
        return None
    return Finished(error=f"{letter.metadata.get('type')}: {letter.metadata.get('error')}")


def _forget(services: Services, run: str) -> None:
    """Set aside what an earlier time has left: units have come since then."""
    records, letter = services.records, naming.dead_letter(run, Stage.FINISH, 0)
    records.delete(naming.receipt(run, Stage.FINISH, 0))
    if records.dead_letter(letter):
        records.move(letter, naming.redriven(run, len(records.control(run).redrives), letter))
        discard(services, run)
