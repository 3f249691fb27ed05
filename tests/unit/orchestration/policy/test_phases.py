"""Where a run stands."""

from typing import Any

from support.states import observation, plan, state, wished
from support.tables import table

from orchestration.model import Finishing, Observation, Phase, RunState, Selection, Verdict
from orchestration.policy.judging import failed
from orchestration.policy.phases import advance, pending_redrive

DONE = Verdict(phase=Phase.SUCCEEDED)
ALL = Selection()


def redriven(queued: int = 0, times: int = 1, **wishes: Any) -> Observation:
    return wished(queued, redrives=(ALL,) * times, **wishes)


@table(
    "run, phase",
    {
        "without a plan": (state(plan=None), Phase.PLANNING),
        "before the first look": (state(observation=None), Phase.PLANNING),
        "a pause waits for the plan": (state(wished(paused=True), plan=None), Phase.PLANNING),
        "nothing is done yet": (state(observation(done=0), seeded=0), Phase.SEEDING),
        "workers have begun": (state(observation(done=1), seeded=99), Phase.RUNNING),
        "all is seeded": (state(observation(done=1), seeded=100), Phase.DRAINING),
        "all is seeded and nothing is done": (state(observation(done=0)), Phase.DRAINING),
        "paused while seeding": (state(wished(paused=True), seeded=0), Phase.PAUSED),
        "paused while draining": (state(wished(paused=True)), Phase.PAUSED),
        "paused while auditing": (state(wished(paused=True), audited=10), Phase.PAUSED),
        "an empty queue may be chance": (state(observation(queued=0), quiet=1), Phase.DRAINING),
        "twice it is empty": (state(observation(queued=0), quiet=2), Phase.AUDITING),
        "an audit goes on, whatever is queued": (
            state(observation(queued=9), audited=10),
            Phase.AUDITING,
        ),
        "empty before all is seeded": (
            state(observation(queued=0), quiet=2, seeded=99),
            Phase.RUNNING,
        ),
        "a redrive comes before the audit": (state(redriven(), quiet=2), Phase.DRAINING),
        "a redrive interrupts an audit": (state(redriven(), audited=10), Phase.DRAINING),
        "a redrive that was served does not": (
            state(redriven(), quiet=2, redrives_done=1),
            Phase.AUDITING,
        ),
        "a run without units is soon audited": (
            state(plan(0), observation(queued=0, done=0), quiet=2),
            Phase.AUDITING,
        ),
        "all is accounted for, and a step is left": (
            state(observation(queued=1), audited=100, finishing=Finishing()),
            Phase.FINISHING,
        ),
        "paused during that": (state(wished(paused=True), finishing=Finishing()), Phase.PAUSED),
        "a redrive comes before it": (state(redriven(), finishing=Finishing()), Phase.DRAINING),
        "a verdict ends it": (state(finishing=Finishing(), verdict=DONE), Phase.CLEANING),
        "a verdict is followed by the cleanup": (state(verdict=DONE), Phase.CLEANING),
        "whatever is wished": (state(wished(paused=True), verdict=DONE), Phase.CLEANING),
        "even without a plan": (state(plan=None, verdict=failed("x")), Phase.CLEANING),
        "closed as the verdict says": (state(verdict=DONE, closed=True), Phase.SUCCEEDED),
        "closed as failed": (state(verdict=failed("x"), closed=True), Phase.FAILED),
    },
)
def test_the_phase(run: RunState, phase: Phase) -> None:
    assert advance(run).phase is phase


@table(
    "run, pending",
    {
        "nobody wishes any": (state(), False),
        "one is wished": (state(redriven()), True),
        "one is served": (state(redriven(), redrives_done=1), False),
        "another is wished": (state(redriven(times=2), redrives_done=1), True),
        "nothing is known before the first look": (state(observation=None), False),
    },
)
def test_whether_a_redrive_is_pending(run: RunState, pending: bool) -> None:
    assert pending_redrive(run) is pending
