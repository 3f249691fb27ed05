"""Lines of JSON as lines of CSV: the same values, or none; and nothing that is no JSON."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tables import table

from worker_image.ingester.reading.ndjson_text import Lines

TAG = b'"type":"thing"'
GOOD = {"id": 12, "name": "a b", "size": -1.50, "ok": True, "note": None}


def lines(*rows: dict[str, Any] | bytes) -> bytes:
    return b"".join(row if isinstance(row, bytes) else orjson.dumps(row) + b"\n" for row in rows)


def values(csv: bytes) -> list[list[Any]]:
    """A line of such CSV is a list of JSON without its brackets."""
    return [json.loads(b"[%b]" % line) for line in csv.splitlines()]


def assert_left_alone(line: bytes, *, among: bytes) -> None:
    assert Lines(among * 3).as_csv(b"")
    for text in (among + line + b"\n" + among, line + b"\n" + among):
        assert Lines(text).as_csv(b"") is None


def test_what_is_left_are_the_values() -> None:
    text = lines({"type": "thing", **GOOD}, {"type": "thing", **GOOD, "name": 'a,"'.strip('"')})
    keys, csv = Lines(text).as_csv(TAG) or ((), b"")
    assert keys == ("id", "name", "size", "ok", "note")
    assert csv == b'12,"a b",-1.5,true,null\n12,"a,",-1.5,true,null\n'


def test_lines_without_a_tag_and_numbers_as_they_were_written() -> None:
    text = b'{"a":1.500,"b":"}:1,"}\n{"a":1234567890123456789012345,"b":""}\n{"a":1E-7,"b":" "}\n'
    assert Lines(text).as_csv(b"") == (
        ("a", "b"),
        b'1.500,"}:1,"\n1234567890123456789012345,""\n1E-7," "\n',
    )


@table(
    "line",
    {
        "another order": b'{"name":"x","id":12}',
        "a space before": b'{"id": 12,"name":"x"}',
        "a key too many": b'{"id":12,"name":"x","more":1}',
        "a key too few": b'{"id":12}',
        "a key twice": b'{"id":12,"id":"x"}',
        "an escape": rb'{"id":12,"name":"\""}',
        "a nested value": b'{"id":12,"name":{"a":1}}',
        "a list": b'{"id":12,"name":[1]}',
        "a space behind": b'{"id":12 ,"name":"x"}',
        "a space at the end": b'{"id":12,"name":"x" }',
        "an empty object": b'{"id":{},"name":"x"}',
        "two values": b'{"id":1,2,"name":"x"}',
        "no text in UTF-8": b'{"id":12,"name":"\xff"}',
        "a zero byte": b'{"id":12,"name":"\0"}',
        "a leading zero": b'{"id":012,"name":"x"}',
        "a number that ends with a dot": b'{"id":12.,"name":"x"}',
        "a number that begins with a dot": b'{"id":.5,"name":"x"}',
        "two dots": b'{"id":1.2.3,"name":"x"}',
        "dots far apart": b'{"id":1.2345678901.3,"name":"x"}',
        "a date without quotes": b'{"id":2024-01-01,"name":"x"}',
        "a plus": b'{"id":+1,"name":"x"}',
        "a minus alone": b'{"id":-,"name":"x"}',
        "not a number": b'{"id":NaN,"name":"x"}',
        "a word": b'{"id":nil,"name":"x"}',
        "a longer word": b'{"id":nullx,"name":"x"}',
        "nothing": b'{"id":,"name":"x"}',
        "a string that does not end": b'{"id":12,"name":"x}',
        "two strings": b'{"id":12,"name":"x""y"}',
        "text behind a string": b'{"id":12,"name":"x"y}',
        "a quote alone": b'{"id":","name":"x"}',
        "no brace at the end": b'{"id":12,"name":"x"]',
        "a control character": b'{"id":12,"name":"x\ty"}',
        "a carriage return": b'{"id":12,"name":"x"}\r',
        "a blank line": b"",
        "an array": b'[12,"x"]',
        "nothing but braces": b"{}",
    },
)
def test_other_lines_are_left_alone(line: bytes) -> None:
    assert_left_alone(line, among=b'{"id":1,"name":"x"}\n')


@table(
    "line",
    {
        "a value too many and a string over a key": b'{"a":1,2,"b":"x,"c":y"}',
        "the same at the end": b'{"a":1,2,"b":"x,"c":"}',
        "a value too many and none": b'{"a":1,2,"b":,"c":"y"}',
        "a quote too few and one too many": b'{"a":","b":"x"y","c":"z"}',
        "two quotes alone": b'{"a":","b":","c":1}',
    },
)
def test_faults_that_make_up_for_each_other_are_found(line: bytes) -> None:
    assert_left_alone(line, among=b'{"a":1,"b":"x","c":"y"}\n')
    split = b'{"a":1,2,"b":"x","c":"y"}\n{"a":1,"b":"x,"c":y"}\n'
    assert Lines(split).as_csv(b"") is None


@pytest.mark.parametrize("tag", [b"", b'"type":"other"', b'"type":"thin"'])
def test_another_tag_than_that_of_the_lines(tag: bytes) -> None:
    text = lines({"type": "thing", "id": 1}) * 2
    found = Lines(text).as_csv(tag)
    assert found is None or found[0] == ("type", "id")


NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = NUMBERS | st.booleans() | st.none() | st.text(max_size=12)
KEYS = st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=6, unique=True)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    keys = draw(KEYS)
    rows = draw(st.lists(st.tuples(*[VALUES] * len(keys)), min_size=1, max_size=8))
    written = (json.dumps(dict(zip(keys, row, strict=True)), separators=(",", ":")) for row in rows)
    return "".join(f"{line}\n" for line in written).encode()


@given(documents())
def test_any_rows_have_the_same_values(text: bytes) -> None:
    found = Lines(text).as_csv(b"")
    if found is not None:
        rows = [json.loads(line) for line in text.splitlines()]
        assert [dict(zip(found[0], row, strict=True)) for row in values(found[1])] == rows


@given(documents(), st.integers(0), st.sampled_from(b'"{}[]:,.-+eE019tfn\n \x00\x80\\'))
def test_what_a_changed_byte_has_spoilt_is_never_taken(text: bytes, place: int, byte: int) -> None:
    changed = bytearray(text)
    changed[place % (len(text) - 1)] = byte
    found = Lines(bytes(changed)).as_csv(b"")
    if found is not None:
        rows = [json.loads(line) for line in bytes(changed).decode(errors="replace").splitlines()]
        texts = found[1].decode(errors="replace").encode()
        assert [dict(zip(found[0], row, strict=True)) for row in values(texts)] == rows
