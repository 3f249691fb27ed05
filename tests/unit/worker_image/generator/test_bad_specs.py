"""What is refused, where the fault is said to be, and what is said to be allowed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.generator import document
from support.tables import table as cases

from worker_image.generator import (
    Form,
    Format,
    Problem,
    SpecError,
    check_form,
    compile_dataset,
    load,
    parse,
)
from worker_image.generator.kinds.base import Options
from worker_image.generator.language import KINDS

ROW = "records.row.fields.x"


def problems(spec: object) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        parse(spec)
    assert str(caught.value)
    return [(problem.path, problem.reason) for problem in caught.value.problems]


def table(name: str) -> Any:
    return load((Path(__file__).parent / name).read_bytes())


@pytest.mark.parametrize(("spec", "path", "reason"), table("bad_fields.yaml"))
def test_refuses_a_field(spec: object, path: str, reason: str) -> None:
    ((found, text),) = problems(document(x=spec))
    assert found == ROW + path
    assert re.search(reason, text), text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a\0b", "without NUL"),
        ("\ud800", "lone surrogates"),
        (float("nan"), "finite"),
        (2**64, "64 bits"),
        (object(), "allowed: mappings"),
        ([[[]]] * 2, "allowed: texts"),
    ],
)
def test_refuses_values_that_no_document_can_carry(value: object, reason: str) -> None:
    ((found, text),) = problems(document(x={"constant": value}))
    assert found == f"{ROW}.constant"
    assert re.search(reason, text), text


def test_refuses_names_that_are_not_texts() -> None:
    spec: dict[Any, Any] = {**document(), 1: 2}
    assert problems(spec) == [("1", "a name must be a text: quote it")]


def test_refuses_what_is_nested_too_deep() -> None:
    deep: Any = 1
    for _ in range(50):
        deep = {"a": deep}
    ((_, reason),) = problems(deep)
    assert reason == "at most 32 levels are allowed"


def related(**changes: Any) -> dict[str, Any]:
    """Customers with orders, and products; `changes` replace members of `order`."""
    key = {"id": {"key": True}}
    since = {"datetime": {"from": "-2y", "to": "-1y"}}
    order = {"parent": "customer", "count": 2, "fields": {**key, "n": {"sequence": {}}}}
    records: dict[str, Any] = {
        "customer": {"count": 3, "fields": {**key, "since": since}},
        "order": order | changes,
        "product": {"count": {"uniform": [0, 4]}, "fields": {**key, "name": {"constant": "x"}}},
    }
    return {"version": 1, "dataset": "d", "as_of": "2025-01-01", "records": records}


@pytest.mark.parametrize(("changes", "path", "reason"), table("bad_records.yaml"))
def test_refuses_what_does_not_hold_together(changes: Any, path: str, reason: str) -> None:
    ((found, text),) = problems(related(**changes))
    assert found == f"records.order.{path}"
    assert re.search(reason, text), text


def with_total(total: str, changes: Any) -> dict[str, Any]:
    """The same with a field of `customer` that looks at its orders."""
    spec = related(**changes)
    spec["records"]["customer"]["fields"]["x"] = {"expression": total}
    return spec


@pytest.mark.parametrize(("total", "changes", "path", "reason"), table("bad_totals.yaml"))
def test_refuses_what_cannot_be_totalled(total: str, changes: Any, path: str, reason: str) -> None:
    ((found, text),) = problems(with_total(total, changes))
    assert found == f"records.{path}"
    assert re.search(reason, text), text


def test_refuses_references_in_a_circle() -> None:
    spec = related()
    spec["records"]["customer"]["fields"]["last"] = {"ref": "order.id"}
    assert problems(spec) == [
        (
            "records.customer.fields.last.ref",
            "allowed: ancestors, and record types that neither belong nor refer to this one",
        )
    ]
    spec["records"]["order"].pop("parent")
    spec["records"]["order"]["fields"]["owner"] = {"ref": "customer.id"}
    ((path, reason),) = problems(spec)
    assert path == "records.order.fields.owner.ref"
    assert "neither belong nor refer" in reason


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        ("version", 2, "1"),
        ("dataset", "two words", "match pattern"),
        ("as_of", "tomorrow", "ISO 8601"),
        ("locale", "en_XX", "did you mean"),
        ("records", {}, "at least 1 item"),
        ("extra", 1, "allowed: as_of, dataset"),
    ],
)
def test_refuses_the_top_of_a_document(member: str, value: object, reason: str) -> None:
    ((path, text),) = problems({**document(x={"constant": 1}), member: value})
    assert path == member
    assert re.search(reason, text), text


@pytest.mark.parametrize("spec", [None, [], "text", 5])
def test_refuses_what_is_no_mapping(spec: object) -> None:
    assert problems(spec) == [("", "a mapping is needed")]


def test_refuses_relative_times_without_a_day() -> None:
    spec = document(x={"date": {"from": "-5y", "to": "as_of"}})
    del spec["as_of"]
    ((path, reason),) = problems(spec)
    assert (path, reason) == (f"{ROW}.date.from", "as_of is needed at the top of the document")


def test_finds_all_problems_and_blames_each_once() -> None:
    spec = document(
        a={"integer": {"min": 9, "max": "x"}},
        b={"template": "{a} {c}"},
        c={"choice": {}},
        d={"template": "{b}"},
        e={"faker": "nmae"},
        f={"datetime": {"from": "g", "to": "g + 1d"}},
        g={"datetime": {"from": "as_of", "to": "-1d"}},
    )
    found = {path.split(".")[3]: path for path, _ in problems(spec)}
    assert sorted(found) == ["a", "c", "e", "g"]


def test_refuses_templates_that_double_at_each_step() -> None:
    doubling = {f"t{n}": {"template": f"{{t{n + 1}}}{{t{n + 1}}}"} for n in range(40)}
    ((_, reason),) = problems(document(**doubling, t40={"constant": "x"}))
    assert "500 parts" in reason


def test_refuses_a_chain_too_long_to_follow() -> None:
    chain = {f"t{n}": {"template": f"{{t{n + 1}}}"} for n in range(90)}
    ((_, reason),) = problems(document(**chain, t90={"constant": "x"}))
    assert "a chain of more than 60" in reason


def test_refuses_units_beyond_the_values_of_a_unique_field() -> None:
    dataset = parse(document(100, x={"pattern": "###", "unique": True}))
    assert dataset.max_units == 10
    compiled = compile_dataset(dataset, 1)
    assert compiled.unit(9)
    with pytest.raises(SpecError, match="units 0 to 9"):
        compiled.unit(10)
    with pytest.raises(SpecError, match="unit"):
        compiled.unit(-1)


MAYBE = {"choice": ["a", "b"], "null": 0.5}


@pytest.mark.parametrize("others", [{}, {"y": {"constant": 1, "hidden": True}}])
def test_refuses_csv_in_which_a_row_may_be_a_blank_line(others: dict[str, Any]) -> None:
    dataset = parse(document(x=MAYBE, **others))
    for refuse in (check_form, lambda given, form: compile_dataset(given, 1, form)):
        with pytest.raises(SpecError) as caught:
            refuse(dataset, Form(Format.CSV))
        assert str(caught.value).startswith(f"{ROW}: 'csv': may be null, ")
        assert "allowed: a field that is never null" in str(caught.value)


@cases(
    "fields, form",
    {
        "never null": ({"x": {"choice": ["a", ""]}}, "csv"),
        "with a field beside it": ({"x": MAYBE, "y": MAYBE}, "csv"),
        "in lines of JSON": ({"x": MAYBE}, "ndjson"),
        "in Parquet": ({"x": MAYBE}, "parquet"),
    },
)
def test_takes_other_rows_of_one_field(fields: dict[str, Any], form: str) -> None:
    assert compile_dataset(parse(document(**fields)), 1, Form(Format(form))).unit(0).rows


def every_bad_document() -> Iterator[dict[str, Any]]:
    yield from (document(x=spec) for spec, _, _ in table("bad_fields.yaml"))
    yield from (related(**changes) for changes, _, _ in table("bad_records.yaml"))
    yield from (with_total(total, changes) for total, changes, _, _ in table("bad_totals.yaml"))


def test_every_problem_leads_into_the_document_and_shows_what_is_there() -> None:
    inner = {kind.__name__ for kind in (*KINDS.values(), *every_model())}
    inner |= {"pydantic", "Error(", "Traceback", "<class", "object at 0x", "function-", "[key]"}
    for spec in every_bad_document():
        with pytest.raises(SpecError) as caught:
            parse(spec)
        for problem in caught.value.problems:
            text = str(problem)
            assert not [word for word in inner if word in text]
            assert "\0" not in text
            assert text.startswith(f"{problem.path}: ")
            assert leads_into(problem, spec), text


def every_model(model: type[Options] = Options) -> Iterator[type[Options]]:
    for below in model.__subclasses__():
        yield below
        yield from every_model(below)


def leads_into(problem: Problem, spec: object) -> bool:
    *way, last = problem.path.split(".")
    here: Any = spec
    for step in way:
        here = here[int(step)] if isinstance(here, list) else here[step]
    if problem.reason == "this is needed":
        return last not in here
    there = here[last] if isinstance(here, dict) else here[int(last)]
    return problem.value is not None or there is None or "min and max" in problem.reason
