from itertools import islice

import pytest
from support.tables import table

from worker_image.ingester.postgresql.names import made_names


@table(
    "parts, suffix, first",
    {
        "a key": (["order"], "pkey", "order_pkey"),
        "columns": (["order", "a", "b"], "key", "order_a_b_key"),
        "63 bytes": (["x" * 58], "pkey", "x" * 58 + "_pkey"),
    },
)
def test_the_first_name_is_that_of_postgresql(parts: list[str], suffix: str, first: str) -> None:
    assert next(made_names(parts, suffix)) == first


@pytest.mark.parametrize("parts", [["x" * 59], ["é" * 31], ["x" * 63, "y" * 63], ["a", "é" * 40]])
def test_a_name_that_is_too_long_is_cut_and_told_apart(parts: list[str]) -> None:
    name = next(made_names(parts, "pkey"))
    assert 60 <= len(name.encode()) <= 63
    assert name.startswith("_".join(parts)[:20])
    assert name != next(made_names([*parts[:-1], parts[-1][:-1] + "z"], "pkey"))


def test_names_are_the_same_always_and_never_end() -> None:
    names = list(islice(made_names(["t", "a", "b"], "idx"), 5))
    assert names == list(islice(made_names(["t", "a", "b"], "idx"), 5))
    assert len(set(names)) == 5
    others = list(islice(made_names(["t", "a_b"], "idx"), 5))
    assert set(names) & set(others) == {"t_a_b_idx"}
