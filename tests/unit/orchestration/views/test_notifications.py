"""What the webhook is told of a run."""

from typing import Any

from simulation.agenda import START, moment
from support.states import RUN, observation, plan, slot, state
from support.tables import table

from orchestration.model import Event, Expected, Notify, RunRecord, RunRequest, RunState, Verdict
from orchestration.reports import report
from orchestration.summaries import PartSummary
from orchestration.views.notifications import Notification, of_end, of_event

BASE = "https://jobs.example/"
RECORD = RunRecord(
    run=RUN,
    created=START,
    request=RunRequest.model_validate(
        {"kind": "generate", "dataset": {"dataset": "retail"}, "units": 100}
    ),
    schedule="nightly@2026-11-23T12:00:00+00:00",
)
ROOMS = {"here": {"groups": 0, "cores": 0, "spot_cores": 0}}


def of(**changes: Any) -> RunState:
    expected = Expected(cost=0.5)
    return state(plan(notify={}, expected=expected), observation(dead=3), slot(1), **changes)


def told(run: RunState, event: Event, now: float = 60) -> Notification:
    return of_event(Notify(event=event, at=moment(now), state=run), RECORD, BASE)


@table(
    "run, event, kind, reason",
    {
        "dead letters": (of(), Event.DEAD_LETTERS, "run.threshold", "there are 3 dead letters"),
        "money": (of(), Event.COST, "run.threshold", "the run has cost 0.069"),
        "no progress": (of(), Event.STALLED, "run.stalled", "no progress for 60 s"),
        "no progress, with what was last noted": (
            of(notes=("x: refused",)),
            Event.STALLED,
            "run.stalled",
            "no progress for 60 s; last: x: refused",
        ),
        "no room": (
            state(plan(notify={}), observation(rooms=ROOMS)),
            Event.WAITING,
            "run.waiting",
            "the quotas of here have 0 groups and 0 cores left",
        ),
    },
)
def test_why_it_is_told(run: RunState, event: Event, kind: str, reason: str) -> None:
    news = told(run, event)
    assert (news.type, news.data.event, news.data.reason) == (kind, event, reason)


def test_how_the_run_stands() -> None:
    assert told(of(), Event.DEAD_LETTERS).model_dump(mode="json") == {
        "type": "run.threshold",
        "timestamp": "2026-11-23T12:01:00Z",
        "data": {
            "run": RUN,
            "event": "dead-letters",
            "kind": "generate",
            "dataset": "retail",
            "schedule": "nightly@2026-11-23T12:00:00+00:00",
            "state": "Planning",
            "reason": "there are 3 dead letters",
            "text": "Planning: 10 of 100 units, 3 dead, 540 s left",
            "units": 100,
            "done": 10,
            "dead": 3,
            "rows": 0,
            "cost": 0.069,
            "cost_expected": 0.5,
            "link": f"https://jobs.example/api/runs/{RUN}",
        },
    }


def test_how_it_ended() -> None:
    verdict = Verdict.model_validate({"phase": "Failed", "reason": "the cost cap of 2 is reached"})
    account = {"done": {"generate": 90}, "dead": {"generate": 3}, "missing": {"generate": 7}}
    total = PartSummary.nothing(("generate",)).model_copy(update={"count": 100})
    total = PartSummary.model_validate({**total.model_dump(), "account": account})
    ended = report(
        of(verdict=verdict), total, [], None, moment(120), expected=Expected(cost=0.5, minutes=1)
    )
    news = of_end(ended, RECORD, "")
    assert (news.type, news.timestamp) == ("run.finished", moment(120))
    assert news.data.text == "Failed: 90 of 100 units, 3 dead, 120 s, the cost cap of 2 is reached"
    assert (news.data.state, news.data.reason) == ("Failed", "the cost cap of 2 is reached")
    assert (news.data.units, news.data.done, news.data.dead) == (100, 90, 3)
    assert (news.data.cost, news.data.cost_expected) == (0.138, 0.5)
    assert news.data.link == f"/api/runs/{RUN}", "an address of the app is not known"
