"""What a worker says of its units: measurements of all, spans of a share and of all that fail."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from azure.core.credentials import TokenCredential

from .contract import Failure, Message, Receipt, Stage, WorkerEnvironment, telemetry
from .contract.telemetry import Attribute, Metric, TraceParent
from .exporting import Destination, Export, Kind, Nowhere, Origin, Span, open_export
from .exporting.export import Attributes
from .heartbeats import Tally

LOG = logging.getLogger(__name__)

DELAY = 5.0  # seconds that a span waits for others
PATIENCE = 3.0  # seconds at the end of a worker for what was not sent yet
UNDECODABLE = "undecodable"  # the stage of a message that cannot be read


class Outcome(StrEnum):
    """How a delivery has ended."""

    DONE = "done"
    RETRIED = "retried"
    DEAD = "dead"
    TURNED_AWAY = "turned_away"
    RELEASED = "released"  # others have the message now


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A delivery that has ended; `reason` is why a target turned it away.

    `receipt` is of what this delivery has committed. Neither failure nor reason has a secret.
    """

    message: Message
    delivery: int
    outcome: Outcome
    begun: datetime
    ended: datetime
    receipt: Receipt | None = None
    failure: Failure | None = None
    reason: str = ""


class Telemetry:
    """Says it to an export; safe to use from any thread."""

    def __init__(self, run: str, export: Export | None = None) -> None:
        self._run = run
        self._export = export or Nowhere()
        self._kinds: dict[tuple[Stage, Outcome], Attributes] = {}

    def watch(self, tally: Tally) -> None:
        """Count rows and bytes by what the tally knows: it costs a unit nothing."""
        self._export.watch(Metric.ROWS, lambda: self._by_stage(tally.rows()))
        self._export.watch(Metric.DOCUMENT_SIZE, lambda: self._by_stage(tally.bytes()))

    def buried(self, message: Message | None, failure: Failure) -> None:
        """Count a dead letter, by its error."""
        about: Attributes = {
            Attribute.RUN: self._run,
            Attribute.STAGE: message.stage.value if message else UNDECODABLE,
            Attribute.ERROR: failure.fingerprint,
        }
        self._export.measure(Metric.DEAD_LETTERS, 1, about)

    def ended(self, ended: Ended) -> None:
        """Measure a delivery; its span goes out if the message says so, or if it has failed."""
        about = self._about(ended.message.stage, ended.outcome)
        seconds = (ended.ended - ended.begun).total_seconds()
        self._export.measure(Metric.UNIT_DURATION, max(0.0, seconds), about)
        trace = TraceParent.read(ended.message.traceparent)
        if trace and (trace.sampled or ended.failure):
            self._export.span(_span(ended, trace, {**about, **_attributes(ended)}))

    def close(self) -> None:
        """Send the rest, within `PATIENCE`. Once only."""
        self._export.close(PATIENCE)

    def _about(self, stage: Stage, outcome: Outcome) -> Attributes:
        """What measurements of deliveries are told apart by; made once, as there are few."""
        found = self._kinds.get((stage, outcome))
        if found is None:
            found = {
                Attribute.RUN: self._run,
                Attribute.STAGE: stage.value,
                Attribute.OUTCOME: outcome.value,
            }
            self._kinds[stage, outcome] = found
        return found

    def _by_stage(self, counts: Mapping[str, int]) -> Iterator[tuple[float, Attributes]]:
        for stage, count in counts.items():
            yield count, {Attribute.RUN: self._run, Attribute.STAGE: stage}


def open_telemetry(environment: WorkerEnvironment, credential: TokenCredential | None) -> Telemetry:
    """The telemetry that a worker's environment asks for, or one that says nothing."""
    destination = Destination(
        connection_string=environment.applicationinsights_connection_string,
        otlp_endpoint=environment.otlp_endpoint,
        otlp_headers=environment.otlp_headers,
        credential=credential,
    )
    origin = Origin(telemetry.WORKER, environment.worker)
    return Telemetry(environment.run, open_export(destination, origin, LOG, delay=DELAY))


def _span(ended: Ended, trace: TraceParent, attributes: Attributes) -> Span:
    return Span(
        name=telemetry.Span.UNIT,
        kind=Kind.CONSUMER,
        trace=trace.trace,
        parent=trace.parent,
        begun=ended.begun,
        ended=ended.ended,
        attributes=attributes,
        failure=ended.failure,
    )


def _attributes(ended: Ended) -> Attributes:
    """What a single delivery has beside what measurements are told apart by."""
    found: dict[str, str | int | float] = {
        Attribute.UNIT: ended.message.unit,
        Attribute.DELIVERY: ended.delivery,
    }
    if ended.receipt:
        found[Attribute.ROWS] = ended.receipt.rows
        found[Attribute.BYTES] = ended.receipt.bytes
        found[Attribute.DOCUMENT] = ended.receipt.document
    if ended.failure:
        found[Attribute.ERROR] = ended.failure.fingerprint
    if ended.reason:
        found[Attribute.REASON] = ended.reason
    return found
