"""The last step on the real services: sent, told, and begun anew."""

import pytest
from support.activities import NOW, bury, do_last_step, keep, messages, pipeline

from orchestration.activities.auditing import close
from orchestration.activities.finishing import finish
from orchestration.activities.seeding import prepare
from orchestration.model import (
    Close,
    Control,
    Finish,
    Finished,
    Phase,
    Prepare,
    RunState,
    Selection,
    Verdict,
)
from orchestration.reports import FinishReport, Report
from orchestration.services import Services
from worker_image.contract import FinishPayload, Limits, Stage, naming

SINK = {"schema": "s", "constraints": "after"}


@pytest.fixture
def loaded(services: Services, run: str) -> str:
    """A run of two units, and nothing is left but the last step."""
    limits = {"attempts": 3, "finish_timeout": 7_200}
    keep(services, run, pipeline(units=2, sink=SINK, limits=limits))
    plan = prepare(services, Prepare(run=run)).plan
    assert plan
    assert plan.finish
    return run


def test_its_message_is_sent_when_that_is_asked_for(services: Services, loaded: str) -> None:
    assert finish(services, Finish(run=loaded)).count == 0
    assert messages(services, loaded) == []
    for _ in range(2):
        assert finish(services, Finish(run=loaded, seed=True)).count == 1
    first, second = messages(services, loaded)
    assert first == second
    assert (first.stage, first.unit) == (Stage.FINISH, 0)
    assert first.limits == Limits(attempts=3, timeout_seconds=7_200)
    payload = FinishPayload.read(first.payload)
    assert payload.sink["constraints"] == "after"
    assert payload.dataset
    assert payload.dataset.inline == {"dataset": "d", "version": 1}


@pytest.mark.parametrize("seed", [False, True])
def test_how_it_has_ended_is_told_and_nothing_sent(
    services: Services, loaded: str, seed: bool
) -> None:
    look = Finish(run=loaded, seed=seed)
    bury(services, loaded, 0, "no such column", stage=Stage.FINISH)
    assert finish(services, look).finished == Finished(error="ValueError: no such column")
    do_last_step(services, loaded)
    assert finish(services, look).finished == Finished(seconds=7.5), "done wins over dead"
    assert messages(services, loaded) == []


def test_what_an_earlier_time_has_left_is_set_aside(services: Services, loaded: str) -> None:
    services.records.edit_control(loaded, lambda _: Control(redrives=(Selection(),)))
    bury(services, loaded, 1)
    bury(services, loaded, 0, stage=Stage.FINISH)
    do_last_step(services, loaded)
    for _ in range(2):
        outcome = finish(services, Finish(run=loaded, seed=True, afresh=True))
        assert (outcome.count, outcome.finished) == (1, None)
    letter = naming.dead_letter(loaded, Stage.FINISH, 0)
    assert services.records.read(letter) is None
    assert services.records.read(naming.redriven(loaded, 1, letter)), "people may want to know"
    assert [letter.stage for letter in services.records.dead_letters(loaded)] == ["generate"]
    assert services.queues.count(naming.dead_letter_queue(loaded)) == 1


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (lambda *_: None, FinishReport(state="not done")),
        (do_last_step, FinishReport(state="done", seconds=7.5)),
    ],
)
def test_the_report_tells_what_it_did(
    services: Services, loaded: str, ends: object, told: FinishReport
) -> None:
    assert callable(ends)
    ends(services, loaded)
    verdict = Verdict(phase=Phase.SUCCEEDED)
    state = RunState(run=loaded, started=NOW, progressed=NOW, verdict=verdict)
    close(services, Close(state=state), NOW)
    report = services.records.read_as(Report, naming.report(loaded))
    assert report
    assert report.finish == told


@pytest.mark.parametrize(("sink", "units"), [({"schema": "s"}, 2), (SINK, 0)])
def test_a_run_with_nothing_left_to_do_has_no_such_step(
    services: Services, run: str, sink: dict[str, str], units: int
) -> None:
    container = f"{run}-source"
    keep(
        services,
        run,
        {
            "kind": "ingest",
            "source": {"container": container},
            "sink": sink,
            "dataset": {"dataset": "d"},
        },
    )
    services.records.create_container(container)
    for unit in range(units):
        services.records._service.get_blob_client(container, f"{unit}.csv").upload_blob(b"x")
    plan = prepare(services, Prepare(run=run)).plan
    assert plan
    assert (plan.units, plan.finish) == (units, False)
