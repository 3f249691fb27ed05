"""What people see of a run while it goes on."""

from simulation.agenda import START, moment
from support.states import observation, plan, state, wished
from support.tables import table

from orchestration.model import Easing, Finished, Finishing, Phase, RunState, Verdict
from orchestration.status import finish, summary, waits

LAST = plan(finish=True)
SUCCEEDED = Verdict(phase=Phase.SUCCEEDED)
STOPPED = Verdict(phase=Phase.FAILED, reason="x")
EASING = Easing(ceiling=1, changed=START, pushed=START)
NONE_LEFT = {"groups": 0, "cores": 0, "spot_cores": 0}


@table(
    "run, text",
    {
        "nobody knows yet": (state(plan=None), ""),
        "there is none": (state(), "not needed"),
        "units come first": (state(LAST), "to come"),
        "it is worked on": (state(LAST, finishing=Finishing(sent=1)), "under way"),
        "it is done": (
            state(LAST, finishing=Finishing(sent=1, ended=Finished()), verdict=SUCCEEDED),
            "done",
        ),
        "it failed": (
            state(LAST, finishing=Finishing(sent=1, ended=Finished(error="x")), verdict=STOPPED),
            "failed",
        ),
        "the run was stopped before": (state(LAST, verdict=STOPPED), "not done"),
        "the run was stopped meanwhile": (
            state(LAST, finishing=Finishing(sent=1), verdict=STOPPED),
            "not done",
        ),
    },
)
def test_how_the_last_step_stands(run: RunState, text: str) -> None:
    assert finish(run) == summary(run, START).finish == text


@table(
    "run, text",
    {
        "nothing": (state(), ""),
        "a pause": (state(wished(paused=True), easing=EASING), "paused"),
        "a target that asks for less": (
            state(observation(pushback="too many connections"), easing=EASING),
            "the target asks for less: too many connections",
        ),
        "a target that has asked for less before": (
            state(observation(pushback="too many connections")),
            "",
        ),
        "no room either": (
            state(
                observation(pushback="too many", rooms={"here": NONE_LEFT}),
                easing=EASING,
                full={"here": moment(60)},
            ),
            "the target asks for less: too many; no room in here until 12:01:00;"
            " the quotas of here have 0 groups and 0 cores left",
        ),
        "not once it is ended": (
            state(observation(pushback="too many"), easing=EASING, verdict=STOPPED),
            "",
        ),
    },
)
def test_why_fewer_groups_run_than_could(run: RunState, text: str) -> None:
    assert waits(run, START) == text


def test_nobody_knows_how_long_the_last_step_takes() -> None:
    run = state(LAST, finishing=Finishing(sent=1), phase=Phase.FINISHING)
    assert summary(run, moment(60)).seconds_left is None
