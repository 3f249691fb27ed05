"""How each metric is measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..contract.telemetry import Metric

# Seconds of a unit, from a small document to the longest time that one may have; and of a run.
UNIT_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600)
RUN_SECONDS = (10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400)


class Shape(StrEnum):
    """What becomes of the values of an interval."""

    COUNTER = "counter"  # their sum
    GAUGE = "gauge"  # the last of them
    HISTOGRAM = "histogram"  # how many there were up to each bound


@dataclass(frozen=True, slots=True)
class Instrument:
    """A metric's shape and unit, in the notation of UCUM; what it counts is for people."""

    shape: Shape
    unit: str
    description: str
    bounds: tuple[float, ...] = ()


INSTRUMENTS: Mapping[Metric, Instrument] = {
    Metric.UNIT_DURATION: Instrument(
        Shape.HISTOGRAM, "s", "how long deliveries of units took", UNIT_SECONDS
    ),
    Metric.ROWS: Instrument(Shape.COUNTER, "{row}", "rows written or loaded"),
    Metric.DOCUMENT_SIZE: Instrument(Shape.COUNTER, "By", "bytes of documents written or loaded"),
    Metric.DEAD_LETTERS: Instrument(Shape.COUNTER, "{unit}", "units that were given up"),
    Metric.RUN_UNITS: Instrument(Shape.GAUGE, "{unit}", "units done by now"),
    Metric.RUN_QUEUED: Instrument(Shape.GAUGE, "{message}", "messages on the work queue"),
    Metric.RUN_DEAD: Instrument(Shape.GAUGE, "{unit}", "units on the dead-letter queue"),
    Metric.RUN_GROUPS: Instrument(Shape.GAUGE, "{group}", "container groups that exist"),
    Metric.RUN_COST: Instrument(Shape.GAUGE, "{currency}", "money spent by now"),
    Metric.RUN_QUIET: Instrument(Shape.GAUGE, "s", "time since the run last went on"),
    Metric.RUNS_ENDED: Instrument(Shape.COUNTER, "{run}", "runs that have ended"),
    Metric.RUN_DURATION: Instrument(
        Shape.HISTOGRAM, "s", "how long runs took, redrives and waits included", RUN_SECONDS
    ),
    Metric.ORPHANS: Instrument(Shape.COUNTER, "{group}", "container groups deleted by the sweep"),
}
