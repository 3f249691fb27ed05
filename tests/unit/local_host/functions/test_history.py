"""The history as the status API shows it."""

from __future__ import annotations

import pytest
from support.orchestrations import Story

from local_host.functions.durable.history import instant, readable, stamp

pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")


def told() -> Story:
    def orchestrator(context):  # type: ignore[no-untyped-def] # the SDK's types are not declared
        yield context.call_activity("a", "in")
        yield context.call_activity("b", None)

    story = Story(orchestrator, "given")
    story.tell(story.done(0, "out"))
    return story


def test_a_finished_call_is_one_entry_and_an_open_one_shows_its_start() -> None:
    entries = readable(told().history, show_output=True, show_input=True)
    assert [(entry["EventType"], entry.get("FunctionName")) for entry in entries] == [
        ("ExecutionStarted", None),
        ("TaskCompleted", "a"),
        ("TaskScheduled", None),
    ]
    assert (entries[1]["Input"], entries[1]["Result"]) == ('"in"', '"out"')
    assert entries[1]["ScheduledTime"] < entries[1]["Timestamp"]


@pytest.mark.parametrize("field", ["Input", "Result"])
def test_inputs_and_outputs_can_be_left_out(field: str) -> None:
    entries = readable(told().history, show_output=False, show_input=False)
    assert all(field not in entry for entry in entries)


def test_stamps_order_as_time_and_come_back_whole() -> None:
    earlier, later = told().now, instant("2031-05-06T07:08:09.000010Z")
    assert stamp(earlier) < stamp(later)
    assert instant(stamp(later)) == later
