"""Wishes at the edges of a run's life, where its orchestration stands as it is told to."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from support.activities import NOW, bury, finish, keep, pipeline
from support.runtime import Runtime, orchestration

from orchestration.activities import auditing
from orchestration.activities.auditing import close
from orchestration.activities.seeding import prepare
from orchestration.model import Close, Phase, Prepare, RunRequest, RunState, Selection, Verdict
from orchestration.services import Services
from orchestration.starting import accept, start
from orchestration.triggers.operations import Call, NoQuery, RefusedError
from orchestration.triggers.wishes import Scale, redrive_run, scale_run

GENERATE = {"kind": "generate", "dataset": {"dataset": "d", "version": 1}, "units": 3}
LIVE, OVER = orchestration("Running"), orchestration("Completed")


@pytest.fixture
def dead(services: Services, run: str) -> str:
    """A run with one dead letter, the other units done."""
    keep(services, run, GENERATE)
    prepare(services, Prepare(run=run))
    for unit in (0, 1):
        finish(services, run, unit)
    bury(services, run, 2)
    return run


def ending(services: Services, run: str) -> Close:
    plan = prepare(services, Prepare(run=run)).plan
    verdict = Verdict(phase=Phase.COMPLETED_WITH_FAILURES)
    return Close(state=RunState(run=run, started=NOW, progressed=NOW, plan=plan, verdict=verdict))


def call(services: Services, runtime: Runtime, run: str, body: Any) -> Call[NoQuery, Any]:
    return Call(services, runtime, "", {"run": run}, {}, NoQuery(), body, b"", NOW)


def redriven(services: Services, runtime: Runtime, run: str) -> int:
    asked = call(services, runtime, run, Selection())
    return asyncio.run(redrive_run(asked)).dead_letters


def test_a_redrive_before_the_end_keeps_a_run_going(services: Services, dead: str) -> None:
    assert redriven(services, Runtime({dead: LIVE}), dead) == 1
    assert close(services, ending(services, dead), NOW).count == 0
    assert services.records.report(dead) is None


def test_a_redrive_that_comes_while_the_end_is_written_down_is_refused(
    services: Services, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []
    written = auditing._parts

    def meanwhile(*values: Any) -> Any:
        with pytest.raises(RefusedError, match="the run is ending") as caught:
            redriven(services, Runtime({dead: LIVE}), dead)
        refused.append(caught.value.status)
        return written(*values)

    monkeypatch.setattr(auditing, "_parts", meanwhile)
    decision = ending(services, dead)
    assert [close(services, decision, NOW).count for _ in range(2)] == [1, 1]
    assert refused == [409, 409]
    assert services.records.control(dead).redrives == ()

    runtime = Runtime({dead: OVER})
    assert redriven(services, runtime, dead) == 1
    assert runtime.started == [dead]
    assert redriven(services, runtime, dead) == 1, "it goes on again, and takes wishes"


def test_a_redrive_of_a_run_that_is_being_stopped_is_refused(services: Services, dead: str) -> None:
    stopped = orchestration("Running", state=Phase.CLEANING, end=Phase.FAILED)
    with pytest.raises(RefusedError, match="the run is ending"):
        redriven(services, Runtime({dead: stopped}), dead)
    assert services.records.control(dead).redrives == ()


@pytest.mark.parametrize(("count", "kept"), [(None, None), (2, 2), (4, 4)])
def test_a_run_is_scaled_as_far_as_its_connections_go(
    services: Services, run: str, count: int | None, kept: int | None
) -> None:
    sink = {"schema": "s", "connections": 8}
    keep(services, run, pipeline(units=3, sink=sink, instances={"count": 4}))
    runtime = Runtime({run: LIVE})
    asyncio.run(scale_run(call(services, runtime, run, Scale(count=count))))
    assert services.records.control(run).count == kept
    with pytest.raises(RefusedError, match="count: 5 container groups would open more connections"):
        asyncio.run(scale_run(call(services, runtime, run, Scale(count=5))))
    assert services.records.control(run).count == kept


def test_a_run_that_was_closed_before_it_started_is_not_started_by_its_key(
    services: Services, run: str
) -> None:
    request, runtime = RunRequest.model_validate(GENERATE), Runtime()
    record = accept(services, request, key=run, now=NOW)
    verdict = Verdict(phase=Phase.FAILED)
    state = RunState(run=record.run, started=NOW, progressed=NOW, verdict=verdict)
    close(services, Close(state=state), NOW)  # as the sweep does
    again = accept(services, request, key=run, now=NOW + timedelta(minutes=10))
    asyncio.run(start(services, runtime, again, NOW))
    assert again.run == record.run
    assert runtime.started == []
    assert redriven(services, runtime, record.run) == 0
    assert runtime.started == [record.run]
