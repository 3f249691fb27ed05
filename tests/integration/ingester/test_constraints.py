"""Constraints of a table whose rows refer to each other and to rows that come later."""

import psycopg
import pytest
from support.examples import NAMES, dataset_of
from support.ingester import SCHEMA, document, run

from command_line.tables import statements
from worker_image.errors import PermanentError
from worker_image.generator import Compiled, compile_dataset, parse
from worker_image.ingester.postgresql.ddl import add_foreign_keys
from worker_image.ingester.postgresql.sink import PostgresqlSink

DATASET = parse(
    {
        "version": 1,
        "dataset": "teams",
        "records": {
            "country": {
                "shared": True,
                "count": 3,
                "fields": {"id": {"key": True}, "code": {"pattern": "??", "unique": True}},
            },
            "staff": {
                "count": 20,
                "unique": [["desk", "shift"]],
                "fields": {
                    "id": {"key": True},
                    "boss": {"ref": "staff.id"},
                    "country": {"ref": "country.id"},
                    "desk": {"integer": {"min": 1, "max": 400}},
                    "shift": {"choice": ["early", "late"]},
                },
            },
        },
    }
)


def load(sink: PostgresqlSink, compiled: Compiled, unit: int) -> dict[str, int]:
    (made,) = compiled.unit(unit).documents
    return dict(sink.load(document(made.content, name=f"{unit}.ndjson")).rows)


def test_combinations_shared_rows_and_rows_of_the_same_table(
    sink: PostgresqlSink, database: str
) -> None:
    compiled = compile_dataset(DATASET, 1)
    sink.prepare(DATASET.tables)
    # The countries come with unit 0, after those who refer to them.
    assert [load(sink, compiled, unit) for unit in (1, 2, 0)] == [
        {"staff": 20},
        {"staff": 20},
        {"country": 3, "staff": 20},
    ]
    with psycopg.connect(database) as connection:
        for statement in add_foreign_keys(SCHEMA, DATASET.tables):
            connection.execute(statement)
    constraints = "select conname from pg_constraint where conrelid = 'staff'::regclass"
    named = "('f', 'p', 'u')"
    assert run(database, f"{constraints} and contype in {named} order by 1") == [
        ("staff_boss_fkey",), ("staff_country_fkey",), ("staff_desk_shift_key",), ("staff_pkey",)
    ]  # fmt: skip
    joined = "select count(*) from staff join staff b on b.id = staff.boss"
    assert run(database, joined) == [(60 - 3,)]


@pytest.mark.parametrize("name", NAMES)
def test_the_printed_statements_are_those_of_the_loader(
    sink: PostgresqlSink, database: str, name: str
) -> None:
    dataset = dataset_of(name)
    sink.prepare(dataset.tables)
    with psycopg.connect(database) as connection:
        before = connection.execute("select count(*) from pg_constraint").fetchone()
        first, *tables, last = statements(dataset, SCHEMA)
        for statement in (first, *tables):
            connection.execute(statement.encode())  # finds everything there
        assert connection.execute("select count(*) from pg_constraint").fetchone() == before
        connection.execute(last.encode())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("desk = desk", "staff_desk_shift_key"),
        ("boss = 5, desk = 401", "staff_boss_fkey"),
        ("country = 5, desk = 401", "staff_country_fkey"),
    ],
)
def test_what_breaks_a_constraint_is_refused(
    sink: PostgresqlSink, database: str, change: str, told: str
) -> None:
    sink.prepare(DATASET.tables)
    load(sink, compile_dataset(DATASET, 1), 0)
    with psycopg.connect(database) as connection:
        for statement in add_foreign_keys(SCHEMA, DATASET.tables):
            connection.execute(statement)
    ((row,),) = run(database, "select to_jsonb(staff) from staff limit 1")
    values = dict(part.split(" = ") for part in change.split(", "))
    changed = {name: row[name] if name == text else int(text) for name, text in values.items()}
    with pytest.raises(PermanentError, match=told):
        sink.load(document({"type": "staff", **row, "id": 1, **changed}))
