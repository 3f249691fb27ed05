"""What the app's webhook is told of a run."""

from collections.abc import Mapping
from typing import Any, Literal

from ..model import Event, Kind, Notify, Phase, RunRecord, Value
from ..policy import likely_cause
from ..reports import Report, in_short
from ..status import Status, summary, waits
from .runs import Stamp, link

Type = Literal["run.finished", "run.threshold", "run.stalled", "run.waiting"]
TYPES: Mapping[Event, Type] = {
    Event.DEAD_LETTERS: "run.threshold",
    Event.COST: "run.threshold",
    Event.STALLED: "run.stalled",
    Event.WAITING: "run.waiting",
    Event.FINISHED: "run.finished",
}


class RunNews(Value):
    """A run as it stood; `reason` is why it is told of, of a finished one why it ended so.

    `units` are those of the plan, `done` and `dead` of them are through or given up; `rows` are
    those of the last stage. Money is in the currency of the configured prices. `link` is where the
    API shows the run.
    """

    run: str
    event: Event
    kind: Kind
    dataset: str | None
    schedule: str | None
    state: Phase
    reason: str
    text: str
    units: int | None
    done: int
    dead: int
    rows: int
    cost: float
    cost_expected: float | None
    link: str


class Notification(Value):
    """One notification; `timestamp` is when the event came about, not when it is sent."""

    type: Type
    timestamp: Stamp
    data: RunNews


def of_event(notify: Notify, record: RunRecord, base: str) -> Notification:
    """What is told of a run that goes on; `base` is the address of the app."""
    status = summary(notify.state, notify.at)
    news = RunNews(
        **_about(record, notify.event, base),
        state=status.state,
        reason=_reason(notify, status),
        text=status.text,
        units=status.units.total,
        done=status.units.done,
        dead=status.units.dead,
        rows=status.rows,
        cost=status.cost,
        cost_expected=status.cost_expected,
    )
    return Notification(type=TYPES[notify.event], timestamp=notify.at, data=news)


def of_end(report: Report, record: RunRecord, base: str) -> Notification:
    """What is told of a run that has ended."""
    short = in_short(report)
    done, dead, units = short["done"], short["dead"], report.units
    words = f"{done:,} of {units:,} units, {dead:,} dead, {report.seconds:.0f} s"
    news = RunNews(
        **_about(record, Event.FINISHED, base),
        state=report.state,
        reason=report.reason,
        text=f"{report.state}: {', '.join(filter(None, (words, report.reason)))}",
        units=units,
        done=done,
        dead=dead,
        rows=short["rows"],
        cost=short["cost"],
        cost_expected=report.expected.cost if report.expected else None,
    )
    return Notification(type=TYPES[Event.FINISHED], timestamp=report.ended, data=news)


def _about(record: RunRecord, event: Event, base: str) -> dict[str, Any]:
    return {
        "run": record.run,
        "event": event,
        "kind": record.request.kind,
        "dataset": record.dataset_name,
        "schedule": record.schedule,
        "link": link(f"{base.rstrip('/')}/api", record.run),
    }


def _reason(notify: Notify, status: Status) -> str:
    state = notify.state
    match notify.event:
        case Event.DEAD_LETTERS:
            return f"there are {status.units.dead:,} dead letters"
        case Event.COST:
            return f"the run has cost {status.cost:g}"
        case Event.STALLED:
            seconds = (notify.at - state.progressed).total_seconds()
            return f"no progress for {seconds:.0f} s{likely_cause(state)}"
        case _:
            return waits(state, notify.at)
