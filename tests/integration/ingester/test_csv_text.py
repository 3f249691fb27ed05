"""COPY makes of a document's text what the readers make of it."""

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from pyarrow import parquet
from support.documents import blocks
from support.tables import table

from worker_image.contract import Reading
from worker_image.ingester import reading
from worker_image.ingester.sink import Batch, CopyText

Values = list[tuple[Any, ...]]


def copied(connection: psycopg.Connection, columns: str, texts: Sequence[CopyText]) -> Values:
    """What is in a new table of these columns after one COPY of all texts."""
    connection.execute(f"create temporary table t (n serial, {columns})".encode())
    with connection.cursor().copy(_statement(texts[0])) as copy:
        for text in texts:
            copy.write(text.text)
    names = sql.SQL(", ").join(map(sql.Identifier, texts[0].columns))
    found = connection.execute(sql.SQL("select {} from t order by n").format(names)).fetchall()
    connection.execute("drop table t")
    return found


def _statement(text: CopyText) -> sql.Composed:
    dialect = text.dialect
    return sql.SQL(
        "copy t ({}) from stdin with (format csv, delimiter {}, quote {}, escape {}, null {})"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, text.columns)),
        *map(sql.Literal, (dialect.delimiter, dialect.quote, dialect.escape, dialect.null)),
    )


def values(batches: Iterable[Batch]) -> Values:
    return [tuple(row.values()) for batch in batches for row in batch.rows()]


def batches(content: bytes, name: str, **how: Any) -> list[Batch]:
    return list(reading.batches(blocks(content), name, Reading(**how)))


@table(
    "content, how",
    {
        "quotes of all kinds": (b'a,b\n"x""y",z"p,"q\n"","""\n"""\n', {}),
        "nulls and empty texts": (b'a,b\n,""\nNA,"NA"\n', {}),
        "another null": (b'a,b\n\\N,"\\N"\n,x\n', {"null": "\\N"}),
        "one column": (b'a\n""\nx\n" "\n', {}),
        "CRLF": (b'a,b\r\n"x\r\ny","\n"\r\n"\r",\r\n', {}),
        "line ends of all kinds": (b'a,b\r\n1,2\r3,"4\r"\n5,6', {}),
        "blank lines in quotes": (b'a,b\n"\n\nx",\n', {}),
        "an end in quotes": (b'a,b\n"\n\\.\n","\\."\n"\\.",x\n', {}),
        "backslashes": (b"a,b\n\\N,\\\\\nx\\.,\\n\n", {}),
        "semicolons": (b'a;b\n1,5;";"\n', {"delimiter": ";"}),
        "tabs": (b"a\tb\n\t x \n", {"delimiter": "\t"}),
        "another quote": (b"a|b\n'x|''y'|\"\n", {"delimiter": "|", "quote": "'"}),
        "escapes": (b'a,b\n"x\\"\\\\\\n\n",\\\n"x""y",\\"z\\\\"\n', {"escape": "\\"}),
        "latin-1": ("a,b\né,ß\n".encode("latin-1"), {"encoding": "latin-1"}),
        "many rows": (b'a,b\r\n' + b'"x ""y""\n",\r\n' * 30_000, {}),
    },
)  # fmt: skip
def test_text_is_copied_to_what_is_read(
    postgresql: str, content: bytes, how: dict[str, Any]
) -> None:
    found = batches(content, "t/d.csv", **how)
    texts = [text for batch in found if (text := batch.copy_text(()))]
    assert len(texts) == len(found)
    with psycopg.connect(postgresql) as connection:
        assert copied(connection, "a text, b text", texts) == values(found)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from(list("\"',\\\r\n. Nx")), max_size=24), st.sampled_from(["", "\\"]))
def test_any_text_is_copied_to_what_is_read(postgresql: str, text: str, escape: str) -> None:
    how: dict[str, Any] = {"header": False, "columns": ("a",), "delimiter": "|", "escape": escape}
    found = batches(text.encode(), "t/d.csv", **how)
    texts = [copy for batch in found if (copy := batch.copy_text(()))]
    rows = list(reading.rows(blocks(text.encode()), "t/d.csv", Reading(**how)))
    if texts and not any(row.fault for row in rows):
        with psycopg.connect(postgresql) as connection:
            assert copied(connection, "a text", texts) == [(row.row["a"],) for row in rows]


def test_text_of_parquet_is_copied_to_the_same_values(postgresql: str) -> None:
    moment = datetime(2024, 2, 29, 12, 0, 0, 123456)  # noqa: DTZ001 - a column without a zone
    columns = {
        "i": (pa.array([1, None, -(2**63)]), "bigint"),
        "u": (pa.array([2**64 - 1, None, 0], pa.uint64()), "numeric"),
        "f": (pa.array([0.1, 1e-7, float("-inf")]), "double precision"),
        "g": (pa.array([1e300, None, 5e-324]), "double precision"),
        "r": (pa.array([0.1, None, 16777216.0], pa.float32()), "double precision"),
        "b": (pa.array([True, None, False]), "boolean"),
        "s": (pa.array(["", None, 'a"b\n,\\.\r']), "text"),
        "e": (pa.array(["\\.", "\n\n", "é"]), "text"),
        "d": (pa.array([date(1, 1, 1), None, date(9999, 12, 31)]), "date"),
        "m": (pa.array([moment, None, moment.replace(year=4)]), "timestamp"),
        "z": (pa.array([moment.replace(tzinfo=UTC), None, None]), "timestamptz"),
        "p": (pa.array([Decimal("1E-10"), Decimal(-12), None], pa.decimal128(20, 10)), "numeric"),
        "t": (pa.array([moment.time(), None, None]), "time"),
    }  # fmt: skip
    file = io.BytesIO()
    parquet.write_table(pa.table({name: column for name, (column, _) in columns.items()}), file)
    found = batches(file.getvalue(), "t/d.parquet")
    texts = [text for batch in found if (text := batch.copy_text(()))]
    with psycopg.connect(postgresql) as connection:
        connection.execute("set time zone 'UTC'")
        definitions = ", ".join(f"{name} {kind}" for name, (_, kind) in columns.items())
        assert copied(connection, definitions, texts) == values(found)
