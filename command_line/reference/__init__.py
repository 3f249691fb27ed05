"""The reference of the dataset language, made from the code that reads it."""

import inspect
from collections.abc import Iterator

from command_line.reference import expressions, formats
from command_line.reference.examples import SURROUNDINGS, values
from command_line.reference.markdown import code, document, table
from command_line.reference.members import forms, mappings, members
from command_line.schema import Schema, dataset_schema
from worker_image.generator import compile_dataset, instants, load, parse
from worker_image.generator.language import KINDS
from worker_image.generator.lists import VALUES_LIMIT

FIRST = """\
version: 1
dataset: shop
as_of: 2025-11-01
records:
  customer:
    count: 2
    fields:
      id: {key: true}
      name: {faker: name}
  order:
    parent: customer
    count: {uniform: [0, 3]}
    fields:
      id: {key: true}
      customer_id: {ref: customer.id}
      total: {decimal: {min: 5, max: 250}}
"""
"""The dataset that the reference opens with."""

_OPENING = """
<!-- Made by `make dataset-docs` from the code; what is changed here is lost. -->

# The dataset language

A dataset is a page of YAML or JSON: record types, their fields, how many rows they have and how
they belong together. One **unit** is a group of related records that is made alone, and is the same
byte for byte whenever and wherever it is made. `aci-jobs dataset` checks a dataset,
shows its rows, and estimates a run; [`dataset.schema.json`](dataset.schema.json) is for editors.
"""
_EVERY_KIND = """
A field is a mapping: the member that names its kind, and any of these. A key has no `null` and no
`when`. Inside `object` and `array` there is `null` alone.
"""
_UNIQUE = "`unique` needs as many values as a run may need: {}."


def reference() -> str:
    """The whole reference in Markdown; the same text every time."""
    return document(_blocks(dataset_schema()))


def _blocks(schema: Schema) -> Iterator[str]:
    defs = schema["$defs"]
    common = [name for name in next(iter(KINDS.values())).model_fields if name not in KINDS]
    yield _OPENING
    yield from _first()
    yield "## The document"
    yield members(schema, defs)
    yield "## Record types"
    yield defs["record"]["description"]
    yield members(defs["record"], defs)
    yield "## Every field"
    yield _EVERY_KIND
    yield members(defs[next(iter(KINDS))], defs, common)
    yield _UNIQUE.format(next(iter(KINDS.values())).unique_needs)
    yield "## Kinds of fields"
    yield table(("kind", "makes"), map(_line, KINDS))
    yield "Each example has some of the values that it makes in this dataset:"
    yield f"```yaml{SURROUNDINGS}      example: ...\n```"
    for kind in KINDS:
        yield from _kind(kind, defs[kind], defs)
    yield "## Times and durations"
    yield inspect.getdoc(instants) or ""
    yield (inspect.getdoc(instants.seconds) or "").partition("\n")[0]
    yield "## Lists in files"
    yield f"{_docstring(defs['list-column'])} At most {VALUES_LIMIT:,} values are allowed."
    yield "## Expressions"
    yield from expressions.section()
    yield "## Formats"
    yield from formats.section()


def _first() -> Iterator[str]:
    unit = compile_dataset(parse(load(FIRST)), 0).unit(0)
    yield f"```yaml\n{FIRST}```"
    yield "Unit 0 of it with the random seed 0:"
    yield f"```json\n{unit.documents[0].content.decode()}```"


def _line(kind: str) -> tuple[str, str]:
    summary = (inspect.getdoc(KINDS[kind]) or "").partition("\n\n")[0].replace("\n", " ")
    return f"[`{kind}`](#{kind})", summary


def _kind(kind: str, model: Schema, defs: dict[str, Schema]) -> Iterator[str]:
    value = model["properties"][kind]
    yield f"### {kind}"
    yield _docstring(model)
    yield f"Value: {forms(value, defs)}."
    inner = mappings(value, defs)
    for each in inner:
        if len(inner) > 1:
            yield f"{each['title'].capitalize()}: {each['description']}"
        yield members(each, defs)
    yield table(
        ("example", "values"), ((code(each), values(each)) for each in KINDS[kind].examples)
    )


def _docstring(model: Schema) -> str:
    return str(model["description"])
