"""A connection that is lost at any message of its protocol: all of a document is there, or nothing."""

import pytest
from support.ingester import count, document, run, sink_of
from support.proxy import proxy

from worker_image.errors import TargetBusyError
from worker_image.ingester import Document
from worker_image.tables import Column, ColumnType, Reference, Table

PARENT = Column("id", ColumnType.INTEGER, key=True)
TABLES = (
    Table("customer", (PARENT,)),
    Table(
        "order",
        (PARENT, Column("customer_id", ColumnType.INTEGER, references=Reference("customer", "id"))),
    ),
)


def unit(number: int) -> Document:
    records = [
        {"type": "customer", "id": number},
        {"type": "order", "id": 2 * number, "customer_id": number},
        {"type": "order", "id": 2 * number + 1, "customer_id": number},
    ]
    return document(*records, name=f"{number}.ndjson")


@pytest.mark.parametrize("answered", [False, True], ids=["asked in vain", "never heard the answer"])
def test_each_message_of_a_load_may_be_the_last(database: str, answered: bool) -> None:
    with sink_of(database) as sink:
        sink.prepare(TABLES)
    number, uncertain, through = 0, 0, False
    with proxy(database) as way:
        while not through:
            number += 1
            way.cut(number, answered=answered)
            with sink_of(way.url) as sink:
                try:
                    sink.load(unit(number))
                    through = True
                except TargetBusyError:
                    loaded = sink.load(unit(number))  # the same call again, on a new connection
                    assert loaded.rows == {"customer": 1, "order": 2}
                    uncertain += loaded.repeated
    assert number > 15
    assert uncertain == answered, "only the answer to the commit may be missed"
    assert (count(database, "customer"), count(database, "order")) == (number, 2 * number)
    assert run(database, "select count(*), count(distinct document) from aci_jobs_ledger") == [
        (number, number)
    ]
