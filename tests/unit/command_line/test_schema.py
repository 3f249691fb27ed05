"""The schema that editors get: the committed file, what it says, takes and refuses."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.command_line import CHECKOUT, printed
from support.examples import EXAMPLES, NAMES
from support.generator import EVERY_KIND, document

from command_line.schema import dataset_schema
from worker_image.generator import SpecError, load, parse
from worker_image.generator.language import KINDS

SCHEMA = dataset_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
TOP = document(x={"constant": 1})


def faults(spec: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(spec)]


def models() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "dataset", SCHEMA
    yield from SCHEMA["$defs"].items()


def keywords(schema: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        yield from schema.items()
    for part in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(part, dict | list):
            yield from keywords(part)


def test_the_committed_file_is_up_to_date() -> None:
    committed = (CHECKOUT / "docs" / "dataset.schema.json").read_text()
    assert committed == printed("schema"), "make dataset-docs"


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert "$id" not in SCHEMA


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_every_example(name: str) -> None:
    assert faults(load((EXAMPLES / name / "dataset.yaml").read_bytes())) == []


def test_it_takes_every_kind() -> None:
    assert faults(EVERY_KIND) == []
    examples = [load(text) for kind in KINDS.values() for text in kind.examples]
    assert faults(document(**{f"f{place}": each for place, each in enumerate(examples)})) == []


def test_every_member_has_its_name_and_a_meaning() -> None:
    for name, model in models():
        assert model["title"] == name.replace("-", " ")
        assert model["description"]
        for member, schema in model.get("properties", {}).items():
            assert schema["title"] == member
            assert schema["description"], f"{name}.{member}"


def test_no_name_of_the_code_is_in_it() -> None:
    text = json.dumps(SCHEMA)
    assert "\\u0000" not in text
    for word in ("Field", "Options", "Spec", "build", "pydantic"):
        assert word not in text
    assert {name for name, _ in models()} >= set(KINDS)


def test_each_kind_needs_its_member_and_allows_no_other() -> None:
    for kind in KINDS:
        model = SCHEMA["$defs"][kind]
        assert model["required"] == [kind]
        assert model["additionalProperties"] is False
        assert model["properties"].keys() & KINDS.keys() == {kind}
        assert len(model["examples"]) == len(KINDS[kind].examples)
    assert [each["$ref"] for each in SCHEMA["$defs"]["field"]["oneOf"]] == [
        f"#/$defs/{kind}" for kind in KINDS
    ]


def test_what_may_be_left_out_is_not_offered_as_null() -> None:
    assert not [value for name, value in keywords(SCHEMA) if (name, value) == ("type", "null")]
    assert not [value for name, value in keywords(SCHEMA) if name == "default" and value is None]


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None},
        {"dataset": "two words"},
        {"dataset": 7},
        {"records": {}},
        {"record": {}},
        {"locale": 1},
        {"as_of": 2025},
        {"records": {"two words": TOP["records"]["row"]}},
        {"records": {"row": []}},
    ],
)
def test_it_refuses_the_top_of_a_document(change: dict[str, Any]) -> None:
    refused({**TOP, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"count": -1},
        {"count": "many"},
        {"count": 1.5},
        {"count": {}},
        {"count": {"poisson": 0}},
        {"count": {"poisson": 2, "uniform": [1, 2]}},
        {"count": {"uniform": [1, 2, 3]}},
        {"feilds": {}},
        {"fields": {}},
        {"fields": {"a b": {"constant": 1}}},
        {"shared": "yes"},
        {"unique": ["a"]},
        {"unique": [[]]},
    ],
)
def test_it_refuses_a_record_type(change: dict[str, Any]) -> None:
    refused({**TOP, "records": {"row": {**TOP["records"]["row"], **change}}})


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "{}",
        "{description: only}",
        "{integr: {min: 1, max: 2}}",
        "{integer: {min: 1, max: 2}, decimal: {min: 1, max: 2}}",
        "{integer: {min: 1, maxx: 2}}",
        "{integer: {min: a, max: 2}}",
        "{integer: {min: 1.5, max: 2}}",
        "{integer: [1, 2]}",
        "{integer: {normal: {mean: 0}}}",
        "{decimal: {min: 0, max: 1, scale: 9}}",
        "{uuid: true, nul: 0.1}",
        "{uuid: true, null: 1.5}",
        "{uuid: true, unique: 'yes'}",
        "{uuid: false}",
        "{key: false}",
        "{key: {start: -1}}",
        "{ref: {distribution: zipf}}",
        "{ref: {to: a.b, distribution: pareto}}",
        "{choice: []}",
        "{choice: {}}",
        "{choice: {a: 0}}",
        "{choice: {values: [1, [2]]}}",
        "{choice: {of: a.csv}}",
        "{constant: null}",
        "{pattern: ''}",
        "{boolean: 2}",
        "{boolean: true}",
        "{sequence: {start: 1, stop: 2}}",
        "{datetime: {from: -5y}}",
        "{datetime: {from: -5y, every: 1h, gaps: {to: 6h}}}",
        "{duration: {min: 5, max: 6}}",
        "{faker: {locale: de_DE}}",
        "{text: {min: 1, max: 2, of: letters}}",
        "{object: {}}",
        "{object: {a: 5}}",
        "{array: {of: {integr: 1}, max: 3}}",
        "{array: {of: {constant: 1}, max: 99}}",
    ],
)
def test_it_refuses_a_field(text: str) -> None:
    refused(document(x=load(text)))


def refused(spec: object) -> None:
    """By the schema, and by the language itself."""
    assert faults(spec)
    with pytest.raises(SpecError):
        parse(spec)
