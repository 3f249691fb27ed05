"""The orchestrator: the one generator that carries a run from its request to its report.

    1. observe    one activity looks at queues, workers, container groups and wishes
    2. learn      the observation is folded into the state
    3. decide     pure policy names the actions of this turn, and the state remembers them
    4. act        the actions are carried out in parallel, each an activity
    5. settle     their outcomes are folded into the state
    6. tell       the custom status is what people see
    7. wait       for the next tick, or for somebody's wish

After some turns, or a wish, the run continues as new with its state alone: history stays small at
any size. Cleanup is policy as well, never a `finally`: a run ends when no container group is left.
"""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from . import policy, status
from .model import Decision, Look, Observation, Outcome, Phase, RunState

NAME = "run_v1"
WAKE = "wake"
TURNS = 30


class RunFailedError(Exception):
    """The run ended as Failed; the message says why."""


def orchestrate(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Carry a run on for some turns; see the head of this module."""
    state = RunState.carried(context.get_input())
    wake = context.wait_for_external_event(WAKE)
    for _ in range(TURNS):
        try:
            look = policy.look(state, context.current_utc_datetime)
            seen = Observation.carried((yield _call(context, state, look)))
            now = context.current_utc_datetime
            state, decisions = policy.decide(policy.learn(state, seen, now), now)
            outcomes = yield from _act(context, state, decisions)
            state = policy.settle(state, decisions, outcomes, context.current_utc_datetime)
        except Exception as error:  # what an activity raised; its type differs between SDKs
            state = policy.stumble(state, str(error), context.current_utc_datetime)
        told = status.summary(state, context.current_utc_datetime)
        context.set_custom_status(told.model_dump(mode="json"))
        if state.phase.final:
            return _result(state)
        if policy.helpless(state):
            raise RunFailedError(f"{state.run} could not be cleaned up: {state.notes}")
        timer = context.create_timer(policy.next_look(state, context.current_utc_datetime))
        winner = yield context.task_any([timer, wake])
        if winner is wake:
            timer.cancel()
            break  # an execution waits for the event once: SDK and host differ on a second wait
    context.continue_as_new(state.brief())
    return None


def _call(
    context: df.DurableOrchestrationContext, state: RunState, work: Decision | Look
) -> Any:  # a task of the SDK, which each version keeps elsewhere
    """An activity, which is told the trace of its run."""
    trace = {"traceparent": state.traceparent} if state.traceparent else {}
    return context.call_activity(work.activity, {**work.brief(), **trace})


def _act(
    context: df.DurableOrchestrationContext, state: RunState, decisions: tuple[Decision, ...]
) -> Generator[Any, Any, list[Outcome]]:
    work = [_call(context, state, decision) for decision in decisions]
    results = (yield context.task_all(work)) if work else []
    return [Outcome.carried(result) for result in results]


def _result(state: RunState) -> dict[str, Any]:
    assert state.verdict
    if state.phase is Phase.FAILED:
        raise RunFailedError(state.verdict.reason)
    return {"state": state.phase, "reason": state.verdict.reason}


def blueprint() -> df.Blueprint:
    """The orchestrator under its versioned name: runs in flight finish on the code they know."""
    bp = df.Blueprint()
    bp.function_name(NAME)(bp.orchestration_trigger(context_name="context")(orchestrate))
    return bp
