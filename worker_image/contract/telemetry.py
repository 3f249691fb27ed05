"""What the product says of itself by OpenTelemetry: the names, shared by both sides.

Spans of one run are one trace: the trace of the request that started it. Every message of the run
carries a `traceparent` whose parent is the run's own span and whose flag says whether the unit's
work is exported; `docs/telemetry.md` has all names with their meanings.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import unquote

APP = "aci-jobs-app"  # service.name of the control plane
WORKER = "aci-jobs-worker"  # and of the workers; service.instance.id is the container group's name
VERSION = "0.1.0"  # service.version

SECRET_LENGTH = 8  # a header's value that is shorter is none

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


class Span(StrEnum):
    """Names of spans. An activity's span has the activity's own name."""

    START = "start run"  # the request or schedule that started it; its parent is the caller's
    RUN = "run"  # from the start of the run to its end
    UNIT = "unit"  # one delivery of one unit of work


class Metric(StrEnum):
    """Names of metrics, the first four by workers, the others by the control plane."""

    UNIT_DURATION = "aci_jobs.unit.duration"  # histogram, s; by run, stage, outcome
    ROWS = "aci_jobs.rows"  # counter, {row}; by run, stage
    DOCUMENT_SIZE = "aci_jobs.document.size"  # counter, By; by run, stage
    DEAD_LETTERS = "aci_jobs.dead_letters"  # counter, {unit}; by run, stage, error
    RUN_UNITS = "aci_jobs.run.units"  # gauge, {unit}; by run, stage: done by now
    RUN_QUEUED = "aci_jobs.run.queued"  # gauge, {message}; by run: on the work queue
    RUN_DEAD = "aci_jobs.run.dead"  # gauge, {unit}; by run: on the dead-letter queue
    RUN_GROUPS = "aci_jobs.run.groups"  # gauge, {group}; by run, state
    RUN_COST = "aci_jobs.run.cost"  # gauge, {currency}; by run: spent by now
    RUN_QUIET = "aci_jobs.run.quiet"  # gauge, s; by run: since a unit was last done
    RUNS_ENDED = "aci_jobs.runs.ended"  # counter, {run}; by run, state
    RUN_DURATION = "aci_jobs.run.duration"  # histogram, s; by state
    ORPHANS = "aci_jobs.orphans"  # counter, {group}; by run: deleted by the sweep


class Attribute(StrEnum):
    """Names of attributes of spans and metrics."""

    RUN = "aci_jobs.run"
    KIND = "aci_jobs.kind"
    STAGE = "aci_jobs.stage"
    UNIT = "aci_jobs.unit"
    OUTCOME = "aci_jobs.outcome"  # done, retried, dead, turned_away, released
    STATE = "aci_jobs.state"
    DELIVERY = "aci_jobs.delivery"
    ROWS = "aci_jobs.rows"
    BYTES = "aci_jobs.bytes"
    DOCUMENT = "aci_jobs.document"
    ERROR = "aci_jobs.error"  # the fingerprint that dead letters are grouped by
    UNITS = "aci_jobs.units"
    DEAD = "aci_jobs.dead"
    COST = "aci_jobs.cost"
    REASON = "aci_jobs.reason"


@dataclass(frozen=True, slots=True)
class TraceParent:
    """The W3C header `traceparent`: 32 and 16 hexadecimal digits, and whether to export."""

    trace: str
    parent: str
    sampled: bool = True

    @classmethod
    def read(cls, text: str | None) -> "TraceParent | None":
        """A header's value; None for what is none, or is of a version that is not known."""
        match = _TRACEPARENT.fullmatch(text or "")
        if not match or not int(match[1], 16) or not int(match[2], 16):
            return None
        return cls(match[1], match[2], sampled=bool(int(match[3], 16) & 1))

    def __str__(self) -> str:
        return f"00-{self.trace}-{self.parent}-{int(self.sampled):02x}"

    def of_unit(self, stage: str, unit: int, share: float) -> "TraceParent":
        """What the message of a unit carries: the same for the same unit, however often sent."""
        digest = hashlib.sha256(f"{self.trace}/{stage}/{unit}".encode()).digest()
        chance = int.from_bytes(digest[:8], "big") / 2**64
        return replace(self, sampled=chance < share)


def run_span(run: str) -> str:
    """The id of a run's own span, known before the span has ended."""
    return hashlib.sha256(f"run/{run}".encode()).hexdigest()[:16]


def start_span(run: str) -> str:
    """The id of the span of the request or schedule that made the run."""
    return hashlib.sha256(f"start/{run}".encode()).hexdigest()[:16]


def headers(text: str) -> dict[str, str]:
    """The headers of `name=value,name=value`, percent-encoded; what is none is passed over."""
    pairs = (item.partition("=") for item in text.split(","))
    return {unquote(name.strip()): unquote(value.strip()) for name, sep, value in pairs if sep}


def header_secrets(text: str) -> Iterator[str]:
    """What nobody may read of such headers: their values, and tokens in them."""
    for value in headers(text).values():
        yield from (
            part for part in {value, value.rpartition(" ")[2]} if len(part) >= SECRET_LENGTH
        )
