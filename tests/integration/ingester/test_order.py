"""What a row refers to is there before it, whatever the order of the document."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from support import retail
from support.ingester import document, run, streamed

from worker_image.errors import PermanentError
from worker_image.ingester.postgresql.sink import PostgresqlSink
from worker_image.ingester.reading.rows import Rows
from worker_image.tables import Column, ColumnType, Reference, Table

Record = dict[str, Any]

RECORDS = list(retail.records(1))
CUSTOMER_OF = {record["id"]: record["customer_id"] for record in RECORDS if "placed" in record}
TREE = (
    Table(
        "node",
        (
            Column("id", ColumnType.INTEGER, key=True),
            Column("parent", ColumnType.INTEGER, nullable=True, references=Reference("node", "id")),
        ),
    ),
    Table(
        "leaf",
        (
            Column("node", ColumnType.INTEGER, references=Reference("node", "id")),
            Column("text", ColumnType.TEXT),
        ),
    ),
)


def by_customer(record: Record) -> tuple[int, int, int]:
    """Every customer before its orders, every order before its lines."""
    match record["type"]:
        case "customer":
            return record["id"], 0, 0
        case "order":
            return record["customer_id"], record["id"], 0
    return CUSTOMER_OF[record["order_id"]], record["order_id"], 1


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(lambda record: ["customer", "order", "order_line"].index(record["type"])),
        pytest.param(lambda record: ["order_line", "order", "customer"].index(record["type"])),
        pytest.param(lambda record: ["order", "customer", "order_line"].index(record["type"])),
        pytest.param(by_customer),
    ],
    ids=["parents first", "children first", "the middle first", "each after its own parent"],
)
def test_a_document_of_several_tables(
    sink: PostgresqlSink, database: str, order: Callable[[Record], Any]
) -> None:
    sink.prepare(retail.tables())
    shuffled = random.Random(7).sample(RECORDS, len(RECORDS))
    sink.load(document(*sorted(shuffled, key=order)))
    found = run(database, 'select count(*), sum(total) from "order"')
    totals = [Decimal(str(record["total"])) for record in RECORDS if "total" in record]
    assert found == [(len(totals), sum(totals))]


def test_children_of_an_earlier_document(sink: PostgresqlSink) -> None:
    sink.prepare(TREE)
    sink.load(document({"type": "node", "id": 1}))
    child = {"type": "leaf", "node": 1, "text": "x"}
    assert sink.load(document(child, etag="2")).rows == {"leaf": 1}


def test_a_table_that_came_before_its_parent_waits_to_the_end(sink: PostgresqlSink) -> None:
    sink.prepare(TREE)
    parts = [
        Rows("leaf", [{"node": 1, "text": "a"}]),
        Rows("node", [{"id": 1}]),
        Rows("leaf", [{"node": 2, "text": "b"}]),
        Rows("node", [{"id": 2}]),
    ]
    assert sink.load(streamed(lambda: iter(parts))).rows == {"leaf": 2, "node": 2}


def test_what_waits_beyond_memory_arrives(sink: PostgresqlSink, database: str) -> None:
    sink.prepare(TREE)
    leaves = [{"type": "leaf", "node": 1, "text": f"{place:06}" * 20_000} for place in range(80)]
    sink.load(document(*leaves, {"type": "node", "id": 1}))
    found = run(database, "select count(distinct text), sum(length(text)) from leaf")
    assert found == [(80, 80 * 120_000)]


def test_rows_of_one_table_may_refer_to_each_other(sink: PostgresqlSink) -> None:
    sink.prepare(TREE)
    nodes = [{"type": "node", "id": place, "parent": (place + 1) % 50} for place in range(50)]
    assert sink.load(document(*nodes)).rows == {"node": 50}


def test_a_row_whose_parent_is_nowhere_is_refused(sink: PostgresqlSink) -> None:
    sink.prepare(TREE)
    leaves = [{"type": "node", "id": 1}, {"type": "leaf", "node": 2, "text": "x"}]
    with pytest.raises(PermanentError) as caught:
        sink.load(document(*leaves))
    assert str(caught.value) == (
        'd.ndjson, row 2: table leaf, column node: insert or update on table "leaf" violates '
        'foreign key constraint "leaf_node_fkey"; '
        "Key (node)=(2) is not present in table \"node\": '2'"
    )


def test_a_large_document_of_one_table_does_not_wait_for_parents_that_are_there(
    sink: PostgresqlSink, database: str
) -> None:
    sink.prepare(TREE)
    sink.load(document({"type": "node", "id": 1}, name="nodes.ndjson"))
    leaves = [{"type": "leaf", "node": 1, "text": f"{place:06}" * 20_000} for place in range(80)]
    assert sink.load(document(*leaves)).rows == {"leaf": 80}
    found = run(database, "select count(distinct text), sum(length(text)) from leaf")
    assert found == [(80, 80 * 120_000)]
