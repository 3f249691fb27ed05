"""The account of a finished run."""

from datetime import timedelta

import pytest
from simulation.agenda import START, moment
from support.states import RUN, plan
from support.tables import table

from orchestration.model import Finished, Phase, RunState, Slot, SlotStatus, Verdict
from orchestration.reports import (
    FinishReport,
    Report,
    failure_groups,
    finish_report,
    report,
    stage_report,
)
from orchestration.summaries import PartSummary, StageSummary
from worker_image.contract import Receipt


def receipt(unit: int, seconds: float) -> Receipt:
    return Receipt(
        run=RUN,
        stage="generate",
        unit=unit,
        records={"customer": 10, "order": unit},
        bytes=100,
        checksum="c",
        seconds=seconds,
        worker="w",
        delivery=1,
        document="documents/x",
    )


def test_a_stage_in_sums_and_spread() -> None:
    receipts = [receipt(unit, unit / 100) for unit in range(1, 101)]
    found = stage_report(StageSummary.of(receipts))
    assert (found.units, found.bytes) == (100, 10_000)
    assert found.records == {"customer": 1_000, "order": 5_050}
    assert found.rows == 6_050
    assert found.seconds["p50"] == pytest.approx(0.5, rel=0.01)
    assert found.seconds["p95"] == pytest.approx(0.95, rel=0.01)
    assert found.seconds["max"] == 1.0
    assert [item["unit"] for item in found.slowest] == list(range(100, 90, -1))


def test_no_receipts_is_a_stage_of_nothing() -> None:
    found = stage_report(StageSummary.of(()))
    assert (found.units, found.seconds, found.slowest) == (0, {}, [])


def test_failures_by_fingerprint_the_commonest_first() -> None:
    rows = [{"fingerprint": "a", "type": "A", "error": str(n)} for n in range(3)]
    rows.insert(1, {"fingerprint": "b", "type": "B", "error": "x"})
    groups = failure_groups(rows)
    assert [(group.fingerprint, group.units) for group in groups] == [("a", 3), ("b", 1)]
    assert groups[0].error == "0"
    assert not groups[0].at_least


def test_failures_of_the_first_dead_letters_are_at_least_so_many() -> None:
    rows = [{"fingerprint": "a"}] * 3
    assert [group.at_least for group in failure_groups(rows, most=3)] == [False]
    (group,) = failure_groups(iter(rows), most=2)
    assert (group.units, group.at_least) == (2, True)


@table(
    "finished, needed, told",
    {
        "there is none": (None, False, FinishReport(state="not needed")),
        "the run was stopped before": (None, True, FinishReport(state="not done")),
        "its receipt": (Finished(seconds=9.5), True, FinishReport(state="done", seconds=9.5)),
        "its dead letter": (Finished(error="x"), True, FinishReport(state="failed", error="x")),
    },
)
def test_the_last_step(finished: Finished | None, needed: bool, told: FinishReport) -> None:
    step = finish_report(finished, needed=needed)
    assert step == told
    assert report(ended(0, 1), NOTHING, [], None, moment(2), finish=step).finish == told


def test_a_report_from_before_the_last_step_can_be_read() -> None:
    old = report(ended(0, 100), NOTHING, [], None, moment(120)).model_dump(mode="json")
    del old["finish"]
    assert Report.model_validate(old).finish is None


NOTHING = PartSummary.nothing(("generate",))


def ended(start: float, seconds: float) -> RunState:
    slot = Slot(
        ordinal=1,
        attempt=1,
        status=SlotStatus.GONE,
        requested=moment(start),
        started=moment(start),
        ended=moment(start + seconds),
    )
    return RunState(
        run=RUN,
        started=moment(start),
        progressed=moment(start),
        plan=plan(),
        slots=(slot,),
        groups_used=1,
        billed_seconds=seconds,
        verdict=Verdict(phase=Phase.SUCCEEDED),
    )


def test_a_second_round_goes_on_where_the_first_had_ended() -> None:
    first = report(ended(0, 100), NOTHING, [], None, moment(120))
    second = report(ended(1_000, 50), NOTHING, [], first, moment(1_100))
    assert second.started == START
    assert second.seconds == timedelta(seconds=1_100).total_seconds()
    assert second.groups_used == 2
    assert second.billed_seconds == 150
    assert second.cost == pytest.approx(first.cost * 1.5)


def test_writing_the_same_report_twice_counts_nothing_twice() -> None:
    first = report(ended(0, 100), NOTHING, [], None, moment(120))
    second = report(ended(1_000, 50), NOTHING, [], first, moment(1_100))
    again = report(ended(1_000, 50), NOTHING, [], second, moment(1_101))
    assert again.cost == second.cost
    assert again.groups_used == 2


def test_a_report_of_a_newer_writer_can_be_read() -> None:
    first = report(ended(0, 100), NOTHING, [], None, moment(120))
    newer = {**first.model_dump(mode="json"), "colour": "red"}
    assert Report.model_validate(newer) == first
