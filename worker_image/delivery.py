"""One delivery of a message: from its receipt by a worker to the end of its lease."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from types import TracebackType

from . import dead_letters
from .clock import Clock
from .contract import (
    DeadLetter,
    Failure,
    Message,
    Receipt,
    Stage,
    UndecodableMessageError,
    about,
    naming,
)
from .errors import PermanentError, TargetBusyError, UnitTimeout
from .heartbeats import Tally
from .lease import Lease
from .stages import UnitStage
from .storage import Storage
from .telemetry import Ended, Outcome, Telemetry

LOG = logging.getLogger(__name__)

LONGEST_DELAY = 300.0
# A target that is away comes back within minutes, or the run is stopped because nothing goes on.
LONGEST_BUSY_DELAY = 30.0
PATIENCE = 200  # so often a unit is turned away before it counts as an attempt


class WorkerDied(Exception):  # noqa: N818 - people read the name in the dead letter
    """A delivery ended without a word."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """What all deliveries of a worker share."""

    worker: str
    storage: Storage
    stages: Mapping[Stage, UnitStage]
    tally: Tally
    telemetry: Telemetry
    clock: Clock
    random: Random
    redact: Callable[[str], str]
    retry_seconds: float


class Delivery:
    """Commit, send what follows, delete: cut off anywhere, the next delivery goes on from there.

    Its methods never raise: where storage fails for good, the lease runs out.
    """

    def __init__(self, lease: Lease, workplace: Workplace) -> None:
        self.lease = lease
        self._workplace = workplace
        self._thread = 0
        self._started: float | None = None
        self._begun: datetime | None = None
        self._receipt: Receipt | None = None
        self._message: Message | None = None
        try:
            self._message = Message.decode(lease.text)
        except UndecodableMessageError as error:
            self._undecodable = error

    @property
    def subject(self) -> str:
        """Stage and unit, for people."""
        message = self._message
        return f"{message.stage}/{message.unit:07d}" if message else "undecodable"

    @property
    def patient(self) -> bool:
        """Whether the message can wait for a slot.

        If the worker dies meanwhile, the delivery counts as an attempt that nobody has made. Only
        a first one is put at that risk, of a unit that has two more.
        """
        message = self._message
        if message is None:
            return True  # it is buried however often it came
        return self._attempt(message) == 1 and message.limits.attempts > 2

    @property
    def overdue(self) -> bool:
        """Whether the unit has had its time, and its stage the time to end it."""
        started, message = self._started, self._message  # once: its own thread changes it
        if started is None or message is None:
            return False
        age = self._workplace.clock.monotonic() - started
        return age > message.limits.timeout_seconds + self._workplace.stages[message.stage].grace

    def work(self) -> None:
        """Do the unit and end the lease."""
        self._thread = threading.get_ident()
        self._started = self._workplace.clock.monotonic()
        self._begun = self._workplace.clock.now()
        with self._guarded():
            message = self._message
            self._end(message, self._try(message) if message else self._undecodable)

    def renew(self) -> None:
        """Keep the lease, if it is time to."""
        with self._guarded():
            self.lease.renew()

    def release(self) -> None:
        """Hand the message to others at once, without counting this delivery."""
        with self._guarded():
            message = self._message
            text = replace(message, released=message.released + 1).encode() if message else None
            if self.lease.put_back(text or self.lease.text, 0):
                LOG.info("released")
                self._tell(Outcome.RELEASED)

    def time_out(self) -> None:
        """End the lease of a unit that has had its time; its thread may still be at it."""
        assert self._message
        limit = self._message.limits.timeout_seconds
        timeout = UnitTimeout(f"not done after {limit:g} s").with_traceback(_stack(self._thread))
        with self._guarded():
            self._end(self._message, timeout)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Name the unit in the log; where storage fails for good, let the lease run out."""
        message = self._message
        names = {"stage": message.stage, "unit": message.unit} if message else {}
        with about(**names, delivery=self.lease.deliveries):
            try:
                yield
            except Exception:
                LOG.exception("left to its lease")

    def _try(self, message: Message) -> Exception | Failure | None:
        """Do the unit unless it is done; what went wrong, if anything did."""
        stage = self._workplace.stages[message.stage]
        try:
            if not self._is_done(stage, message):
                if self._attempt(message) > message.limits.attempts:
                    return self._last_words(message)
                self._commit_if_need_be(stage, message)
            following = stage.following(message)
            if following and self.lease.held:
                self._workplace.storage.enqueue(following.encode())
        except Exception as error:
            return error
        return None

    def _is_done(self, stage: UnitStage, message: Message) -> bool:
        # On a first delivery only a double seeding leaves a receipt, and then the commit finds it:
        # to ask each time would cost more.
        if self.lease.deliveries == 1:
            return False
        return self._workplace.storage.receipt(stage.place(message)) is not None

    def _attempt(self, message: Message) -> int:
        """Which try of the unit this is, from 1."""
        return self.lease.deliveries - message.released - message.busy

    def _last_words(self, message: Message) -> Exception | Failure:
        """Why the unit was not ended by the delivery before this one, the last to try it."""
        storage = self._workplace.storage
        record = storage.read(naming.dead_letter(storage.run, message.stage, message.unit))
        if record:  # it died between the record and the deletion
            return DeadLetter.decode(record).error
        before = self.lease.deliveries - 1
        if message.history and message.history[-1].delivery == before:
            return message.history[-1]
        ended = f"delivery {before} ended without a word"
        return WorkerDied(f"{ended}: its worker died on the unit, or never received it")

    def _commit_if_need_be(self, stage: UnitStage, message: Message) -> None:
        """Commit; an error of the last try is none if the receipt is there: its answer was lost."""
        try:
            self._commit(stage, message)
        except (PermanentError, TargetBusyError):
            raise  # it was never sent
        except Exception:
            last = self._attempt(message) >= message.limits.attempts
            if not last or self._workplace.storage.receipt(stage.place(message)) is None:
                raise
            LOG.warning("committed, and the answer was lost", exc_info=True)

    def _commit(self, stage: UnitStage, message: Message) -> None:
        """Do the work and write its receipt, unless somebody was faster."""
        clock, storage = self._workplace.clock, self._workplace.storage
        self._started = None  # to wait for a place is none of the unit's time
        with stage.entered():
            self._started = begun = clock.monotonic()
            product = stage.work(message, self._attempt(message))
        seconds, worker = clock.monotonic() - begun, self._workplace.worker
        receipt = product.receipt(message, seconds, worker, self.lease.deliveries)
        place = stage.place(message)
        if storage.create(place, product.content, receipt.to_metadata(), product.content_type):
            self._receipt = receipt
            self._workplace.tally.done(receipt)
            LOG.info("%d rows in %.3f s", receipt.rows, receipt.seconds)
        elif storage.receipt(place) is None:
            raise PermanentError(f"{place} exists and no worker wrote it")

    def _end(self, message: Message | None, problem: Exception | Failure | None) -> None:
        """Complete, put back or bury; nothing if the lease is lost, as others have the message."""
        if not self.lease.held:
            return
        if problem is None:
            self.lease.complete()
            self._tell(Outcome.DONE)
            return
        if message and isinstance(problem, TargetBusyError) and message.busy < PATIENCE:
            self._turn_away(message, problem)
            return
        failure = problem if isinstance(problem, Failure) else self._failure(problem)
        LOG.warning("%s: %s", failure.type, failure.message, extra={"error": failure.traceback})
        attempts = message.limits.attempts if message else 0
        if message is None or failure.permanent or self._attempt(message) >= attempts:
            self._bury(message, failure)
        else:
            self._put_back(message, failure)

    def _tell(self, outcome: Outcome, failure: Failure | None = None, reason: str = "") -> None:
        """Say how the delivery has ended, unless nothing of it was begun."""
        place = self._workplace
        if self._message and self._begun:
            ended = Ended(
                message=self._message,
                delivery=self.lease.deliveries,
                outcome=outcome,
                begun=self._begun,
                ended=place.clock.now(),
                receipt=self._receipt,
                failure=failure,
                reason=reason,
            )
            place.telemetry.ended(ended)

    def _failure(self, error: Exception) -> Failure:
        return Failure.of(
            error,
            permanent=isinstance(error, PermanentError | UndecodableMessageError),
            worker=self._workplace.worker,
            delivery=self.lease.deliveries,
            at=self._workplace.clock.stamp(),
            redact=self._workplace.redact,
        )

    def _turn_away(self, message: Message, busy: TargetBusyError) -> None:
        """Put the message back without counting the delivery as an attempt."""
        place = self._workplace
        reason = place.redact(str(busy))
        LOG.warning("turned away: %s", reason)
        place.tally.pushed_back(reason)
        delay = retry_delay(message.busy + 1, place.retry_seconds, place.random, LONGEST_BUSY_DELAY)
        text = replace(message, busy=message.busy + 1).encode()
        self.lease.put_back(text, max(delay, busy.wait))
        self._tell(Outcome.TURNED_AWAY, reason=reason)

    def _put_back(self, message: Message, failure: Failure) -> None:
        place = self._workplace
        delay = retry_delay(self._attempt(message), place.retry_seconds, place.random)
        if self.lease.put_back(message.failed(failure).encode(), delay):
            place.tally.put_back()
        self._tell(Outcome.RETRIED, failure)

    def _bury(self, message: Message | None, failure: Failure) -> None:
        count, since = self.lease.deliveries, self.lease.first_seen
        if message:
            letter = DeadLetter.of(message, failure, deliveries=count, first_seen=since)
        else:
            letter = DeadLetter(self.lease.text, failure, count, failure.worker, since, failure.at)
        dead_letters.bury(self._workplace.storage, letter)
        self._workplace.tally.buried()
        self._workplace.telemetry.buried(message, failure)
        self.lease.complete()
        self._tell(Outcome.DEAD, failure)


def retry_delay(
    attempt: int, seconds: float, random: Random, longest: float = LONGEST_DELAY
) -> float:
    """Seconds until the next try: doubled by every attempt up to a limit, then jittered by half."""
    doubled = seconds * 2.0 ** min(attempt - 1, 30)
    return min(doubled, longest) * random.uniform(0.5, 1.0)


def _stack(thread: int) -> TracebackType | None:
    """Where a thread is, as the traceback of an error would say it."""
    frame, trail = sys._current_frames().get(thread), None
    while frame:
        trail = TracebackType(trail, frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return trail
