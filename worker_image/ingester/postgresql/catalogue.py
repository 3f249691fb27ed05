"""The tables of a schema as they are, made by us or by hand."""

from collections import defaultdict
from dataclasses import dataclass

import psycopg

_COLUMNS = """
    select c.relname, a.attname,
        coalesce(nullif(t.typbasetype, 0), t.oid) in ('json'::regtype, 'jsonb'::regtype),
        a.atthasdef or a.attidentity <> ''
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid
    join pg_type t on t.oid = a.atttypid
    where c.relnamespace = to_regnamespace(quote_ident(%s)) and c.relkind in ('r', 'p')
        and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by c.relname, a.attnum
"""
_PARENTS = """
    select child.relname, parent.relname
    from pg_constraint k
    join pg_class child on child.oid = k.conrelid
    join pg_class parent on parent.oid = k.confrelid
    where k.contype = 'f' and k.conrelid <> k.confrelid
        and child.relnamespace = to_regnamespace(quote_ident(%s))
        and parent.relnamespace = child.relnamespace
    order by child.relname, parent.relname
"""


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """A column to copy into; `json` values are stored as they stand, strings included."""

    name: str
    json: bool
    has_default: bool


@dataclass(frozen=True, slots=True)
class TargetTable:
    """A table to copy into and the other tables that its rows refer to."""

    name: str
    columns: tuple[TargetColumn, ...]
    parents: tuple[str, ...]


def read_catalogue(connection: psycopg.Connection, schema: str) -> dict[str, TargetTable]:
    """The tables of `schema` by name, each after those it refers to where they form no circle."""
    columns = defaultdict(list)
    for table, *column in connection.execute(_COLUMNS, [schema]):
        columns[table].append(TargetColumn(*column))
    parents = defaultdict(list)
    for child, parent in connection.execute(_PARENTS, [schema]):
        parents[child].append(parent)
    found = {
        name: TargetTable(name, tuple(of_table), tuple(parents[name]))
        for name, of_table in columns.items()
    }
    return in_order(found)


def in_order(tables: dict[str, TargetTable]) -> dict[str, TargetTable]:
    """The same tables, parents first; a circle is cut where it is entered."""
    ordered: dict[str, TargetTable] = {}
    entered: set[str] = set()

    def add(name: str) -> None:
        if name not in entered:
            entered.add(name)
            for parent in tables[name].parents:
                add(parent)
            ordered[name] = tables[name]

    for name in tables:
        add(name)
    return ordered
