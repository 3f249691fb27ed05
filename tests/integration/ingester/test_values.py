"""Every value arrives as it was written."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from support.ingester import document, run, sink_of, streamed

from worker_image.errors import PermanentError
from worker_image.ingester.postgresql.sink import PostgresqlSink
from worker_image.ingester.reading.rows import Rows
from worker_image.tables import Column, ColumnType, Table

EVERY = Table(
    "every",
    (
        Column("place", ColumnType.INTEGER, key=True),
        *(Column(each, each, nullable=True) for each in ColumnType),
    ),
)
# A column, the JSON written for it, and how PostgreSQL shows it.
WRITTEN: list[tuple[str, str, str | None]] = [
    ("integer", "9223372036854775807", "9223372036854775807"),
    ("integer", "-9223372036854775808", "-9223372036854775808"),
    ("integer", '"12"', "12"),
    ("integer", "null", None),
    ("decimal", "12.10", "12.1"),
    ("decimal", '"12.10"', "12.10"),
    ("decimal", "0.12345678901234567890123", "0.12345678901234567890123"),
    ("text", '""', ""),
    ("text", '"null"', "null"),
    ("text", "null", None),
    ("text", '"\\\\N \\\\. \\/ \\u00e9 \\ud83d\\ude00"', "\\N \\. / é 😀"),
    ("text", '"a\\tb\\r\\nc\\u0001\\"d\\""', 'a\tb\r\nc\x01"d"'),
    ("text", '"],[ {"', "],[ {"),
    ("text", "12345678901234567890.5", "12345678901234567890.5"),
    ("boolean", "true", "true"),
    ("boolean", "false", "false"),
    ("date", '"2024-02-29"', "2024-02-29"),
    ("timestamp", '"2024-02-29T12:00:00.123456+02:00"', "2024-02-29 10:00:00.123456+00"),
    ("timestamp", '"2024-02-29T12:00:00"', "2024-02-29 12:00:00+00"),
    ("duration", '"P1DT2H3.5S"', "1 day 02:00:03.5"),
    ("uuid", '"550e8400-e29b-41d4-a716-446655440000"', "550e8400-e29b-41d4-a716-446655440000"),
    ("json", '"text"', '"text"'),
    ("json", "17", "17"),
    ("json", "null", None),
    ("json", '{"a": [1.5, "\\n\\"\\\\", null]}', '{"a": [1.5, "\\n\\"\\\\", null]}'),
    ("json", "[12345678901234567890.12]", "[12345678901234567890.12]"),
]
# PostgreSQL stores no NUL, and half a surrogate pair is no text.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
NUMBERS = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.decimals(-(10**12), 10**12, places=12).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["0.1", "1E5", "1e-400", "1e400", "-0", "18446744073709551616"]),
)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture
def prepared(sink: PostgresqlSink, database: str) -> PostgresqlSink:
    run(
        database,
        f"alter database {conninfo_to_dict(database)['dbname']} set timezone = 'Asia/Tokyo'",
    )
    sink.prepare((EVERY,))
    return sink


def test_values_of_each_type(prepared: PostgresqlSink, database: str) -> None:
    lines = [
        f'{{"type":"every","place":{place},"{kind}":{written}}}'.encode()
        for place, (kind, written, _) in enumerate(WRITTEN)
    ]
    prepared.load(document(*lines))
    for place, (kind, written, expected) in enumerate(WRITTEN):
        found = run(database, f"select {kind}::text from every where place = {place}")  # noqa: S608 - constants
        assert found == [(expected,)], written


@pytest.mark.parametrize("style", ["postgres", "sql_standard", "iso_8601"])
def test_a_duration_is_the_same_in_every_style_of_the_database(database: str, style: str) -> None:
    durations = [timedelta(-1, 86399, 5), timedelta(microseconds=-1), timedelta(3, 4, 5)]
    rows = [{"place": place, "duration": each} for place, each in enumerate(durations)]
    url = make_conninfo(database, options=f"-c intervalstyle={style}")
    with sink_of(url) as sink:
        sink.prepare((EVERY,))
        sink.load(streamed(lambda: iter([Rows("every", rows)])))
    found = run(database, "select duration from every order by place")
    assert found == [(each,) for each in durations]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXT, NUMBERS, NESTED), min_size=1), st.booleans())
def test_any_value_is_exact(
    prepared: PostgresqlSink, database: str, values: list[tuple[str, str, Any]], ascii_only: bool
) -> None:
    def dumped(value: Any) -> str:
        return json.dumps(value, ensure_ascii=ascii_only)

    lines = [
        f'{{"type":"every","place":{place},"text":{dumped(text)},"decimal":{number},'
        f'"json":{dumped(nested)}}}'.encode()
        for place, (text, number, nested) in enumerate(values)
    ]
    run(database, "truncate every")
    prepared.load(document(*lines, etag=uuid4().hex))
    found = run(database, "select text, decimal, json from every order by place")
    assert found == [(text, Decimal(number), nested) for text, number, nested in values]


@pytest.mark.parametrize(("column", "value"), [("text", '"\\u0000"'), ("json", '["\\u0000"]')])
def test_a_character_that_the_server_cannot_store_is_refused(
    prepared: PostgresqlSink, column: str, value: str
) -> None:
    line = f'{{"type":"every","place":1,"{column}":{value}}}'
    with pytest.raises(PermanentError, match=r"^d\.ndjson, row 1: table every"):
        prepared.load(document(line.encode()))
