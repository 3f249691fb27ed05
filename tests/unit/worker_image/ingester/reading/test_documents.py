import io
import struct
from typing import Any

import pytest
import zstandard
from support.documents import blocks, gzipped, one_by_one, read
from support.tables import table

from worker_image.contract import Reading
from worker_image.errors import PermanentError
from worker_image.ingester import reading

LINES = b'{"id":"1"}\n{"id":"2"}\n'
CSV = b"id\n1\n2\n"
ROWS = [{"id": "1"}, {"id": "2"}]
LONG = LINES * 500


def skipped(kind: int) -> bytes:
    """A frame of zstd that has nothing of the content."""
    return struct.pack("<II4s", 0x184D2A50 + kind, 4, b"ours")


@table(
    "name, content",
    {
        "lines by their suffix": ("t/d.ndjson", LINES),
        "lines by another suffix": ("t/d.jsonl", LINES),
        "lines in json": ("t/d.json", LINES),
        "a compressed suffix": ("t/d.ndjson.gz", gzipped(LINES)),
        "gzip in two members": ("t/d.ndjson.gz", gzipped(LINES[:5]) + gzipped(LINES[5:])),
        "zstd": ("t/d.ndjson.zst", zstandard.compress(LINES)),
        "zstd in two frames": (
            "t/d.ndjson.zst",
            zstandard.compress(LINES[:5]) + zstandard.compress(LINES[5:]),
        ),
        "zstd behind a frame to skip": ("t/d.ndjson.zst", skipped(0) + zstandard.compress(LINES)),
        "frames to skip everywhere": (
            "t/d.csv",
            skipped(15) + skipped(7) + zstandard.compress(CSV) + skipped(3),
        ),
        "gzip that the name hides": ("t/d.ndjson", gzipped(LINES)),
        "gzip that is none": ("t/d.ndjson.gz", LINES),
        "a suffix in capitals": ("t/D.CSV.GZ", gzipped(CSV)),
        "csv by its suffix": ("t/d.csv", CSV),
        "csv that the name hides": ("t/d.csv", zstandard.compress(CSV)),
        "tabs by the suffix": ("t/d.tsv", b"id\n1\n2\n"),
        "lines by their content": ("t/d", b"\xef\xbb\xbf\n  \r\n" + LINES),
        "csv by its content": ("t/d", CSV),
        "csv by its content, compressed": ("t/d.dat", gzipped(CSV)),
        "a dot in the folder": ("t.x/d", CSV),
    },
)
@pytest.mark.parametrize("size", [0, 1, 7])
def test_a_document_is_read_in_every_dress(name: str, content: bytes, size: int) -> None:
    assert read(content, name, size, record_type="t") == ROWS


@table(
    "name, content, how",
    {
        "a format": ("t/d.csv", LINES, {"format": "ndjson", "record_type": "t"}),
        "csv": ("t/d.ndjson", CSV, {"format": "csv"}),
        "gzip": ("t/d.csv", gzipped(CSV), {"compression": "gzip"}),
        "zstd": ("t/d.csv", zstandard.compress(CSV), {"compression": "zstd"}),
        "no compression": ("t/d.csv.gz", CSV, {"compression": "none"}),
    },
)
def test_what_is_given_counts_more_than_the_name(
    name: str, content: bytes, how: dict[str, Any]
) -> None:
    assert read(content, name, **how) == ROWS


def test_tabs_separate_the_fields_of_a_tsv_and_what_is_given_those_of_any() -> None:
    assert read(b"a,b\tc\n1,2\t3\n", "t/d.tsv.gz") == [{"a,b": "1,2", "c": "3"}]
    assert read(b"a;b\tc\n1;2\t3\n", "t/d.tsv", delimiter=";") == [{"a": "1", "b\tc": "2\t3"}]


def test_a_folder_names_the_record_type_unless_one_is_given() -> None:
    assert [row.record_type for row in one_by_one(CSV, "x/order/d.csv")] == ["order"] * 2
    assert [row.record_type for row in one_by_one(CSV, "x/order/d.csv", record_type="t")] == [
        "t"
    ] * 2
    with pytest.raises(PermanentError, match=r"d\.csv: it is in no folder"):
        one_by_one(CSV, "d.csv")


@table(
    "content",
    {
        "nothing": b"",
        "blank lines": b"\n\n",
        "a byte order mark": b"\xef\xbb\xbf",
        "nothing in gzip": gzipped(b""),
        "nothing in zstd": zstandard.compress(b""),
        "a frame of zstd to skip": skipped(9),
    },
)
@pytest.mark.parametrize("name", ["t/d.ndjson", "t/d.csv", "t/d"])
def test_an_empty_document_has_no_rows(name: str, content: bytes) -> None:
    assert read(content, name) == []


@pytest.mark.parametrize("compressed", [gzipped(LONG), zstandard.compress(LONG)])
@pytest.mark.parametrize("cut", [3, 10, -1])
@pytest.mark.parametrize("name", ["t/d.ndjson", "t/d.csv"])
def test_a_truncated_document_is_refused(compressed: bytes, cut: int, name: str) -> None:
    with pytest.raises(PermanentError, match=rf"^{name}"):
        read(compressed[:cut], name, compression="gzip" if compressed[0] == 0x1F else "zstd")


@pytest.mark.parametrize("how", [{}, {"compression": "gzip"}])
def test_a_compressed_document_of_no_bytes_is_refused(how: dict[str, Any]) -> None:
    for name in ["t/d.ndjson.gz", "t/d.csv.zst"]:
        with pytest.raises(PermanentError, match="empty"):
            read(b"", name, **how)


def test_a_damaged_document_is_refused() -> None:
    compressed = bytearray(gzipped(LONG))
    compressed[-6] ^= 1  # in the checksum
    with pytest.raises(PermanentError, match=r"t/d\.ndjson: damaged"):
        read(bytes(compressed), "t/d.ndjson", record_type="t")


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_compression_that_is_given_is_not_guessed(compression: str) -> None:
    with pytest.raises(PermanentError, match=r"t/d\.csv: damaged"):
        read(CSV, compression=compression)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(PermanentError, match=r"no format 'xml'; there are ndjson, csv, parquet"):
        read(CSV, format="xml")


@pytest.mark.parametrize("name", ["t/d.ndjson.gz", "t/d.csv", "t/d.parquet", "t/d"])
def test_what_the_stream_raises_passes_through(name: str) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        list(reading.batches(Broken, name, Reading()))


def test_a_document_of_blanks_alone_is_not_searched_to_its_end() -> None:
    assert read(b"\n" * 200_000 + CSV, "t/d", 1000) == ROWS
    assert [row.row for row in one_by_one(b" " * 100, "t/d.dat")] == []


def test_each_reading_opens_the_document_anew() -> None:
    opened = []

    def open_() -> Any:
        opened.append(1)
        return blocks(CSV)()

    batches = reading.batches(open_, "t/d.csv", Reading())
    assert not opened
    assert [batch.rows() for batch in batches] == [ROWS]
    assert len(list(reading.rows(open_, "t/d.csv", Reading()))) == 2
    assert len(opened) == 2
