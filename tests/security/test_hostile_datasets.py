"""Datasets that are made to harm: refused with a reason, or made in bounds: no code of theirs."""

import json
from pathlib import Path
from typing import Any

import pytest
from support import hostile
from support.bounded import bounded
from support.tables import table

from worker_image.generator import SpecError, parse
from worker_image.generator.vocabulary import provided, providers


def of(**fields: Any) -> str:
    """A dataset of one record type with these fields."""
    return json.dumps(
        {
            "version": 1,
            "dataset": "d",
            "as_of": "2025-01-01",
            "records": {"r": {"count": 2, "fields": {"id": {"key": True}, **fields}}},
        }
    )


def made(expression: str) -> str:
    return of(n={"integer": {"min": 1, "max": 9}}, x={"expression": expression})


def faker(provider: str, **args: Any) -> str:
    return of(x={"faker": {"provider": provider, "args": args}})


def counts(count: Any, depth: int = 1) -> str:
    """Record types within record types, each with so many rows."""
    records: dict[str, Any] = {}
    for level in range(depth):
        parent = {"parent": f"r{level - 1}"} if level else {}
        fields = {"id": {"key": True}}
        records[f"r{level}"] = {**parent, "count": count, "fields": fields}
    return json.dumps({"version": 1, "dataset": "d", "records": records})


LAUGHS = "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a, *a]\n" for n in range(30))
NESTED = json.loads('{"object":{"a":' * 40 + '{"integer":{"min":1,"max":2}}' + "}}" * 40)

REFUSED: dict[str, tuple[str | bytes, str]] = {
    # YAML
    "aliases of aliases": (LAUGHS, "anchors and aliases are not allowed"),
    "an object of Python": ("!!python/object/apply:os.system ['id']", "tags are not allowed"),
    "a name of Python": ("a: !!python/name:os.system", "tags are not allowed"),
    "a merge": ("<<: {a: 1}\nversion: 1", "unknown"),
    "more than a megabyte": (b"a: " + b"x" * (1 << 20), "at most 1048576 bytes are allowed"),
    "brackets": (b"[" * 500_000, "at most 32 levels are allowed"),
    "braces": (b'{"a":' * 200_000, ""),
    "a tree of JSON": ('{"a":' * 900 + "1" + "}" * 900, ""),
    "not UTF-8": (b"a: \xff", ""),
    "a number of a megabyte": (b"a: " + b"9" * 1_000_000, ""),
    "sixty thousand names": ("".join(f"n{n}: 1\n" for n in range(60_000)), ""),
    # how many
    "a count beyond all": (counts(10**18), "less than or equal to"),
    "ten million in each of ten million": (counts(10_000, depth=6), "rows"),
    "a chain of parents": (counts(2, depth=50), ""),
    "a negative count": (counts(-1), "greater than or equal to 0"),
    # expressions
    "an attribute": (made("n.__class__"), "is not a reference"),
    "a call of Python": (made("__import__('os').system('id')"), "allowed: fields, numbers"),
    "a call by a name": (made("eval('1')"), "allowed: "),
    "an index": (made("n[0]"), "allowed: fields, numbers"),
    "a lambda": (made("(lambda: 1)()"), "allowed: fields, numbers"),
    "a comprehension": (made("[a for a in (1, 2)]"), "allowed: fields, numbers"),
    "an f-string": (made("f'{n.__class__}'"), "allowed: fields, numbers"),
    "a power of powers": (made("9**9**9"), "allowed: fields, numbers"),
    "a shift": (made("1 << 999999999"), "allowed: fields, numbers"),
    "a text again and again": (made("'x' * 999999999"), ""),
    "products without end": (made("*".join(["n * 1000000"] * 20)), ""),
    "parentheses": (made("(" * 999 + "n" + ")" * 999), "too many nested parentheses"),
    "signs": (made("-" * 1_900 + "n"), "nested too deep"),
    "a sum of many": (made("+".join(["n"] * 900)), "nested too deep"),
    "an assignment": (made("(n := 1)"), "allowed: fields, numbers"),
    "a number of many digits": (made("9" * 1_900), "must fit 64 bits"),
    "an exponent": (made("1e999999999"), "must fit 64 bits"),
    # texts
    "a format's attribute": (of(x={"template": "{id.__class__}"}), "is not a reference"),
    "a format's index": (of(x={"template": "{id[0]}"}), ""),
    "a format's width": (of(x={"template": "{id:999999999}"}), "allowed: "),
    "a conversion": (of(x={"template": "{id!r}"}), "allowed: "),
    "a long template": (of(x={"template": "{id}" * 501}), "at most 2000 characters|parts"),
    "a long pattern": (of(x={"pattern": "#" * 999}), "at most 200 characters"),
    "long texts": (of(x={"text": {"min": 1, "max": 10**9}}), "less than or equal to"),
    "long arrays": (of(x={"array": {"of": {"key": True}, "max": 10**9}}), "less than or equal to"),
    "objects in objects": (of(x=NESTED), ""),
    "many members": (
        of(x={"object": {f"m{n}": {"integer": {"min": 0, "max": 1}} for n in range(51)}}),
        "at most 50",
    ),
    # Faker
    "a locale that is a path": (of(x={"faker": {"provider": "name", "locale": "../../etc"}}), ""),
    "a module as a locale": (of(x={"faker": {"provider": "name", "locale": "os.path"}}), ""),
    "a provider that is a path": (faker("../../etc/passwd"), "no provider"),
    "a provider of Python": (faker("__class__"), "no provider"),
    "the generator's own": (faker("add_provider"), "no provider"),
    "its own in a token": (
        faker("pystr_format", string_format="{{__init__}}"),
        "no provider '__init",
    ),
    "its own in a definition": (
        faker("json", data_columns=[["a", "add_provider", {"provider": "x"}]], num_rows=1),
        "no provider 'add_provider'",
    ),
    "a seed in a definition": (faker("json", data_columns={"a": "seed_instance"}), "no provider"),
    "billions of digits": (faker("random_number", digits=10**9), "a size may be at most 10000"),
    "billions of a decimal": (faker("pydecimal", left_digits=10**9), "a size may be at most"),
    "billions of spaces": (faker("json", indent=10**9), "a size may be at most 10000"),
    "a column of billions": (
        faker("fixed_width", data_columns=[[10**9, "name"]]),
        "a size may be at most 10000",
    ),
    "billions of bytes": (faker("binary", length=10**9), "a size may be at most 10000"),
    "billions of rows": (faker("json", num_rows=10**9), "a size may be at most 10000"),
    "billions of characters": (faker("text", max_nb_chars=10**9), "takes too long"),
}


@table("text, reason", REFUSED)
def test_a_hostile_dataset_is_refused_in_bounds(text: str | bytes, reason: str) -> None:
    outcome = bounded(hostile.validate, text)
    assert outcome.error.startswith("SpecError: "), outcome
    assert any(words in outcome.error for words in reason.split("|")), outcome
    assert outcome.seconds < 15, outcome
    assert outcome.megabytes < 250, outcome


LARGE: dict[str, str] = {
    "a regular expression's nightmare": of(x={"pattern": "(a+)+$" * 30}),
    "braces that are meant": of(x={"template": "{{" * 400 + "{id}"}),
    "names in strange letters": of(x={"constant": "\u202eevil\u2066\U000e0041"}),
    "SQL in a value": of(x={"constant": "'; drop table x; --"}),
    "an expression of all that fits": made("+".join(["n"] * 90)),
    "a text of Faker's with a token": faker("pystr_format", string_format="{{first_name}}"),
}


@table("text", LARGE)
def test_what_only_looks_hostile_is_data(text: str) -> None:
    outcome = bounded(hostile.first_unit, text)
    assert (outcome.error, outcome.value) == ("", 2)
    assert outcome.seconds < 15
    assert outcome.megabytes < 200


def test_no_dataset_changes_what_the_next_one_gets(tmp_path: Path) -> None:
    """Providers are shared by all datasets of a process."""
    before = providers("en_US")
    for text in ("{{__init__}}", "{{ seed }}", "{{add_provider}}"):
        with pytest.raises(SpecError):
            parse(json.loads(faker("pystr_format", string_format=text)))
    assert providers("en_US") == before
    assert provided("first_name", "en_US", {}, 1_000)
