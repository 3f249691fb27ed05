import gzip
import io
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO, cast

import orjson
import pytest
import zstandard
from worker_image.ingester.readers import read

from worker_image.errors import PermanentError

TWO = b'{"type":"a","id":1}\n{"type":"b","id":2}\n'


def compressed_gzip(data: bytes) -> bytes:
    """Without the time, so that tests have the same names in every process."""
    return gzip.compress(data, mtime=0)


def rows(
    content: bytes, name: str = "d.ndjson", record_type: str | None = None
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for batch in read(io.BytesIO(content), name, record_type):
        for kind, of_kind in batch.items():
            found.setdefault(kind, []).extend(of_kind)
    return found


def as_read(text: str) -> bytes:
    """A JSON value as it is after reading, numbers as their text."""
    return orjson.dumps(rows(f'{{"type":"a","v":{text}}}'.encode())["a"][0]["v"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.ndjson", TWO),
        ("d.jsonl", TWO),
        ("d.ndjson", TWO.rstrip()),
        ("d.ndjson", TWO.replace(b"\n", b"\r\n")),
        ("d.ndjson", b"\xef\xbb\xbf" + TWO),
        ("d.ndjson", b"\n  \n\r\n" + TWO.replace(b"\n", b"\n\n\t\n")),
        ("d.ndjson.gz", compressed_gzip(TWO)),
        ("d.ndjson.gz", compressed_gzip(TWO[:20]) + compressed_gzip(TWO[20:])),
        ("d.ndjson.zst", zstandard.compress(TWO)),
        ("d.ndjson.zst", zstandard.compress(TWO[:20]) + zstandard.compress(TWO[20:])),
        ("d.ndjson", compressed_gzip(TWO)),
        ("d.ndjson.gz", TWO),
    ],
)
def test_a_document_is_read_in_every_dress(name: str, content: bytes) -> None:
    assert rows(content, name) == {"a": [{"id": 1}], "b": [{"id": 2}]}


def test_a_document_without_types_is_of_one_type_and_keeps_its_members() -> None:
    assert rows(TWO, record_type="t") == {"t": [{"type": "a", "id": 1}, {"type": "b", "id": 2}]}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", compressed_gzip(b"")])
@pytest.mark.parametrize("record_type", [None, "t"])
def test_an_empty_document_has_no_rows(content: bytes, record_type: str | None) -> None:
    assert rows(content, record_type=record_type) == {}


@pytest.mark.parametrize("compressed", [compressed_gzip(TWO * 500), zstandard.compress(TWO * 500)])
@pytest.mark.parametrize("cut", [3, 10, -1])
def test_a_truncated_document_is_refused(compressed: bytes, cut: int) -> None:
    with pytest.raises(PermanentError, match=r"^d\.ndjson"):
        rows(compressed[:cut])


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_compressed_document_of_no_bytes_is_refused(suffix: str) -> None:
    with pytest.raises(PermanentError, match="empty"):
        rows(b"", "d.ndjson" + suffix)


def test_a_damaged_document_is_refused() -> None:
    compressed = bytearray(compressed_gzip(TWO * 500))
    compressed[-6] ^= 1  # in the checksum
    with pytest.raises(PermanentError, match=r"d\.ndjson: damaged"):
        rows(bytes(compressed))


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


@pytest.mark.parametrize("name", ["d.csv", "d", "d.ndjson.bz2", "dir.ndjson/d"])
def test_an_unknown_format_is_refused(name: str) -> None:
    with pytest.raises(PermanentError, match="no reader"):
        rows(TWO, name)


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


def test_what_the_stream_raises_passes_through() -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        list(read(Broken(), "d.ndjson.gz"))


class Endless(io.RawIOBase):
    """Many megabytes that nobody holds: `block` again and again."""

    def __init__(self, block: bytes, times: int) -> None:
        self._blocks: Iterator[bytes] = iter([block] * times)

    def read(self, _size: int = -1, /) -> bytes:
        return next(self._blocks, b"")


def test_memory_does_not_grow_with_the_document() -> None:
    block = b'{"type":"a","id":1,"text":"some words to read"}\n' * 1300
    tracemalloc.start()
    try:
        document = cast("BinaryIO", Endless(block, 50))
        count = sum(len(batch["a"]) for batch in read(document, "d.ndjson"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 65_000
    assert peak < 6_000_000


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(PermanentError, match="a line is over 33554432 bytes"):
        list(read(cast("BinaryIO", Endless(b"x" * 65536, 1000)), "d.ndjson"))
