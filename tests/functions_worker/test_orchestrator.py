"""Whole runs through the worker library: the same decisions at the same times on both SDKs.

What is compared with is our own interpreter of the generator, which the simulation holds to the
SDK 1.x that the local host has.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from azure.functions import OrchestrationContext
from simulation.orchestrating import Execution
from simulation.playing import Result, play
from simulation.replaying import Replayed
from simulation.scenario import draw
from support.functions_worker import FunctionsWorker
from support.tables import table

from functions_worker.protobuf import Protobuf
from orchestration.orchestrator import NAME

pytestmark = pytest.mark.deployed


@pytest.fixture
def driver(worker: FunctionsWorker, sdk: str) -> Callable[[Any], Execution]:
    """What asks the orchestrator in the library, as the host does for that SDK."""
    if sdk == "2":
        return partial(Protobuf, worker=worker)

    def handle(context: OrchestrationContext) -> str:
        answer: str = worker.call(NAME, context=("string", context.body))
        return answer

    return partial(Replayed, handle=handle)


@table(
    "seed, end",
    {
        "a short run": (3, "Succeeded"),
        "wishes": (5, "Succeeded"),
        "a refusal that nothing mends": (13, "Failed"),
        "units that cannot succeed, redriven": (357, "Succeeded"),
        "units that stay dead": (253, "CompletedWithFailures"),
        "a cancelled run": (116, "Cancelled"),
        "ended from outside": (262, "Terminated"),
        "activities that break": (41, "Succeeded"),
        "looks that break": (144, "CompletedWithFailures"),
        "over many executions": (14, "Failed"),
    },
)
@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")
def test_a_run_is_the_same_through_the_library(
    seed: int, end: str, driver: Callable[[Any], Execution]
) -> None:
    direct, through = play(seed), play(seed, driver)
    assert (direct.end, direct.wrong) == (end, [])
    assert through.calls == direct.calls
    assert through.story == direct.story
    assert shown(through) == shown(direct)


def shown(result: Result) -> list[Any]:
    """What people see at each turn, but for the notes: SDKs tell an error in words of their own."""
    return [{k: v for k, v in status.items() if k != "notes"} for status in result.statuses]


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")
def test_a_clock_that_goes_back_breaks_no_promise(driver: Callable[[Any], Execution]) -> None:
    """Version 2 shows the orchestrator such a clock as it is, version 1 lets it stand still."""
    seed = 23
    assert "clock" in draw(seed).faults
    through = play(seed, driver)
    assert through.wrong == []
    assert through.end != "Terminated"
