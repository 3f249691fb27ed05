"""Measurements of units and what is reckoned from them."""

import pytest
from support.generator import document, every_kind, retail

from command_line.estimate import estimated
from command_line.figures import duration
from orchestration.estimating import START_SECONDS
from orchestration.model import Instances
from orchestration.settings import Settings
from worker_image.generator import Compression, Form, Format, parse
from worker_image.generator.measuring import Measurement, Size, measure

PRICES = Settings.model_fields


def reckoned(units: int, **fleet: float) -> tuple[float, float, float]:
    """Minutes, billed seconds and cost where a unit takes 2 seconds."""
    size = Size({"row": 10}, 1, 1000, 100)
    measured = Measurement(5, 2.0, size, size)
    estimate = estimated(units, Instances.model_validate(fleet), measured)
    return estimate.run_seconds, estimate.billed_seconds, estimate.cost


def test_units_are_shared_out_and_start_and_idle_time_are_billed() -> None:
    seconds, billed, cost = reckoned(101, count=10, cpu=1, memory_gb=2)
    idle = PRICES["worker_idle_seconds"].default
    assert seconds == START_SECONDS + 11 * 2
    assert billed == 10 * (seconds + idle)
    each = PRICES["price_vcpu_second"].default + 2 * PRICES["price_gb_second"].default
    assert cost == pytest.approx(billed * each)


def test_half_a_vcpu_takes_twice_as_long_and_two_half_as_long() -> None:
    one, half, two = (reckoned(100, count=1, cpu=cpu)[0] for cpu in (1, 0.5, 2))
    assert half - START_SECONDS == 2 * (one - START_SECONDS)
    assert two - START_SECONDS == (one - START_SECONDS) / 2
    four = reckoned(100, count=1, cpu=4, concurrency=2)[0]
    assert four == two, "a worker that takes two units at once has no use for more"


def test_groups_without_a_unit_do_not_help() -> None:
    seconds, billed, _ = reckoned(3, count=100)
    assert seconds == START_SECONDS + 2
    assert billed == reckoned(3, count=3)[1]


def test_the_environment_does_not_change_an_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    before = reckoned(10)
    monkeypatch.setenv("ACI_JOBS_PRICE_VCPU_SECOND", "99")
    assert reckoned(10) == before


def test_units_are_measured_with_their_compression() -> None:
    plain = measure(retail(), Form(), units=3, seconds=60)
    packed = measure(retail(), Form(Format.NDJSON, Compression.ZSTD), units=3, seconds=60)
    assert (plain.units, plain.each.documents) == (3, 1)
    assert plain.each.raw == plain.each.stored == packed.each.raw
    assert packed.each.stored < plain.each.raw / 4
    assert plain.each.records["customer"] == 106
    assert plain.seconds > 0


def test_time_ends_the_measuring() -> None:
    assert measure(retail(), Form(), units=1_000_000, seconds=0.05).units < 1000


def test_shared_rows_count_once() -> None:
    measured = measure(every_kind(), Form(Format.CSV), units=4, seconds=60)
    total = measured.total(1000)
    assert total.records["country"] == 3
    assert total.documents == 6 * 1000 + 1
    assert total.records["product"] == 40 * 1000


def test_a_dataset_of_one_unit_can_be_measured() -> None:
    one = parse(document(100, x={"integer": {"min": 1, "max": 100}, "unique": True}))
    assert measure(one, Form(), units=9, seconds=60).units == one.max_units == 1


@pytest.mark.parametrize(("seconds", "text"), [(0.0015, "1.5 ms"), (5, "5.0 s"), (600, "10.0 min")])
def test_times_are_told_in_fitting_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
