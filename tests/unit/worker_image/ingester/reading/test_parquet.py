import io
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO, cast
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from support.documents import (
    Blocks,
    blocks,
    copy_texts,
    gzipped,
    memory_below,
    one_by_one,
    read,
    same,
)
from support.tables import table

from worker_image.contract import Reading
from worker_image.errors import PermanentError
from worker_image.ingester import reading
from worker_image.ingester.sink import Texts

NAME = "t/d.parquet"
NAN = float("nan")
NANOSECONDS = pa.timestamp("ns")
MOMENT = datetime(2024, 2, 29, 12, 0, 0, 123456)  # noqa: DTZ001 - columns without a zone
IN_UTC = MOMENT.replace(tzinfo=UTC)


def written(columns: Any, **options: Any) -> bytes:
    """A file of these columns."""
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file, **options)
    return file.getvalue()


@table(
    "column, expected",
    {
        "integers": (pa.array([1, None, -(2**63)]), [1, None, -(2**63)]),
        "unsigned": (pa.array([2**64 - 1], pa.uint64()), [2**64 - 1]),
        "floats": (pa.array([0.1, None, -1e300]), [0.1, None, -1e300]),
        "whole floats": (
            pa.array([1.0, -1e10, 0.0, 2.0**53 - 1, -(2.0**53), None]),
            [1, -(10**10), 0, 2**53 - 1, -(2.0**53), None],
        ),
        "floats that neither JSON nor an int has": (
            pa.array([-0.0, NAN, float("-inf")]),
            [Decimal("-0"), Decimal("NaN"), Decimal("-Infinity")],
        ),
        "single floats": (pa.array([0.5, 0.1], pa.float32()), [0.5, 0.10000000149011612]),
        "half floats": (pa.array([1.5, None], pa.float16()), [1.5, None]),
        "booleans": (pa.array([True, None, False]), [True, None, False]),
        "texts": (pa.array(["", None, 'a"b\n,\\.', "NA"]), ["", None, 'a"b\n,\\.', "NA"]),
        "large texts": (pa.array(["é"], pa.large_string()), ["é"]),
        "bytes": (pa.array([b"\xff\0", None, b""]), [b"\xff\0", None, b""]),
        "bytes of one size": (pa.array([b"ab"], pa.binary(2)), [b"ab"]),
        "decimals": (
            pa.array([Decimal("12.10"), Decimal("1E-10"), None], pa.decimal128(20, 10)),
            [Decimal("12.1000000000"), Decimal("1E-10"), None],
        ),
        "long decimals": (
            pa.array([Decimal("1" * 60 + ".25")], pa.decimal256(70, 2)),
            [Decimal("1" * 60 + ".25")],
        ),
        "dates": (pa.array([date.min, None, date.max]), [date.min, None, date.max]),
        "times": (pa.array([time(1, 2, 3, 4), None]), [time(1, 2, 3, 4), None]),
        "times in nanoseconds": (pa.array([3_000], pa.time64("ns")), [time(0, 0, 0, 3)]),
        "moments": (pa.array([MOMENT, None]), [MOMENT, None]),
        "moments in nanoseconds": (pa.array([MOMENT], NANOSECONDS), [MOMENT]),
        "moments in seconds": (pa.array([0], pa.timestamp("s")), [datetime(1970, 1, 1)]),  # noqa: DTZ001
        "moments with a zone": (pa.array([IN_UTC], pa.timestamp("us", "Europe/Berlin")), [IN_UTC]),
        "moments in UTC": (pa.array([IN_UTC, None], pa.timestamp("ns", "UTC")), [IN_UTC, None]),
        "durations": (pa.array([5_000], pa.duration("ns")), [timedelta(microseconds=5)]),
        "a dictionary": (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
        "nothing": (pa.nulls(2), [None, None]),
        "lists": (pa.array([[1, None], None, []]), [[1, None], None, []]),
        "lists of moments": (
            pa.array([[MOMENT]], pa.large_list(NANOSECONDS)),
            [[MOMENT]],
        ),
        "structures": (
            pa.array([{"a": [Decimal("1.5")], "b": None}, None]),
            [{"a": [Decimal("1.5")], "b": None}, None],
        ),
        "maps": (
            pa.array([[("x", MOMENT)], None, []], pa.map_(pa.string(), NANOSECONDS)),
            [{"x": MOMENT}, None, {}],
        ),
        "uuids": (
            pa.array([UUID(int=7).bytes], pa.uuid()),
            [UUID(int=7)],
        ),
    },
)  # fmt: skip
def test_values_of_each_type(column: Any, expected: list[Any]) -> None:
    rows = read(written({"v": column}), NAME)
    assert same([row["v"] for row in rows]) == same(expected)


def test_moments_of_spark_are_read_in_their_whole_range() -> None:
    moments = [MOMENT.replace(year=1504), MOMENT.replace(year=8000)]
    content = written({"v": pa.array(moments)}, use_deprecated_int96_timestamps=True)
    assert [row["v"] for row in read(content, NAME)] == moments


@table(
    "columns, text",
    {
        "numbers": ({"i": [1, None], "f": [0.5, NAN]}, b"1,0.5\n,nan\n"),
        "texts and nulls": ({"a": ["", None], "b": ['x"', "\\."]}, b'"","x"""\n,"\\."\n'),
        "one column": ({"a": pa.array([None, "x"])}, b'\n"x"\n'),
        "a dictionary": ({"a": pa.array(["x"]).dictionary_encode()}, b'"x"\n'),
        "times": (
            {"d": [date(2024, 2, 29)], "t": [IN_UTC], "n": pa.array([MOMENT], NANOSECONDS)},
            b"2024-02-29,2024-02-29 12:00:00.123456+0000,2024-02-29 12:00:00.123456\n",
        ),
        "decimals": ({"d": [Decimal("-12.50")], "b": [True]}, b"-12.50,true\n"),
        "bytes": ({"a": [1], "b": [b"x"]}, None),
        "nested values": ({"a": [1], "b": [[1]]}, None),
    },
)
def test_plain_columns_are_text_for_copy(columns: dict[str, Any], text: bytes | None) -> None:
    (copied,) = copy_texts(written(columns), NAME)
    assert (copied and (copied.columns, copied.text)) == (text and (tuple(columns), text))


def test_a_text_may_be_json_and_a_date_is_none() -> None:
    content = written({"a": ["x"], "i": [1], "d": [date(2026, 1, 2)], "f": [1.5]})
    (batch,) = reading.batches(blocks(content), NAME, Reading())
    assert batch.copy_text({"a", "i"}, {"a", "i"}) is not None
    for column in ("d", "f"):
        assert batch.copy_text({column}) is batch.copy_text((), {column}) is None
    assert isinstance(batch.rows()[0], Texts)


NUMBERS = written({"a": list(range(1000))})


@table(
    "content, reason",
    {
        "nothing": (b"", "damaged"),
        "no file": (b"PAR1" + b"x" * 100, "damaged"),
        "half a file": (NUMBERS[:-20], "damaged"),
        "a broken page": (NUMBERS[:40] + bytes(60) + NUMBERS[100:], "damaged"),
        "a name twice": (
            written(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])),
            "2 columns are named 'a'",
        ),
    },
)
def test_a_document_that_cannot_be_read_is_refused(content: bytes, reason: str) -> None:
    for read_all in (reading.batches, reading.rows):
        with pytest.raises(PermanentError, match=rf"^t/d\.parquet: {reason}"):
            list(read_all(blocks(content), NAME, Reading()))


@table(
    "column, fault",
    {
        "between microseconds": (pa.array([1000, 1001], NANOSECONDS), "would lose data: 1001"),
        "beyond the years": (pa.array([0, 2**60], pa.timestamp("us")), "out of range"),
        "no text": (pa.array([b"x", b"\xff"]).view(pa.string()), "utf-8"),
        "a key twice": (
            pa.array([[], [("x", 1), ("x", 2)]], pa.map_(pa.string(), pa.int64())),
            "x",
        ),
    },
)  # fmt: skip
def test_a_value_that_is_none_in_python_is_a_fault_of_its_row(column: Any, fault: str) -> None:
    content = written({"id": [1, 2], "v": column})
    good, bad = one_by_one(content, NAME)
    assert (good.number, good.fault, good.row["id"]) == (1, "", 1)
    assert (bad.number, bad.row, bad.raw) == (2, {}, {"id": 2})
    assert bad.fault.startswith("column 'v': ")
    assert fault in bad.fault
    (batch,) = reading.batches(blocks(content), NAME, Reading())
    with pytest.raises(PermanentError, match=r"^t/d\.parquet: column 'v': "):
        batch.rows()


def test_rows_are_counted_over_batches_and_groups() -> None:
    content = written({"n": list(range(50_000))}, row_group_size=15_000)
    batches = list(reading.batches(blocks(content), NAME, Reading(record_type="x")))
    assert {batch.record_type for batch in batches} == {"x"}
    assert max(len(batch.rows()) for batch in batches) <= 20_000
    assert [row["n"] for batch in batches for row in batch.rows()] == list(range(50_000))
    rows = one_by_one(content, NAME, record_type="x")
    assert [row.number - 1 for row in rows] == [row.row["n"] for row in rows] == list(range(50_000))
    assert rows[-1].raw == {"n": 49_999}


@pytest.mark.parametrize("name", ["t/d.parquet", "t/d.parquet.gz", "t/d"])
def test_files_without_rows_and_within_gzip(name: str) -> None:
    assert read(written({"a": pa.array([], pa.int64())}), name) == []
    assert read(gzipped(written({"a": [7]})), name, 1000) == [{"a": 7}]


def test_wide_rows_are_few_at_a_time() -> None:
    wide = written({f"c{n}": ["x" * 100] * 100 for n in range(2000)})
    large = written({"v": ["x" * 1_000_000] * 20}, use_dictionary=True)
    for content, most in ((wide, 25), (large, 5)):
        batches = reading.batches(blocks(content), NAME, Reading())
        assert max(len(batch.rows()) for batch in batches) <= most


def test_an_image_without_the_layer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        PermanentError, match=r"built without Parquet.*`--build-arg LAYERS=parquet`"
    ):
        one_by_one(written({"a": [1]}), NAME)


def long_file() -> Iterator[bytes]:
    """About 60 MB of a file, made as it is read."""
    sink = io.BytesIO()
    rows = pa.table({"n": range(50_000), "v": [f"some words {n}" * 5 for n in range(50_000)]})
    with parquet.ParquetWriter(sink, rows.schema, compression="none") as writer:
        for _ in range(15):
            writer.write_table(rows)
            yield sink.getvalue()
            sink.seek(0)
            sink.truncate()
    yield sink.getvalue()


def test_memory_does_not_grow_with_the_document() -> None:
    parts = list(long_file())
    pool = pa.default_memory_pool()
    counted = pa.proxy_memory_pool(pool)
    pa.set_memory_pool(counted)
    try:
        with memory_below(10_000_000):
            document = cast("BinaryIO", Blocks(parts))
            batches = reading.batches(lambda: document, NAME, Reading())
            texts = (batch.copy_text(()) for batch in batches)
            assert sum(text.text.count(b"\n") for text in texts if text) == 15 * 50_000
    finally:
        pa.set_memory_pool(pool)
    assert 0 < counted.max_memory() < 64_000_000


TYPES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float64(), st.floats(allow_nan=False, allow_infinity=False).filter(lambda each: each % 1)),
    (pa.bool_(), st.booleans()),
    (pa.string(), st.text(st.characters(codec="utf-8"), max_size=9)),
    (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["", "a", "é"])),
    (pa.binary(), st.binary(max_size=9)),
    (pa.decimal128(12, 3), st.decimals(-(10**8), 10**8, places=3)),
    (pa.date32(), st.dates()),
    (pa.time64("us"), st.times().map(lambda each: each.replace(fold=0))),
    (pa.timestamp("us"), st.datetimes().map(lambda each: each.replace(fold=0))),
    (pa.timestamp("us", "UTC"), st.datetimes().map(lambda each: each.replace(fold=0, tzinfo=UTC))),
    (pa.duration("us"), st.timedeltas(timedelta(-9999), timedelta(9999))),
    (pa.list_(pa.int64()), st.lists(st.none() | st.integers(-9, 9), max_size=3)),
    (pa.struct([("x", pa.string())]), st.fixed_dictionaries({"x": st.text("ab", max_size=2)})),
]


@st.composite
def tables(draw: st.DrawFn) -> tuple[Any, list[dict[str, Any]]]:
    chosen = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=4))
    rows = draw(st.integers(1, 6))
    columns = [
        draw(st.lists(st.none() | values, min_size=rows, max_size=rows)) for _, values in chosen
    ]
    names = [f"c{n}" for n in range(len(chosen))]
    arrays = [pa.array(values, kind) for values, (kind, _) in zip(columns, chosen, strict=True)]
    return pa.table(arrays, names=names), [
        dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)
    ]


@settings(max_examples=40)
@given(tables(), st.integers(1, 3), st.sampled_from([100, 1000]))
def test_what_arrow_writes_is_read_back(
    case: tuple[Any, list[dict[str, Any]]], group: int, size: int
) -> None:
    columns, rows = case
    assert same(read(written(columns, row_group_size=group), NAME, size)) == same(rows)
