"""What examples come to: fields, among others that they may mention, and their first values."""

import json
from typing import Any

from command_line.reference.markdown import code
from worker_image.generator import compile_dataset, load, parse

SEED = 1

SURROUNDINGS = """
version: 1
dataset: examples
as_of: 2025-11-01
records:
  product:
    count: 3
    fields:
      id: {key: true}
      name: {choice: [lamp, chair, desk], unique: true}
      price: {decimal: {min: 5, max: 200}}
  customer:
    count: 2
    fields:
      id: {key: true}
      since: {datetime: {from: -2y, to: -1y}}
      spent: {expression: sum(row.price)}
  row:
    parent: customer
    count: 3
    fields:
      id: {key: true}
      number: {integer: {min: 1, max: 999}}
      product_id: {ref: product.id}
      first_name: {faker: first_name}
      born: {date: {from: 1950-01-01, to: -18y}}
      quantity: {integer: {min: 1, max: 5}}
      price: {decimal: {min: 5, max: 200}}
      discount: {choice: {values: [0, 0.05, 0.1], weights: [6, 2, 2]}}
      ordered: {datetime: {from: customer.since, to: as_of - 20d}}
      shipped: {datetime: {from: ordered + 1h, to: ordered + 14d}}
      gift: {pattern: "??-##", null: 0.5}
      tip: {decimal: {min: 0, max: 9}, null: 0.5}
"""
"""The dataset in which examples are tried: each is a field more of its record type `row`."""

_LONGEST, _LINE = 70, 110


def rows(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the first unit with these fields more, each value as JSON has it.

    Raises:
        SpecError: a field is refused.
    """
    document: Any = load(SURROUNDINGS)
    document["records"]["row"]["fields"] |= fields
    unit = compile_dataset(parse(document), SEED).unit(0)
    lines = unit.documents[0].content.decode().splitlines()
    found = [json.loads(line, parse_float=_Digits) for line in lines]
    return [row for row in found if row["type"] == "row"]


class _Digits(float):
    """A number that is shown with the digits that it was written with."""

    def __new__(cls, text: str) -> "_Digits":
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str

    def __repr__(self) -> str:
        return self.text


def shown(value: Any) -> str:
    """A value as a reader meets it in NDJSON, cut where it is long."""
    text = value.text if isinstance(value, _Digits) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def values(example: str) -> str:
    """A few values of a field as it is written in an example."""
    texts = [shown(row["example"]) for row in rows({"example": load(example)})]
    taken: list[str] = []
    for text in texts if len(set(texts)) > 1 else texts[:1]:
        if taken and sum(map(len, taken)) + len(text) > _LINE:
            break
        taken.append(text)
    return ", ".join(map(code, taken))
