"""The rows of a run in the database, beside those that its documents hold.

What must be there is read by PostgreSQL itself from the generator's lines, not by the ingester.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql

from local_host.checks import FOREIGN_KEYS, LEDGER
from worker_image.contract import Receipt

from .courses import Course

_TRUTH = "create temporary table {truth} on commit drop as select * from {table} with no data"
_FILL = "insert into {truth} select (jsonb_populate_record(null::{table}, %s::jsonb)).*"
_DIFFERENT = "select count(*) from (table {these} except all table {those}) as different"
_ORPHANS = """
    select count(*) from {child} c left join {parent} p on c.{column} = p.{key}
    where p.{key} is null and c.{column} is not null
"""
# Those without a unit stand for steps of the run as a whole.
_ENTRIES = """
    select unit::int, document, rows from {} where run = %s and unit <> '' order by 1
"""
_KEYS = 1  # of the dataset: an order refers to its customer


def wrong_rows(
    course: Course, database: psycopg.Connection[Any], receipts: Mapping[int, Receipt]
) -> Iterator[str]:
    """What is wrong with the tables of a run, with their references and with the ledger."""
    schema = course.work.schema
    lines: dict[str, list[tuple[str]]] = {}
    for unit in course.work.units.values():
        for record, line in unit.lines():
            lines.setdefault(record, []).append((line,))
    for record, rows in lines.items():
        yield from _table(database, schema, record, rows)
    yield from _references(database, schema)
    yield from _ledger(course, database, receipts)


def _table(
    database: psycopg.Connection[Any], schema: str, record: str, rows: list[tuple[str]]
) -> Iterator[str]:
    names = {"table": sql.Identifier(schema, record), "truth": sql.Identifier(f"true_{record}")}
    with database.transaction(), database.cursor() as cursor:
        cursor.execute(sql.SQL(_TRUTH).format(**names))
        cursor.executemany(sql.SQL(_FILL).format(**names), rows)
        for word, these, those in (("missing", "truth", "table"), ("too many", "table", "truth")):
            query = sql.SQL(_DIFFERENT).format(these=names[these], those=names[those])
            [(number,)] = cursor.execute(query).fetchall()
            if number:
                yield f"rows of {record}: {number} of {len(rows)} {word}"


def _references(database: psycopg.Connection[Any], schema: str) -> Iterator[str]:
    keys = database.execute(FOREIGN_KEYS, [schema]).fetchall()
    if len(keys) != _KEYS:
        yield f"{len(keys)} foreign keys are there, {_KEYS} must be"
    for child, column, parent, key in keys:
        query = sql.SQL(_ORPHANS).format(
            child=sql.Identifier(schema, child),
            parent=sql.Identifier(schema, parent),
            column=sql.Identifier(column),
            key=sql.Identifier(key),
        )
        [(number,)] = database.execute(query).fetchall()
        if number:
            yield f"{number} rows of {child} refer to no {parent}"


def _ledger(
    course: Course, database: psycopg.Connection[Any], receipts: Mapping[int, Receipt]
) -> Iterator[str]:
    """One entry a document, with the rows that its receipt counts."""
    table = sql.Identifier(course.work.schema, LEDGER)
    query = sql.SQL(_ENTRIES)
    entries = database.execute(query.format(table), [course.run]).fetchall()
    told = [(n, receipts[n].document, dict(receipts[n].records)) for n in sorted(receipts)]
    if [tuple(entry) for entry in entries] != told:
        different = [pair for pair in zip(entries, told, strict=False) if tuple(pair[0]) != pair[1]]
        yield (
            f"the ledger has {len(entries)} entries, there are {len(told)} receipts; "
            f"first difference: {different[:1]}"
        )
