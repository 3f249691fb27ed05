"""Request rates and quotas."""

import pytest

from local_host.container_instances.errors import ArmError
from local_host.container_instances.limits import Rate, Usage, spend

RATES = (Rate(2, 300), Rate(3, 3600))


def test_what_is_left_shrinks_and_comes_back() -> None:
    spent = spend(spend((), RATES, 0), RATES, 10)
    assert [rate.left(spent, 10) for rate in RATES] == [0, 1]
    assert [rate.left(spent, 300) for rate in RATES] == [1, 1]
    assert [rate.left(spent, 3610) for rate in RATES] == [2, 3]


@pytest.mark.parametrize(
    ("spent", "now", "wait"),
    [
        ((0.0, 10.0), 10, 290),
        ((0.0, 10.0), 299.5, 1),
        ((0.0, 301.0, 602.0), 700, 2900),  # the hour is full, the five minutes are not
    ],
)
def test_the_wait_until_the_next(spent: tuple[float, ...], now: float, wait: float) -> None:
    with pytest.raises(ArmError) as refused:
        spend(spent, RATES, now)
    assert (refused.value.status, refused.value.retry_after) == (429, wait)
    assert spend(spent, RATES, now + wait)[-1] == now + wait


def test_times_that_no_longer_count_are_forgotten() -> None:
    assert spend((0, 1, 2), RATES, 3602) == (3602,)


def test_nothing_is_allowed_at_all() -> None:
    assert Rate(0, 300).wait((), 0) == 300


@pytest.mark.parametrize(("requested", "refused"), [(2, False), (2.5, True)])
def test_quota(requested: float, refused: bool) -> None:
    error = Usage("StandardCores", 8, 10).refusal(requested, "eastus")
    assert bool(error) == refused
    if error:
        assert (error.status, error.code) == (409, "ContainerGroupQuotaReached")
        assert error.message.endswith("Limit: '10', Usage: '8' Requested: '2.5'.")
