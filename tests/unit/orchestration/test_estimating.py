"""Container groups, time, money and what is warned of, from the seconds of a unit."""

from dataclasses import replace

import pytest

from orchestration.estimating import START_SECONDS, Estimate
from orchestration.model import Instances, Prices, RunLimits

PRICES = Prices(vcpu_second=0.01, gb_second=0.0, spot_discount=0.75)


def estimate(units: int = 1000, **instances: object) -> Estimate:
    fleet = Instances.model_validate({"cpu": 1, "memory_gb": 1, **instances})
    return Estimate(units, 1.0, fleet, PRICES, idle_seconds=0.0)


WORK = 1000.0


@pytest.mark.parametrize(
    ("instances", "units", "groups"),
    [
        ({}, 1000, 4),
        ({"count": 7}, 1000, 7),
        ({"count": 7}, 3, 3),
        ({"count": 7}, 0, 0),
        ({"max": 50, "finish_within": START_SECONDS + WORK / 10}, 1000, 10),
        ({"max": 50, "finish_within": START_SECONDS + WORK / 10 - 1}, 1000, 11),
        ({"max": 50, "finish_within": START_SECONDS + WORK / 10, "cpu": 2}, 1000, 5),
        ({"max": 50, "finish_within": START_SECONDS + WORK / 10, "cpu": 0.5}, 1000, 20),
        ({"max": 5, "finish_within": START_SECONDS + WORK / 10}, 1000, 5),
        ({"max": 50, "finish_within": 1}, 1000, 50),
        ({"min": 3, "max": 50, "finish_within": 7 * 86400}, 1000, 3),
        ({"min": 3, "max": 50, "finish_within": 7 * 86400}, 2, 2),
        ({"max": 9, "backlog": 10}, 1000, 9),
        ({"max": 9, "backlog": 10}, 4, 4),
    ],
)
def test_a_request_uses_so_many_groups(
    instances: dict[str, object], units: int, groups: int
) -> None:
    assert estimate(units, **instances).groups == groups


def test_spot_is_cheaper_by_its_discount() -> None:
    regular, spot = estimate(count=4), estimate(count=4, spot=True)
    assert regular.billed_seconds == spot.billed_seconds == 4 * (START_SECONDS + 250)
    assert spot.cost == pytest.approx(regular.cost / 4)
    assert "75% cheaper" in "; ".join(spot.assumptions())


def test_empty_documents_take_a_start_and_no_more() -> None:
    empty = replace(estimate(10), seconds=0.0)
    assert [empty.units_within(left) for left in (START_SECONDS, START_SECONDS + 1)] == [0, 10]
    assert "the deadline" in next(empty.warnings(RunLimits(deadline=START_SECONDS - 1)))


def test_nothing_to_do_costs_nothing() -> None:
    nothing = estimate(0)
    assert (nothing.run_seconds, nothing.cost) == (0.0, 0.0)
    assert list(nothing.warnings(RunLimits(cost=0.01))) == []


@pytest.mark.parametrize(
    ("instances", "limits", "told"),
    [
        # Ten groups cost 0.1 a second, start for 60 s and then do 10 units a second for 100 s.
        ({}, {}, []),
        ({}, {"cost": 16.1}, []),
        ({}, {"cost": 16}, ["the cost cap of 16 would be reached after about 1,000 units"]),
        ({}, {"cost": 11.34}, ["the cost cap of 11.34 would be reached after about 530 units"]),
        ({}, {"cost": 5}, ["the cost cap of 5 would be reached after about 0 units"]),
        ({"spot": True}, {"cost": 5}, []),
        ({}, {"deadline": 160}, []),
        ({}, {"deadline": 80}, ["the deadline of 80 s would pass after about 200 units"]),
        (
            {"count": None, "max": 10, "finish_within": 159},
            {},
            [
                "the run would not finish within 159 s: 10 container groups, the most that it may"
                " have, need about 160 s"
            ],
        ),
    ],
)
def test_what_would_end_the_run_early_is_warned_of(
    instances: dict[str, object], limits: dict[str, object], told: list[str]
) -> None:
    found = estimate(1000, **{"count": 10, **instances})
    assert list(found.warnings(RunLimits.model_validate(limits))) == told
