"""Orchestrators of the real SDK, episode by episode: what is scheduled, and when it ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest
from azure.durable_functions import DurableOrchestrationContext as Context
from hypothesis import given, settings
from hypothesis import strategies as st
from support.orchestrations import START, Story

from local_host.functions.durable.history import Kind, Status, stamp
from local_host.functions.durable.sdk import Execution, replay

pytestmark = [
    pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion:UserWarning"),
]

Steps = Generator[Any, Any, Any]
MINUTE = timedelta(minutes=1)


def chain(context: Context) -> Steps:
    first = yield context.call_activity("a", context.get_input())
    second = yield context.call_activity("b", first)
    return [first, second]


def fan(context: Context) -> Steps:
    return (yield context.task_all([context.call_activity("a", n) for n in range(3)]))


def patient_fan(context: Context) -> Steps:
    try:
        yield context.task_all([context.call_activity("a", n) for n in range(3)])
    except Exception:
        return (yield context.call_activity("b", None))


def race(*, cancel: bool) -> Callable[[Context], Steps]:
    def orchestrator(context: Context) -> Steps:
        timer = context.create_timer(context.current_utc_datetime + MINUTE)
        go = context.wait_for_external_event("go")
        winner = yield context.task_any([go, timer])
        if winner == timer:
            return "late"
        if cancel:
            timer.cancel()
        return go.result

    return orchestrator


def stubborn(context: Context) -> Steps:
    return (yield context.call_activity_with_retry("a", df.RetryOptions(5000, 2), None))


def parent(context: Context) -> Steps:
    return (yield context.call_sub_orchestrator("child", {"n": 1}))


def named_parent(context: Context) -> Steps:
    options = df.RetryOptions(1000, 2)
    return (yield context.call_sub_orchestrator_with_retry("child", options, 1, "kid"))


def ids_and_names(*names: str) -> list[tuple[int, str]]:
    return list(enumerate(names))


def test_a_chain_schedules_one_call_at_a_time_in_order() -> None:
    story = Story(chain, {"n": 1})
    assert story.scheduled == [(0, "a")]
    story.tell(story.done(0, 7))
    assert story.scheduled == [(1, "b")]
    story.tell(story.done(1, [8]))
    assert (story.last.status, story.output) == (Status.Completed, [7, [8]])


def test_a_fan_out_is_scheduled_at_once_and_keeps_its_order() -> None:
    story = Story(fan)
    assert story.scheduled == ids_and_names("a", "a", "a")
    story.tell(story.done(2, "z"), story.done(0, "x"))
    assert (story.last.status, story.scheduled) == (Status.Running, [])
    story.tell(story.done(1, "y"))
    assert (story.last.status, story.output) == (Status.Completed, ["x", "y", "z"])


def test_after_one_failure_of_a_fan_the_next_call_waits_for_all_of_it() -> None:
    story = Story(patient_fan)
    story.tell(story.failed(1))
    assert story.scheduled == []
    story.tell(story.done(0))
    assert story.scheduled == []
    story.tell(story.done(2))
    assert story.scheduled == [(3, "b")]


@given(order=st.permutations(range(3)), cuts=st.lists(st.booleans(), min_size=3, max_size=3))
@settings(max_examples=30, deadline=None)
def test_order_and_batches_of_results_do_not_matter(order: list[int], cuts: list[bool]) -> None:
    story = Story(fan)
    batch = []
    for number, cut in zip(order, cuts, strict=True):
        batch.append(story.done(number, number))
        if cut:
            story.tell(*batch)
            batch = []
    if batch:
        story.tell(*batch)
    assert (story.last.status, story.output) == (Status.Completed, [0, 1, 2])


@pytest.mark.parametrize("cancel", [True, False])
def test_an_instance_ends_when_its_losing_timer_is_cancelled_or_fires(cancel: bool) -> None:
    story = Story(race(cancel=cancel))
    assert story.scheduled == [(0, stamp(START + MINUTE))]
    story.tell(story.raised("go", 5))
    assert story.last.status is (Status.Completed if cancel else Status.Running)
    if not cancel:
        story.tell(story.fired(0))
    assert (story.last.status, story.output) == (Status.Completed, 5)


def test_a_timer_can_win() -> None:
    story = Story(race(cancel=True))
    story.tell(story.fired(0))
    assert (story.last.status, story.output) == (Status.Completed, "late")


def test_a_timer_cancelled_before_it_was_scheduled_keeps_its_id() -> None:
    def orchestrator(context: Context) -> Steps:
        yield context.call_activity("a", None)
        timer = context.create_timer(context.current_utc_datetime + MINUTE)
        yield context.task_any([context.wait_for_external_event("go"), timer])
        timer.cancel()
        return (yield context.call_activity("b", None))

    story = Story(orchestrator)
    story.tell(story.raised("go"), story.done(0))
    assert story.scheduled == [(1, stamp(START + timedelta(seconds=1) + MINUTE)), (2, "b")]
    story.tell(story.done(2, "end"))
    assert (story.last.status, story.output) == (Status.Completed, "end")


def test_a_timer_awaited_twice_holds_up_the_next_call() -> None:
    """The SDK leaves a call that is already scheduled out of the second `task_any`."""

    def orchestrator(context: Context) -> Steps:
        timer = context.create_timer(context.current_utc_datetime + MINUTE)
        for name in ("x", "y"):
            yield context.task_any([context.wait_for_external_event(name), timer])
        yield context.call_activity("a", None)

    story = Story(orchestrator)
    story.tell(story.raised("x"))
    story.tell(story.fired(0))
    assert story.scheduled == []
    story.tell(story.raised("y"))
    assert story.scheduled == [(1, "a")]


def test_a_retry_pauses_between_attempts_and_after_the_last() -> None:
    story = Story(stubborn)
    story.tell(story.failed(0, "first"))
    assert story.scheduled == [(1, stamp(START + timedelta(seconds=6)))]
    story.tell(story.fired(1))
    assert story.scheduled == [(2, "a")]
    story.tell(story.failed(2, "second"))
    assert (story.last.status, [number for number, _ in story.scheduled]) == (Status.Running, [3])
    story.tell(story.fired(3))
    assert story.last.status is Status.Failed
    assert "second" in story.output


def test_a_retry_ends_with_the_first_success() -> None:
    story = Story(stubborn)
    story.tell(story.failed(0))
    story.tell(story.fired(1))
    story.tell(story.done(2, "good"))
    assert (story.last.status, story.output) == (Status.Completed, "good")


def test_retries_of_a_fan_take_their_ids_in_the_order_of_the_failures() -> None:
    def orchestrator(context: Context) -> Steps:
        options = df.RetryOptions(5000, 2)
        calls = [context.call_activity_with_retry(name, options, None) for name in "ab"]
        return (yield context.task_all(calls))

    story = Story(orchestrator)
    story.tell(story.failed(1), story.failed(0))
    assert [number for number, _ in story.scheduled] == [2, 3]
    story.tell(story.fired(2), story.fired(3))
    assert story.scheduled == [(4, "b"), (5, "a")]
    story.tell(story.done(4, "B"), story.done(5, "A"))
    assert (story.last.status, story.output) == (Status.Completed, ["A", "B"])


def test_a_child_has_an_id_of_its_execution_and_returns_its_output() -> None:
    story = Story(parent)
    created = story.last.events[-2]
    assert (created["InstanceId"], created["Input"]) == ("first:0", '{"n": 1}')
    kind = Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED
    story.tell(story.message(kind, TaskScheduledId=0, Result='{"m": 2}'))
    assert (story.last.status, story.output) == (Status.Completed, {"m": 2})


def test_a_failed_child_is_tried_again_under_the_same_id() -> None:
    story = Story(named_parent)
    kind = Kind.SUB_ORCHESTRATION_INSTANCE_FAILED
    story.tell(story.message(kind, TaskScheduledId=0, Reason="no", Details=None))
    story.tell(story.fired(1))
    created = story.last.events[-2]
    assert (created["EventId"], created["InstanceId"]) == (2, "kid")


def test_an_event_waits_for_its_waiter() -> None:
    def orchestrator(context: Context) -> Steps:
        yield context.call_activity("a", None)
        return (yield context.wait_for_external_event("go"))

    story = Story(orchestrator)
    story.tell(story.raised("go", 1))
    story.tell(story.done(0))
    assert (story.last.status, story.output) == (Status.Completed, 1)


def test_the_last_waiter_is_served_first() -> None:
    def orchestrator(context: Context) -> Steps:
        waits = [context.wait_for_external_event("go") for _ in range(2)]
        winner = yield context.task_any(waits)
        return waits.index(winner)

    story = Story(orchestrator)
    story.tell(story.raised("go"))
    assert story.output == 1


def test_a_waiter_that_was_left_behind_takes_no_event() -> None:
    def orchestrator(context: Context) -> Steps:
        for minutes in (1, 2):
            timer = context.create_timer(context.current_utc_datetime + minutes * MINUTE)
            go = context.wait_for_external_event("go")
            winner = yield context.task_any([go, timer])
            if winner == go:
                return (yield context.call_activity("a", go.result))

    story = Story(orchestrator)
    story.tell(story.fired(0))
    story.tell(story.raised("go", 5))
    assert story.scheduled == [(2, "a")]


def test_the_case_of_an_event_name_matters() -> None:

    def orchestrator(context: Context) -> Steps:
        payload = yield context.wait_for_external_event("go")
        return (yield context.call_activity("a", payload))

    story = Story(orchestrator)
    story.tell(story.raised("GO", 1))
    assert (story.last.status, story.scheduled) == (Status.Running, [])
    story.tell(story.raised("go", 2))
    assert story.scheduled == [(0, "a")]


def test_an_early_event_serves_one_wait_but_the_sdk_thinks_every_wait() -> None:
    def orchestrator(context: Context) -> Steps:
        yield context.call_activity("a", None)
        for _ in range(2):
            yield context.wait_for_external_event("go")
        yield context.call_activity("b", None)

    story = Story(orchestrator)
    story.tell(story.raised("go"))
    story.tell(story.done(0))
    assert story.scheduled == []
    story.tell(story.raised("go"))
    assert story.scheduled == [(1, "b")]


def test_continue_as_new_takes_its_input_and_the_events_after_it() -> None:
    def orchestrator(context: Context) -> Steps:
        payload = yield context.wait_for_external_event("go")
        context.continue_as_new({"seen": payload})

    story = Story(orchestrator)
    story.tell(story.raised("early"), story.raised("go", 1), story.raised("go", 2))
    assert story.last.status is Status.ContinuedAsNew
    assert json.loads(json.loads(story.last.next_input or "")) == {"seen": 1}
    assert [(item["Name"], item["Input"]) for item in story.last.carryover] == [("go", "2")]


def test_continue_as_new_waits_for_what_is_open() -> None:
    def orchestrator(context: Context) -> Steps:
        timer = context.create_timer(context.current_utc_datetime + MINUTE)
        yield context.task_any([context.wait_for_external_event("go"), timer])
        context.continue_as_new(None)

    story = Story(orchestrator)
    story.tell(story.raised("go"))
    assert story.last.status is Status.Running
    story.tell(story.fired(0))
    assert story.last.status is Status.ContinuedAsNew


def test_a_long_timer_goes_in_stages() -> None:
    def orchestrator(context: Context) -> Steps:
        yield context.create_timer(context.current_utc_datetime + timedelta(days=10))
        return context.current_utc_datetime.isoformat()

    story = Story(orchestrator)
    for number, day in enumerate((3, 6, 10)):
        ((scheduled, due),) = story.scheduled
        assert (scheduled, due) == (number, stamp(START + timedelta(days=day)))
        story.now = START + timedelta(days=day)
        story.tell(story.fired(number))
    assert story.output == "2030-01-11T00:00:00+00:00"


def changed(context: Context, first: str = "a", extra: bool = False) -> Steps:
    if extra:
        yield context.create_timer(context.current_utc_datetime + MINUTE)
    result = yield context.call_activity(first, None)
    yield context.call_activity("b", None)
    return result


@pytest.mark.parametrize(
    "new_code",
    [
        lambda context: changed(context, first="b"),
        lambda context: changed(context, extra=True),
        lambda context: (yield context.wait_for_external_event("go")),
        lambda context: (yield context.call_sub_orchestrator("a")),
        lambda _: "nothing left",
    ],
    ids=["renamed", "inserted", "replaced", "now a child", "removed"],
)
def test_code_that_leaves_its_history_fails_the_instance(new_code: Callable[..., Any]) -> None:
    story = Story(changed)
    story.handle = df.Orchestrator.create(new_code)
    story.tell(story.done(0))
    assert story.last.status is Status.Failed
    assert "Non-deterministic" in story.output


def test_code_may_change_after_the_point_that_was_reached() -> None:
    def longer(context: Context) -> Steps:
        yield from changed(context)
        yield context.call_activity("a", "more")

    story = Story(changed)
    story.handle = df.Orchestrator.create(longer)
    story.tell(story.done(0))
    story.tell(story.done(1))
    assert story.scheduled == [(2, "a")]


def test_a_failure_carries_its_cause_and_waits_for_what_is_open() -> None:
    def orchestrator(context: Context) -> Steps:
        timer = context.create_timer(context.current_utc_datetime + MINUTE)
        yield context.task_any([context.wait_for_external_event("go"), timer])
        raise ValueError("not good")

    story = Story(orchestrator)
    story.tell(story.raised("go"))
    assert story.last.status is Status.Running
    story.tell(story.fired(0))
    assert story.last.status is Status.Failed
    assert story.output == "Orchestrator function 'main' failed: not good"


@pytest.mark.parametrize(
    ("orchestrator", "cause"),
    [
        (lambda context: (yield context.call_activity("c")), "'c' doesn't exist"),
        (lambda context: (yield context.call_sub_orchestrator("c")), "'c' doesn't exist"),
        (lambda context: (yield context.call_http("GET", "http://x")), "CALL_HTTP is not supp"),
        (
            lambda context: (yield context.call_entity(df.EntityId("n", "k"), "get")),
            "CALL_ENTITY is not supported",
        ),
        (lambda context: context.set_custom_status("x" * 9000), "custom status is larger"),
        (lambda context: context.nothing_of_the_kind(), "AttributeError"),
    ],
)
def test_what_cannot_be_done_fails_the_instance(
    orchestrator: Callable[..., Any], cause: str
) -> None:
    story = Story(orchestrator)
    assert story.last.status is Status.Failed
    assert cause in story.output


def test_an_orchestrator_that_is_gone_fails_the_instance() -> None:
    story = Story(chain)
    story.handle = None
    story.tell(story.done(0))
    assert story.last.status is Status.Failed
    assert "'main' doesn't exist" in story.output


def test_a_suspended_instance_keeps_results_until_it_goes_on() -> None:
    story = Story(chain)
    story.tell(story.message(Kind.EXECUTION_SUSPENDED, Input="pause"))
    assert story.last.status is Status.Suspended
    story.tell(story.done(0))
    assert (story.last.status, story.scheduled) == (Status.Suspended, [])
    story.tell(story.message(Kind.EXECUTION_RESUMED, Input="on"))
    assert (story.last.status, story.scheduled) == (Status.Running, [(1, "b")])


def test_a_call_made_in_the_episode_of_the_suspension_is_not_lost() -> None:
    story = Story(chain)
    story.tell(story.done(0), story.message(Kind.EXECUTION_SUSPENDED, Input="pause"))
    assert story.scheduled == []
    story.tell(story.message(Kind.EXECUTION_RESUMED, Input="on"))
    assert story.scheduled == [(1, "b")]


def test_termination_ends_a_suspended_instance_with_the_reason() -> None:
    story = Story(chain)
    story.tell(story.message(Kind.EXECUTION_SUSPENDED, Input="pause"))
    story.tell(story.message(Kind.EXECUTION_TERMINATED, Input="enough"))
    assert (story.last.status, story.output) == (Status.Terminated, "enough")


def test_a_result_that_nobody_awaits_is_ignored() -> None:
    story = Story(chain)
    story.tell(story.done(0, 1), story.done(0, 2), story.done(9))
    story.tell(story.done(1))
    assert story.output == [1, None]


def test_only_the_new_events_are_not_replayed() -> None:
    seen: list[tuple[str, bool]] = []

    def orchestrator(context: Context) -> Steps:
        seen.append(("start", context.is_replaying))
        yield context.call_activity("a", None)
        seen.append(("after a", context.is_replaying))

    story = Story(orchestrator)
    story.tell(story.done(0))
    assert seen == [("start", False), ("start", True), ("after a", False)]


def test_a_custom_status_is_kept_and_read_back() -> None:
    def orchestrator(context: Context) -> Steps:
        context.set_custom_status({"step": 1})
        yield context.call_activity("a", None)

    assert Story(orchestrator).last.custom_status == '{"step": 1}'


def test_a_recorded_execution_can_be_replayed_from_its_start() -> None:
    story = Story(chain, 1)
    story.tell(story.done(0, 2))
    story.tell(story.done(1, 3))
    state = replay(df.Orchestrator.create(chain), Execution("first", story.history))
    assert [action["functionName"] for action in state.actions] == ["a", "b"]
    assert (state.is_done, state.output) == (True, [2, 3])
