"""Each version of a document exactly once, all of it or nothing."""

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from support import retail
from support.ingester import count, document, run, sink_of, streamed
from support.services import eventually

from worker_image.errors import PermanentError, TargetBusyError
from worker_image.ingester import Loaded
from worker_image.ingester.postgresql.sink import PostgresqlSink
from worker_image.ingester.reading.rows import Rows
from worker_image.ingester.sink import Batch
from worker_image.tables import Column, ColumnType, Table

NAMES: dict[str, Any] = {"name": "shop/1.ndjson.gz", "etag": "e1", "run": "run-1", "unit": "7"}
DOCUMENT = document(gzip.compress(retail.document(1), 1), **NAMES)
ROWS = {"customer": retail.CUSTOMERS, "order": retail.ORDERS, "order_line": retail.LINES}
THINGS = (Table("thing", (Column("id", ColumnType.INTEGER, key=True),)),)
THING = document({"type": "thing", "id": 1})


def things(*ids: int) -> Batch:
    return Rows("thing", [{"id": each} for each in ids])


def counts(database: str) -> dict[str, int]:
    return {table: count(database, table) for table in ROWS}


def test_a_document_arrives_whole_with_its_line_in_the_ledger(
    sink: PostgresqlSink, database: str
) -> None:
    sink.prepare(retail.tables())
    assert sink.load(DOCUMENT) == Loaded(ROWS)
    assert counts(database) == ROWS
    ledger = run(
        database,
        "select document, etag, run, unit, rows, loaded_at > now() - interval '1 min'"
        " from aci_jobs_ledger",
    )
    assert ledger == [("shop/1.ndjson.gz", "e1", "run-1", "7", ROWS, True)]


def test_a_load_repeated_changes_nothing_and_tells_the_same(
    sink: PostgresqlSink, database: str
) -> None:
    sink.prepare(retail.tables())
    sink.load(DOCUMENT)
    before = run(database, "select * from aci_jobs_ledger")

    def unread() -> Iterator[Batch]:
        raise AssertionError("a loaded document is not read again")
        yield

    with sink_of(database) as another:
        for each in (sink, another):
            assert each.load(streamed(unread, **NAMES)) == Loaded(ROWS, repeated=True)
    assert run(database, "select * from aci_jobs_ledger") == before
    assert counts(database) == ROWS


def test_another_version_of_a_document_is_another_load(sink: PostgresqlSink, database: str) -> None:
    sink.prepare(THINGS)
    sink.load(THING)
    loaded = sink.load(document({"type": "thing", "id": 2}, etag="2"))
    assert loaded == Loaded({"thing": 1})
    assert count(database, "thing") == 2


def test_an_empty_document_is_loaded_once_too(sink: PostgresqlSink) -> None:
    sink.prepare(())
    assert sink.load(document()) == Loaded({})
    assert sink.load(document()) == Loaded({}, repeated=True)


def test_of_loads_at_the_same_time_one_inserts(sink: PostgresqlSink, database: str) -> None:
    sink.prepare(retail.tables())
    workers = 4

    def load(_: int) -> bool:
        with sink_of(database) as own:
            loaded = own.load(DOCUMENT)
        assert loaded.rows == ROWS
        return loaded.repeated

    with ThreadPoolExecutor(workers) as pool:
        repeated = list(pool.map(load, range(workers)))
    assert sorted(repeated) == [False, True, True, True]
    assert counts(database) == ROWS


@pytest.mark.parametrize("first_commits", [True, False])
def test_a_second_load_waits_for_the_first(
    sink: PostgresqlSink, database: str, first_commits: bool
) -> None:
    sink.prepare(THINGS)
    started, others_wait = Event(), Event()

    def slow() -> Iterator[Batch]:
        started.set()
        yield things(1)
        assert others_wait.wait(60)
        if not first_commits:
            raise ConnectionResetError("storage is away")

    with ThreadPoolExecutor(2) as pool, sink_of(database) as other:
        first = pool.submit(sink.load, streamed(slow))
        assert started.wait(60)
        second = pool.submit(other.load, THING)
        eventually(lambda: bool(run(database, "select 1 from pg_locks where not granted")))
        others_wait.set()
        assert (first.exception() is None) == first_commits
        assert second.result() == Loaded({"thing": 1}, repeated=first_commits)
    assert count(database, "thing") == 1


def test_a_document_that_breaks_in_the_middle_leaves_nothing(
    sink: PostgresqlSink, database: str
) -> None:
    sink.prepare(retail.tables())
    content = gzip.compress(retail.document(1), 1)
    with pytest.raises(PermanentError, match="truncated"):
        sink.load(document(content[:-5000], **NAMES))
    assert counts(database) == dict.fromkeys(ROWS, 0)
    assert count(database, "aci_jobs_ledger") == 0
    assert sink.load(DOCUMENT) == Loaded(ROWS)


def test_a_lost_connection_is_transient_and_the_next_load_opens_another(
    sink: PostgresqlSink, database: str
) -> None:
    sink.prepare(THINGS)

    def killed() -> Iterator[Batch]:
        yield things(1)
        run(
            database,
            "select pg_terminate_backend(pid) from pg_stat_activity where"
            " application_name = 'aci-jobs' and datname = current_database()",
        )
        yield things(*range(2, 100_000))

    with pytest.raises(TargetBusyError, match=r"d\.ndjson: .*connection"):
        sink.load(streamed(killed))
    assert count(database, "thing") == 0
    assert sink.load(THING) == Loaded({"thing": 1})


def test_a_server_that_is_away_is_transient_and_no_password_is_told() -> None:
    url = "postgresql://someone:secret-word@127.0.0.1:1/db"
    with sink_of(url) as sink, pytest.raises(TargetBusyError, match="refused") as caught:
        sink.prepare(())
    assert "secret-word" not in str(caught.value)
