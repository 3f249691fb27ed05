"""Whether values are distributed as asked: goodness of fit with fixed random seeds."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import NormalDist, fmean
from typing import Any

import numpy as np
import pytest
from support.generator import column, document, retail, rows_of

from worker_image.generator import compile_dataset, parse, resolve
from worker_image.generator.curves import exp, log, normal_quantiles
from worker_image.generator.samplers import deal, fine_deal
from worker_image.generator.vocabulary import words

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


def assert_uniform(values: Sequence[float], least: float, most: float) -> None:
    assert least <= min(values) <= max(values) <= most
    assert_continuous(values, lambda value: (value - least) / (most - least))


def seconds(texts: Sequence[str]) -> list[int]:
    return [int(text.removeprefix("PT").removesuffix("S")) for text in texts]


def test_durations() -> None:
    assert_uniform(seconds(column(ROWS, duration={"min": "1d", "max": "9w"})), 86_400, 63 * 86_400)
    few = seconds(column(ROWS, duration={"min": "0s", "max": "7s"}))
    assert_weighted(few, dict.fromkeys(range(8), 1))
    spec = {"min": "1s", "max": "50w", "median": "2h", "sigma": 0.7}
    curve = NormalDist(math.log(7200), 0.7)
    values = seconds(column(ROWS, duration=spec))
    assert_continuous(values, lambda value: curve.cdf(math.log(value)))


def test_lengths_and_openings_of_texts() -> None:
    texts = column(ROWS, text={"min": 2, "max": 9})
    assert_weighted([len(text.split()) for text in texts], dict.fromkeys(range(2, 10), 1))
    openings = {word.capitalize() for word in words("en_US")}
    assert_weighted([text.split()[0].rstrip(".") for text in texts], dict.fromkeys(openings, 1))
    cut = column(ROWS, text={"min": 0, "max": 11, "of": "characters"})
    assert_weighted([len(text) for text in cut], dict.fromkeys(range(12), 1))
    assert len({text for text in cut if len(text) == 11}) > 0.9 * ROWS / 12


def test_arrays_and_what_is_in_them() -> None:
    of = {"object": {"a": {"choice": {"x": 3, "y": 1}, "null": 0.25}}, "null": 0.1}
    arrays = column(ROWS, array={"of": of, "min": 1, "max": 5})
    assert_weighted([len(array) for array in arrays], dict.fromkeys(range(1, 6), 1))
    for place in range(5):
        elements = [array[place] for array in arrays if len(array) > place]
        kinds = [element if element is None else element["a"] for element in elements]
        there = [("none" if e is None else k) for e, k in zip(elements, kinds, strict=True)]
        weights = {"none": 10, None: 90 * 0.25, "x": 90 * 0.75 * 0.75, "y": 90 * 0.75 * 0.25}
        assert_weighted(there, weights)


def related(**fields: Any) -> dict[str, Any]:
    """Four hundred shops with fifty rows each, and a hundred products."""
    key = {"id": {"key": {"start": 1}}}
    spec = document(50, shop_id={"ref": "shop.id"}, **fields)
    spec["records"]["row"]["parent"] = "shop"
    spec["records"]["shop"] = {"count": 400, "fields": {**key, "n": {"sequence": {}}}}
    spec["records"]["product"] = {"count": 100, "fields": key}
    return spec


@pytest.mark.parametrize("unique", [[], [["shop_id", "x"]]])
def test_references_are_uniform_alone_and_in_combinations(unique: list[list[str]]) -> None:
    spec = related(x={"ref": "product.id"})
    spec["records"]["row"]["unique"] = unique
    rows = rows_of(compile_dataset(parse(spec), 6).unit(3))["row"]
    values = [row["x"] for row in rows]
    assert_weighted(values, dict.fromkeys(range(301, 401), 1))
    assert_weighted(values[::50], dict.fromkeys(range(301, 401), 1))
    assert_weighted(values[49::50], dict.fromkeys(range(301, 401), 1))


def test_earlier_rows_are_referred_to_alike() -> None:
    rows = rows_of(
        compile_dataset(
            parse(document(ROWS, id={"key": {"start": 0}}, x={"ref": "row.id"})), 7
        ).unit(0)
    )
    shares = [(row["x"] + 0.5) / row["id"] for row in rows["row"][1000:]]
    assert_uniform(shares, 0, 1)


def test_steps_jitter_and_gaps_of_series() -> None:
    start = {"from": "2020-01-01", "every": "1h"}
    gaps = {"share": 0.2, "to": "6h"}
    rows = rows_of(
        compile_dataset(
            parse(
                related(
                    line={"sequence": {"start": 0}},
                    late={"datetime": {**start, "jitter": "40m"}},
                    rare={"datetime": {**start, "gaps": gaps}},
                )
            ),
            8,
        ).unit(0)
    )["row"]
    first = datetime(2020, 1, 1, tzinfo=UTC)
    late = [(datetime.fromisoformat(row["late"]) - first).total_seconds() for row in rows]
    assert_uniform([at - 3600 * row["line"] for at, row in zip(late, rows, strict=True)], 0, 2400)
    rare = [(datetime.fromisoformat(row["rare"]) - first).total_seconds() for row in rows]
    steps = [
        at - 3600 - before
        for before, (row, at) in zip(rare, list(zip(rows, rare, strict=True))[1:], strict=False)
        if row["line"]
    ]
    pauses = [step for step in steps if step]
    assert_weighted([step > 0 for step in steps], {True: 0.2, False: 0.8})
    assert_uniform(pauses, 0, 6 * 3600)


@pytest.mark.parametrize(
    "spec",
    [
        {"integer": {"min": 0, "max": 199_999}},
        {"decimal": {"min": 0, "max": 1999.99}},
        {"pattern": "#####"},
        {"choice": list(range(100_000))},
        {"datetime": {"from": "2020-01-01", "to": "2020-01-02T12:00:00"}},
    ],
)
def test_unique_values_have_no_visible_order(spec: dict[str, Any]) -> None:
    values = column(5000, units=4, **spec, unique=True)
    assert len(set(values)) == len(values)
    order = {value: place for place, value in enumerate(sorted(values))}
    ranks = [order[value] for value in values]
    top = len(ranks) - 1
    assert_uniform(ranks[:5000], 0, top)
    rising = sum(before < after for before, after in pairwise(ranks))
    assert abs(rising - top / 2) < 4 * math.sqrt(top / 12)
    for apart in (1, 2, 5000):
        near = [abs(one - other) / top for one, other in zip(ranks, ranks[apart:], strict=False)]
        assert_continuous(near, lambda share: 1 - (1 - share) ** 2)
    assert max(Counter(after - before for before, after in pairwise(ranks)).values()) < 12


@pytest.mark.parametrize(
    ("when", "share"), [("kind == 'a'", 0.6), ("kind != 'a' and n <= 5", 0.2), ("n > 0", 1)]
)
def test_conditions_of_record_types_meet_as_many_rows(when: str, share: float) -> None:
    kinds = {"choice": {"a": 60, "b": 30, "c": 10}}
    spec = document(ROWS, id={"key": True}, kind=kinds, n={"integer": {"min": 1, "max": 10}})
    child = {"parent": "row", "when": when, "count": 1, "fields": {"row_id": {"ref": "row.id"}}}
    spec["records"]["child"] = child
    unit = compile_dataset(parse(spec), 9).unit(0)
    deviation = math.sqrt(share * (1 - share) * ROWS)
    assert abs(unit.records["child"] - share * ROWS) <= 4 * deviation


def test_a_choice_from_a_file_follows_its_weights() -> None:
    content = b"city,people\nBern,13.5\nChur,4\nGenf,20\nThun,4.5\n"
    choice = {"of": "cities.csv", "column": "city", "weights": "people"}
    spec = resolve(document(ROWS, x={"choice": choice}), lambda _: content)
    rows = rows_of(compile_dataset(parse(spec), 10).unit(0))["row"]
    weights = {"Bern": 13.5, "Chur": 4, "Genf": 20, "Thun": 4.5}
    assert_weighted([row["x"] for row in rows], weights)


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
