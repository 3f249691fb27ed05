"""Runs: in a list, one by one, and what becomes of a wish."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ..model import Control, Kind, Phase, RunRecord, RunRequest, Value
from ..orchestrations import Orchestration
from ..reports import Report
from ..status import Status

Links = dict[str, str]
Stamp = Annotated[datetime, Field(description="ISO 8601, UTC unless it says otherwise")]

WISHES = ("cancel", "pause", "resume", "scale", "redrive")
PARTS = ("dead-letters", "groups", "progress", "logs", "manifest", "doctor")


class RunFilter(Value):
    """Which runs a list shows, the newest first, and how many; `after` is `next` of a page.

    `state` may be `live` for all that have not ended. `text` is sought in id, dataset and schedule.
    """

    state: Phase | Literal["live"] | None = None
    kind: Kind | None = None
    dataset: Annotated[str, Field(max_length=100)] | None = None
    schedule: Annotated[str, Field(max_length=100)] | None = None
    text: Annotated[str, Field(max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    after: Annotated[str, Field(max_length=100)] | None = None


class RunEntry(Value):
    """A run in a list; a run that goes on is as its orchestration last said."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    run: str
    kind: Kind
    state: Phase
    created: Stamp
    changed: Stamp
    dataset: str | None = None
    schedule: str | None = None
    units: int | None = None
    done: int | None = None
    dead: int | None = None
    rows: int | None = None
    cost: float | None = None
    ended: Stamp | None = None
    text: str = ""

    def matches(self, wanted: RunFilter) -> bool:
        """Whether a list with this filter has it."""
        live = wanted.state == "live"
        words = " ".join(filter(None, (self.run, self.dataset, self.schedule)))
        return (
            (not live or not self.state.final)
            and (live or wanted.state in (None, self.state))
            and wanted.kind in (None, self.kind)
            and wanted.dataset in (None, self.dataset)
            and wanted.schedule in (None, schedule_name(self.schedule))
            and (wanted.text or "").lower() in words.lower()
        )


class RunPage(Value):
    """Runs, the newest first; `next` is what `after` must be for those behind them."""

    runs: list[RunEntry]
    next: str | None = None


class Started(Value):
    """A run that was accepted, and where it is watched; an earlier start made an `existing` one."""

    run: str
    kind: Kind
    existing: bool
    links: Links


class RunView(Value):
    """One run as a whole.

    The request is without its dataset and payloads; `dataset` is what the dataset calls itself.
    There is a `status` while the run goes on and behind its end, a `report` once it has ended.
    """

    run: str
    created: Stamp
    state: Phase | Literal["Terminated"]
    request: dict[str, Any]
    dataset: str | None
    schedule: str | None
    status: Status
    report: Report | None
    links: Links


class Wishes(Value):
    """What people wish of a run, redrives aside."""

    cancel: bool
    reason: str
    paused: bool
    count: int | None


class WishKept(Value):
    """The wishes of a run, the new one among them."""

    run: str
    wishes: Wishes


class Redriven(Value):
    """How many dead letters the redrive takes."""

    run: str
    dead_letters: int


def schedule_name(label: str | None) -> str:
    """The schedule that started a run: the run carries its name, and its due time if it had one."""
    return (label or "").partition("@")[0]


def link(base: str, run: str) -> str:
    """The address of a run below that of the API."""
    return f"{base}/runs/{run}"


def links(base: str, run: str) -> Links:
    """Where a run is watched and acted on."""
    own = link(base, run)
    names = {name.replace("-", "_"): f"{own}/{name}" for name in (*WISHES, *PARTS)}
    return {"self": own, **names}


def accepted(record: RunRecord, base: str, *, existing: bool) -> Started:
    """The answer to a start."""
    kind = record.request.kind
    return Started(run=record.run, kind=kind, existing=existing, links=links(base, record.run))


def wished(run: str, control: Control) -> WishKept:
    """The answer to a wish."""
    return WishKept(run=run, wishes=Wishes(**control.model_dump(include=set(Wishes.model_fields))))


def status(found: Orchestration | None) -> Status:
    """What the orchestration last said of its run."""
    return Status.model_validate(found.custom_status if found else {})


def state(found: Orchestration | None, report: Report | None) -> Phase | Literal["Terminated"]:
    """Where the run stands: by its orchestration while that goes on, then by its report.

    Terminated is a run that was ended from outside and that no sweep has closed yet.
    """
    if found and found.live:
        return status(found).state
    if report:
        return report.state
    return "Terminated" if found else Phase.PLANNING


def entry(run: str, kept: Mapping[str, Any], found: Orchestration | None) -> RunEntry:
    """A run in a list, from the catalogue and, where it goes on, from its orchestration."""
    known = RunEntry.model_validate({"run": run, **kept})
    if known.state.final or found is None or not found.live:
        return known
    said = status(found)
    return known.model_copy(
        update={
            "state": said.state,
            "units": said.units.total or known.units,
            "done": said.units.done,
            "dead": said.units.dead,
            "rows": said.rows,
            "cost": said.cost,
            "text": said.text,
        }
    )


def run(
    record: RunRecord, found: Orchestration | None, report: Report | None, base: str
) -> RunView:
    """One run as a whole."""
    live = found is not None and found.live
    return RunView(
        run=record.run,
        created=record.created,
        state=state(found, report),
        request=shown_request(record.request),
        dataset=record.dataset_name,
        schedule=record.schedule,
        status=status(found),
        report=None if live else report,
        links=links(base, record.run),
    )


def shown_request(request: RunRequest) -> dict[str, Any]:
    """A request without what may be large."""
    return request.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={"dataset", "payloads"}
    )
