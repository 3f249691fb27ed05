"""The tables of a schema as they are, made by us or by hand."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

_COLUMNS = """
    select c.relname, a.attname,
        coalesce(nullif(t.typbasetype, 0), t.oid) in ('json'::regtype, 'jsonb'::regtype),
        a.atthasdef or a.attidentity <> '' or t.typdefault is not null,
        t.typcategory = 'S'
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
    where k.contype = 'f' and child.relnamespace = to_regnamespace(quote_ident(%s))
        and parent.relnamespace = child.relnamespace
    order by child.relname, parent.relname
"""
_DEFERRABLE = """
    select distinct c.relname
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    where k.condeferrable and c.relnamespace = to_regnamespace(quote_ident(%s))
"""
_KEYS = """
    select c.relname, i.indisprimary, array_agg(a.attname::text order by k.place)
    from pg_index i
    join pg_class c on c.oid = i.indrelid
    cross join unnest(i.indkey) with ordinality k(number, place)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
    where i.indisunique and i.indisvalid and i.indimmediate
        and i.indpred is null and i.indexprs is null and k.place <= i.indnkeyatts
        and c.relnamespace = to_regnamespace(quote_ident(%s))
    group by c.relname, i.indexrelid, i.indisprimary
"""


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """A column to copy into; `json` values are stored as they stand, strings included, and in
    `text` any value as it is spelled.

    It `has_default` if its domain has one, too.
    """

    name: str
    json: bool
    has_default: bool
    text: bool = False


@dataclass(frozen=True, slots=True)
class TargetTable:
    """A table to copy into, the other tables that its rows refer to, and what is unique in it.

    `nested` says whether its rows refer to each other, `deferrable` whether a constraint may be
    checked as late as in the commit.
    """

    name: str
    columns: tuple[TargetColumn, ...]
    parents: tuple[str, ...] = ()
    nested: bool = False
    deferrable: bool = False
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()

    @property
    def json_columns(self) -> set[str]:
        """The columns that store JSON."""
        return {column.name for column in self.columns if column.json}

    @property
    def text_columns(self) -> set[str]:
        """The columns that store text."""
        return {column.name for column in self.columns if column.text}

    def has(self, columns: Iterable[str]) -> bool:
        """Whether these are all columns of the table."""
        return {column.name for column in self.columns}.issuperset(columns)


def read_catalogue(connection: psycopg.Connection, schema: str) -> dict[str, TargetTable]:
    """The tables of `schema` by name, each after those it refers to where they form no circle."""
    columns, parents, deferrable, keys = (
        _by_table(connection.execute(query, [schema]))
        for query in (_COLUMNS, _PARENTS, _DEFERRABLE, _KEYS)
    )
    found = {
        name: TargetTable(
            name=name,
            columns=tuple(TargetColumn(*column) for column in of_table),
            parents=tuple(parent for (parent,) in parents[name] if parent != name),
            nested=(name,) in parents[name],
            deferrable=name in deferrable,
            primary_key=next((tuple(key) for primary, key in keys[name] if primary), ()),
            unique=tuple(tuple(key) for _, key in keys[name]),
        )
        for name, of_table in columns.items()
    }
    return in_order(found)


def _by_table(rows: Iterable[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    by_table = defaultdict(list)
    for table, *values in rows:
        by_table[table].append(tuple(values))
    return by_table


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
