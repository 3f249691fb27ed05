"""What audits write down: sums that add up, and times within a per cent."""

import json
from dataclasses import replace
from math import ceil
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.activities import receipt
from support.states import RUN

from orchestration.model import Account
from orchestration.reports import stage_report
from orchestration.summaries import PartSummary, StageSummary
from worker_image.contract import Receipt

SECONDS = st.lists(st.floats(min_value=0, max_value=21_600), min_size=1, max_size=50)


def took(unit: int, seconds: float, size: int = 10) -> Receipt:
    return replace(receipt(RUN, unit, "generate", "documents/x", size), seconds=seconds)


def stage(seconds: list[float], first: int = 0) -> StageSummary:
    return StageSummary.of([took(unit, each) for unit, each in enumerate(seconds, first)])


@given(SECONDS, st.floats(min_value=0, max_value=1))
def test_a_quantile_is_within_a_per_cent_of_the_time_of_a_unit(
    seconds: list[float], share: float
) -> None:
    exact = sorted(seconds)[max(0, ceil(share * len(seconds)) - 1)]
    assert stage(seconds).quantile(share) == pytest.approx(max(exact, 0.0001), rel=0.01, abs=1e-4)


def test_the_parts_of_a_stage_add_up_to_the_whole() -> None:
    random = Random(3)
    seconds = [random.lognormvariate(0, 3) for _ in range(1_000)]
    whole, total = stage(seconds), stage([])
    for first in range(0, 1_000, 250):
        total = total.plus(stage(seconds[first : first + 250], first))
    assert total == whole
    assert [unit["seconds"] for unit in whole.slowest] == sorted(seconds, reverse=True)[:10]
    assert whole.longest == max(seconds)


def test_rejected_rows_add_up_beside_the_others() -> None:
    some = [replace(took(unit, 1.0), rejected=unit) for unit in range(4)]
    whole = StageSummary.of(some[:2]).plus(StageSummary.of(some[2:]))
    assert whole == StageSummary.of(some)
    assert (whole.rejected, whole.rows) == (6, 40)
    assert stage_report(whole).rejected == 6


def test_a_summary_from_before_rows_were_rejected_can_be_read() -> None:
    old = stage([1.0]).model_dump(mode="json")
    del old["rejected"]
    assert StageSummary.model_validate(old) == stage([1.0])


def test_of_equally_slow_units_the_first_are_named() -> None:
    assert [unit["unit"] for unit in stage([1.0] * 20).slowest] == list(range(10))


def test_a_stage_of_nothing_took_no_time() -> None:
    assert stage([]).quantile(0.5) == stage([]).longest == 0


def test_a_summary_is_small_and_survives_json() -> None:
    random = Random(3)
    seconds = [random.lognormvariate(0, 3) for _ in range(10_000)]
    summary = stage(seconds)
    text = summary.model_dump_json()
    assert len(text) < 10_000
    assert StageSummary.model_validate_json(text) == summary


def test_parts_add_up() -> None:
    def part(first: int, done: int) -> PartSummary:
        return PartSummary(
            first=first,
            count=3,
            documents=done,
            account=Account(
                done={"generate": done},
                dead={"generate": 0},
                missing={"generate": 3 - done},
                sample=(f"generate/{first}",),
            ),
            stages={"generate": stage([0.1] * done, first)},
        )

    total = PartSummary.nothing(["generate"]).plus(part(0, 2)).plus(part(3, 1))
    assert (total.first, total.count, total.documents) == (0, 6, 3)
    assert total.account.missing == {"generate": 3}
    assert total.account.sample == ("generate/0", "generate/3")
    assert total.stages["generate"].records == {"customer": 30}
    assert json.loads(total.model_dump_json())["stages"]["generate"]["units"] == 3
