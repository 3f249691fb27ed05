from decimal import Decimal
from typing import Any, BinaryIO, cast

import orjson
import pytest
from support.documents import Blocks, blocks, gzipped, memory_below

from worker_image.contract import Reading
from worker_image.errors import PermanentError
from worker_image.ingester.reading import batches

TWO = b'{"type":"a","id":1}\n{"type":"b","id":2}\n'


def rows(
    content: bytes, name: str = "d.ndjson", record_type: str = ""
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for batch in batches(blocks(content), name, Reading(record_type=record_type)):
        found.setdefault(batch.record_type, []).extend(batch.rows())
    return found


def as_read(text: str) -> bytes:
    """A JSON value as it is after reading, numbers as their text."""
    return orjson.dumps(rows(f'{{"type":"a","v":{text}}}'.encode())["a"][0]["v"])


@pytest.mark.parametrize(
    "content",
    [
        TWO,
        TWO.rstrip(),
        TWO.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + TWO,
        b"\n  \n\r\n" + TWO.replace(b"\n", b"\n\n\t\n"),
    ],
)
def test_a_document_is_read_in_every_dress(content: bytes) -> None:
    assert rows(content) == {"a": [{"id": 1}], "b": [{"id": 2}]}


def test_a_document_without_types_is_of_one_type_and_keeps_its_members() -> None:
    assert rows(TWO, record_type="t") == {"t": [{"type": "a", "id": 1}, {"type": "b", "id": 2}]}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", gzipped(b"")])
@pytest.mark.parametrize("record_type", ["", "t"])
def test_an_empty_document_has_no_rows(content: bytes, record_type: str) -> None:
    assert rows(content, record_type=record_type) == {}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{not json}", "line 3: .*'{not json}'"),
        (b'{"type":"a"', "line 3"),
        (b'{"type":"a"} {"type":"a"}', "line 3: Extra data"),
        (b'{"type":"a","v":NaN}', "line 3: NaN is not JSON"),
        (b'{"type":"a","v":-Infinity}', "line 3: -Infinity is not JSON"),
        (b"[1]", "line 3: not an object"),
        (b"null", "line 3: not an object"),
        (b'"type"', "line 3: not an object"),
        (b'{"id":1}', "line 3: no 'type'"),
        (b'{"type":7}', "line 3: no 'type'"),
        (b'{"type":["a"]}', "line 3: no 'type'"),
        (b'{"type":"a","v":"\xff"}', "line 3: .*can't decode byte 0xff"),
        (b'{"type":"a","v":"\\ud800"}', "line 3: .*surrogates"),
        (b'{"type":"a","v":%b}' % (b"[" * 100_000), "line 3: "),
        ('{"type":"a"}'.encode("utf-16"), "line 3: .*utf-8"),
    ],
)
def test_an_error_names_document_line_and_beginning(line: bytes, reason: str) -> None:
    with pytest.raises(PermanentError, match=rf"^dir/d\.ndjson, {reason}") as caught:
        rows(TWO + line + b"\n" + TWO, "dir/d.ndjson")
    assert len(str(caught.value)) < 400


def test_lines_are_counted_over_chunks_and_blank_lines() -> None:
    many = (b"\n" + TWO) * 5000
    with pytest.raises(PermanentError, match="line 15001: not an object: '7'"):
        rows(many + b"7\n" + many)


def test_a_row_that_is_not_an_object_is_found_with_a_given_type_too() -> None:
    with pytest.raises(PermanentError, match="line 2: not an object"):
        rows(b'{"id":1}\n[]\n', record_type="t")


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-1",
        "9007199254740993",
        "-9223372036854775808",
        "18446744073709551616",
        "123456789012345678901234567890",
        "0.1",
        "12.345678901234567890",
        "0.1000000000000000055511151231257827",
        "1234567890123456e5",
        "1e400",
        "1.5E-400",
        "1e-307",
    ],
)
def test_numbers_keep_their_value(number: str) -> None:
    assert Decimal(as_read(number).decode()) == Decimal(number)
    assert Decimal(as_read(f"[{number}]").decode()[1:-1]) == Decimal(number)


def test_long_numbers_in_strings_change_nothing() -> None:
    text = "12345678901234567890 1e-400 \\u00e9 \\n"
    assert as_read(f'"{text}"').decode() == '"12345678901234567890 1e-400 é \\n"'


def test_memory_does_not_grow_with_the_document() -> None:
    block = b'{"type":"a","id":1,"text":"some words to read"}\n' * 1300
    document = Blocks([block] * 50)
    with memory_below(6_000_000):
        found = batches(lambda: cast("BinaryIO", document), "d.ndjson", Reading())
        assert sum(len(batch.rows()) for batch in found) == 65_000


def test_a_line_without_end_is_refused() -> None:
    document = Blocks([b"x" * 65536] * 1000)
    with pytest.raises(PermanentError, match="a line is over 33554432 bytes"):
        list(batches(lambda: cast("BinaryIO", document), "d.ndjson", Reading()))
