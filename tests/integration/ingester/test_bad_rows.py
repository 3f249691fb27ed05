"""Bad rows are named, or set aside while all others are loaded."""

import gzip
from collections.abc import Sequence
from typing import Any

import pytest
from support.ingester import count, document, kept, run, sink_of
from support.tables import table

from worker_image.contract import Reading
from worker_image.errors import PermanentError
from worker_image.ingester import Loaded, Rejected
from worker_image.ingester.postgresql.sink import PostgresqlSink
from worker_image.tables import Column, ColumnType, Reference, Table

TREE = (
    Table(
        "node",
        (
            Column("id", ColumnType.INTEGER, key=True),
            Column("parent", ColumnType.INTEGER, nullable=True, references=Reference("node", "id")),
            Column("day", ColumnType.DATE, nullable=True),
        ),
    ),
    Table(
        "leaf",
        (
            Column("node", ColumnType.INTEGER, references=Reference("node", "id")),
            Column("size", ColumnType.DECIMAL, precision=3, scale=1, nullable=True),
        ),
    ),
)


def node(number: int | str, **others: Any) -> dict[str, Any]:
    return {"type": "node", "id": number, **others}


def leaf(number: int, **others: Any) -> dict[str, Any]:
    return {"type": "leaf", "node": number, **others}


@pytest.fixture
def rejecting(database: str) -> Any:
    with sink_of(database, on_bad_row="reject", reject_limit=4) as sink:
        sink.prepare(TREE)
        yield sink


@table(
    "rows, bad",
    {
        "values of each kind": (
            [node(1), node(2, day="no day"), node("x"), node(3), leaf(1, size=1000)],
            {2: "day", 3: "id", 5: "size"},
        ),
        "the same key": ([node(1), node(1), node(2)], {2: "id"}),
        "what cannot be read": (
            [node(1), b'{"type": "node", "id": ', b"17", node(2)],
            {2: "", 3: ""},
        ),
        "an unknown column": ([node(1), node(2, dya="2024-01-01")], {2: ""}),
        "an unknown table": ([node(1), {"type": "nod", "id": 2}], {2: ""}),
        "a row whose parent is bad": (
            [node(1, day="?"), node(2), leaf(1), leaf(2)],
            {1: "day", 3: "node"},
        ),
        "a later row's parent is bad": (
            [node(3, parent=2), node(2, parent=1)],
            {1: "parent", 2: "parent"},
        ),
        "a child before its bad parent": (
            [leaf(1), node(1, day="?"), node(2)],
            {2: "day", 1: "node"},
        ),
    },
)
def test_bad_rows_are_set_aside_and_the_others_loaded(
    rejecting: PostgresqlSink, database: str, rows: Sequence[Any], bad: dict[int, str]
) -> None:
    rejected, keep = kept()
    loaded = rejecting.load(document(*rows, keep_rejected=keep))
    assert {each.row.number: each.column for each in rejected} == bad
    assert all(each.reason for each in rejected)
    good = sum(loaded.rows.values())
    assert (good, loaded.rejected) == (len(rows) - len(bad), len(bad))
    assert count(database, "node") + count(database, "leaf") == good
    assert rejecting.load(document()) == Loaded(loaded.rows, len(bad), repeated=True)


def test_what_is_kept_tells_the_row_the_reason_and_the_value(rejecting: PostgresqlSink) -> None:
    rejected, keep = kept()
    rejecting.load(document(node(1), node(2, day="x" * 5000), b"{", keep_rejected=keep))
    unread, long = rejected
    assert (unread.row.number, unread.row.raw, unread.value) == (3, "{", "{")
    assert (long.row.name, long.row.row["id"], long.column) == ("d.ndjson", 2, "day")
    assert long.value == "x" * 100
    assert long.reason.startswith("invalid input syntax for type date")


def test_a_parent_that_comes_later_is_no_reason(rejecting: PostgresqlSink, database: str) -> None:
    rows = [node(number, parent=number + 1) for number in range(600)]
    rows[520]["day"] = "?"
    # The first 520 lose what they all go back to; the rest is a chain of later parents.
    rows[519]["parent"] = None
    rejected, keep = kept()
    loaded = rejecting.load(document(*rows, node(600), keep_rejected=keep))
    assert [each.row.number for each in rejected] == [521]
    assert loaded == Loaded({"node": 600}, 1)
    assert count(database, "node") == 600


def test_more_than_the_limit_is_an_error_with_the_first_ones(
    rejecting: PostgresqlSink, database: str
) -> None:
    rejected, keep = kept()
    rows = [node(number, day="?") for number in range(5)]
    with pytest.raises(PermanentError) as caught:
        rejecting.load(document(node(9), *rows, keep_rejected=keep))
    reason = "table node, column day: invalid input syntax for type date: \"?\": '?'"
    assert str(caught.value) == (
        f"d.ndjson: more than 4 bad rows; the first ones: d.ndjson, row 2: {reason}; "
        f"d.ndjson, row 3: {reason}; d.ndjson, row 4: {reason}"
    )
    assert rejected == []
    assert count(database, "node") == count(database, "aci_jobs_ledger") == 0


def test_rows_that_cannot_be_kept_are_not_committed(
    rejecting: PostgresqlSink, database: str
) -> None:
    def away(_: Sequence[Rejected]) -> None:
        raise ConnectionResetError("storage is away")

    with pytest.raises(ConnectionResetError):
        rejecting.load(document(node(1), node("x"), keep_rejected=away))
    assert count(database, "node") == count(database, "aci_jobs_ledger") == 0
    assert rejecting.load(document(node(1), node("x"))) == Loaded({"node": 1}, 1)


def test_a_document_of_a_table_that_is_missing_has_no_bad_rows(rejecting: PostgresqlSink) -> None:
    with pytest.raises(PermanentError, match=r"d\.ndjson: table tree: there is no such table"):
        rejecting.load(document({"id": 1}, reading=Reading(record_type="tree")))


def test_a_damaged_document_has_no_bad_rows(rejecting: PostgresqlSink, database: str) -> None:
    content = gzip.compress(b'{"type":"node","id":1}\n{"type":"node","id":"x"}\n')
    with pytest.raises(PermanentError, match="truncated"):
        rejecting.load(document(content[:-9], name="d.ndjson.gz"))
    assert count(database, "node") == 0


def test_bad_rows_of_an_upsert(database: str) -> None:
    options = {"mode": "upsert", "on_bad_row": "reject", "key": ["id"]}
    with sink_of(database, **options) as sink:
        sink.prepare(TREE)
        sink.load(document(node(1), node(2)))
        rows = [node(2, day="2024-01-01"), node(1, day="?"), node(3, parent=7), node(4, parent=2)]
        rejected, keep = kept()
        loaded = sink.load(document(*rows, etag="2", keep_rejected=keep))
    assert {each.row.number: each.column for each in rejected} == {2: "day", 3: "parent"}
    assert loaded == Loaded({"node": 2}, 2)
    found = run(database, "select id, day::text, parent from node order by 1")
    assert found == [(1, None, None), (2, "2024-01-01", None), (4, None, 2)]


def test_a_bad_line_is_named_where_none_may_be_set_aside(sink: PostgresqlSink) -> None:
    sink.prepare(TREE)
    with pytest.raises(PermanentError) as caught:
        sink.load(document(node(1), b"{}", node("x")))
    message = str(caught.value)
    assert message == "d.ndjson, row 2: no 'type' that names its record type: '{}'"
