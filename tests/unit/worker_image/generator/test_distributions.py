"""Whether values are distributed as asked: goodness of fit with fixed random seeds."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import NormalDist, fmean
from typing import Any

import numpy as np
import pytest
from support.generator import column, document, retail, rows_of

from worker_image.generator import compile_dataset, parse
from worker_image.generator.curves import exp, log, normal_quantiles
from worker_image.generator.samplers import deal, fine_deal

ROWS = 20_000


def assert_weighted(values: Sequence[Any], weights: Mapping[Any, float]) -> None:
    """Pearson's chi-square; the bound is four deviations above what chance gives."""
    counts, total = Counter(values), math.fsum(weights.values())
    assert set(counts) <= set(weights)
    expected = {value: len(values) * weight / total for value, weight in weights.items()}
    square = math.fsum((counts[value] - want) ** 2 / want for value, want in expected.items())
    freedom = len(weights) - 1
    assert square < freedom + 4 * math.sqrt(2 * freedom)


def assert_continuous(values: Sequence[float], share: Callable[[float], float]) -> None:
    """Kolmogorov and Smirnov: the greatest distance of the two curves, at one in a thousand."""
    ranked = sorted(values)
    distance = max(abs(share(value) - rank / len(ranked)) for rank, value in enumerate(ranked))
    assert distance < 1.95 / math.sqrt(len(ranked))


@pytest.mark.parametrize(
    "weights",
    [
        {"a": 60, "b": 30, "c": 10},
        {"a": 0.2, "b": 0.3, "c": 0.5},
        {"a": math.pi, "b": 1e-3, "c": 2, "d": 100.5},
        {str(n): n for n in range(1, 60)},
    ],
)
def test_choices_follow_their_weights(weights: dict[str, float]) -> None:
    assert_weighted(column(ROWS, choice=weights), weights)


def test_a_rare_choice_occurs() -> None:
    cards = fine_deal([199_999, 1])
    assert np.count_nonzero(cards) * 200_000 == pytest.approx(len(cards), rel=0.1)


def test_weights_are_rounded_to_the_nearest_share() -> None:
    assert np.bincount(deal([99_999, 100_001])).tolist() == [32_768, 32_768]
    assert np.bincount(deal([60, 30, 10])).tolist() == [6, 3, 1]


def test_whole_numbers_are_uniform() -> None:
    assert_weighted(column(ROWS, integer={"min": -3, "max": 33}), dict.fromkeys(range(-3, 34), 1))


def test_wide_whole_numbers_are_uniform() -> None:
    least, most = -(2**62), 2**63 - 1
    values = column(ROWS, integer={"min": least, "max": most})
    assert_continuous(values, lambda value: (value - least) / (most - least))


def test_zipf_is_rank_to_a_power() -> None:
    values = column(ROWS, integer={"min": 5, "max": 24, "zipf": {"exponent": 1.3}})
    assert_weighted(values, {5 + rank: (rank + 1) ** -1.3 for rank in range(20)})


def test_normal_numbers() -> None:
    values = column(ROWS, decimal={"scale": 4, "normal": {"mean": -3, "deviation": 12.5}})
    assert_continuous(values, NormalDist(-3, 12.5).cdf)
    assert len(set(values)) > 0.9 * ROWS


def test_a_cut_distribution_keeps_its_shape() -> None:
    spec = {"scale": 3, "normal": {"mean": 0, "deviation": 1}, "min": 0.5, "max": 2.5}
    normal = NormalDist()
    least, most = normal.cdf(0.5), normal.cdf(2.5)
    values = column(ROWS, decimal=spec)
    assert 0.5 <= min(values) < max(values) <= 2.5
    assert_continuous(values, lambda value: (normal.cdf(value) - least) / (most - least))


def test_lognormal_numbers() -> None:
    values = column(ROWS, decimal={"scale": 2, "lognormal": {"median": 250, "sigma": 0.9}})
    assert_continuous(values, lambda value: NormalDist(math.log(250), 0.9).cdf(math.log(value)))


def test_exponential_numbers() -> None:
    values = column(ROWS, decimal={"scale": 3, "exponential": {"mean": 40}})
    assert_continuous(values, lambda value: 1 - math.exp(-value / 40))


def test_times_are_uniform() -> None:
    values = column(ROWS, date={"from": "2020-01-01", "to": "2020-01-31"})
    assert_weighted(values, {f"2020-01-{day:02}": 1 for day in range(1, 32)})


@pytest.mark.parametrize("null", [0.0, 0.02, 0.5, 0.9, 1.0])
def test_nulls_are_as_frequent_as_asked(null: float) -> None:
    values = column(ROWS, pattern="??", null=null)
    deviation = math.sqrt(null * (1 - null) / ROWS)
    assert abs(values.count(None) / ROWS - null) <= 4 * deviation


def test_nulls_do_not_prefer_values() -> None:
    values = column(ROWS, integer={"min": 0, "max": 19}, null=0.5)
    assert_weighted([value for value in values if value is not None], dict.fromkeys(range(20), 1))


def test_true_is_as_frequent_as_asked() -> None:
    assert_weighted(column(ROWS, boolean=0.35), {True: 0.35, False: 0.65})


@pytest.mark.parametrize("mean", [0.3, 3, 8, 60])
def test_poisson_counts(mean: float) -> None:
    spec = document(2000, id={"key": True})
    child = {"parent": "row", "count": {"poisson": mean}, "fields": {"row_id": {"ref": "row.id"}}}
    spec["records"]["child"] = child
    rows = rows_of(compile_dataset(parse(spec), 3).unit(0))
    counts = Counter(row["row_id"] for row in rows["child"])
    values = [counts[row["id"]] for row in rows["row"]]
    assert abs(fmean(values) - mean) < 4 * math.sqrt(mean / len(values))
    chance = [math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(600)]
    often = [k for k, p in enumerate(chance) if p * len(values) >= 8]
    low, high = often[0], often[-1]
    weights = {k: chance[k] for k in often}
    weights[low], weights[high] = math.fsum(chance[: low + 1]), math.fsum(chance[high:])
    assert_weighted([min(max(value, low), high) for value in values], weights)


def test_references_by_rank() -> None:
    spec = document(ROWS, x={"ref": {"to": "shop.id", "distribution": "zipf", "exponent": 0.8}})
    spec["records"]["shop"] = {"count": 30, "fields": {"id": {"key": True}}}
    rows = rows_of(compile_dataset(parse(spec), 4).unit(0))
    ranks = {row["id"]: (rank + 1) ** -0.8 for rank, row in enumerate(rows["shop"])}
    assert_weighted([row["x"] for row in rows["row"]], ranks)


def test_fields_do_not_depend_on_each_other() -> None:
    compiled = compile_dataset(retail(), 5)
    orders = [row for unit in range(20) for row in rows_of(compiled.unit(unit))["order"]]
    channels = {"web": 55, "app": 35, "store": 10}
    for status in ("delivered", "open", "returned"):
        assert_weighted([row["channel"] for row in orders if row["status"] == status], channels)


def test_curves_agree_with_the_maths_library() -> None:
    at = np.linspace(-50, 50, 2001)
    np.testing.assert_allclose(exp(at), [math.exp(value) for value in at], rtol=1e-13)
    at = np.geomspace(1e-9, 1e9, 2001)
    logarithms = [math.log(value) for value in at]
    np.testing.assert_allclose(log(at), logarithms, rtol=1e-13, atol=1e-14)
    shares = (np.arange(4096) + 0.5) / 4096
    quantiles = [NormalDist().inv_cdf(share) for share in shares]
    np.testing.assert_allclose(normal_quantiles(shares), quantiles, atol=2e-5)
    assert all(a < b for a, b in pairwise(normal_quantiles(shares)))
