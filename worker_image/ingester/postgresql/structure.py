"""The keys and indexes of a schema's tables as they are, made by us or by hand."""

from dataclasses import dataclass

import psycopg

from .ddl import ForeignKey, Index

_TABLES = """
    select t.relname, array_agg(a.attname::text order by a.attnum), t.relkind = 'p'
    from pg_class t
    join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    where t.relnamespace = to_regnamespace(quote_ident(%s)) and t.relkind in ('r', 'p')
    group by t.oid
    order by pg_table_size(t.oid) desc, t.relname
"""
# Only what serves as an index of ours would: for all rows, by the columns and their usual order.
_INDEXES = """
    select i.indisunique, array(
        select a.attname::text from unnest(i.indkey) with ordinality k (number, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
        where k.place <= i.indnkeyatts order by k.place
    )
    from pg_index i
    join pg_class t on t.oid = i.indrelid
    where t.relnamespace = to_regnamespace(quote_ident(%s)) and t.relname = %s
        and i.indisvalid and i.indpred is null and i.indexprs is null
        and 0 = all (i.indoption::int2[])
        and (
            select bool_and(o.opcdefault and m.amname = 'btree')
            from pg_opclass o join pg_am m on m.oid = o.opcmethod where o.oid = any (i.indclass)
        )
"""
_FOREIGN_KEYS = """
    select k.conname, k.convalidated
    from pg_constraint k
    join pg_class child on child.oid = k.conrelid
    join pg_class parent on parent.oid = k.confrelid
    join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
    join pg_attribute b on b.attrelid = k.confrelid and k.confkey = array[b.attnum]
    where k.contype = 'f' and child.relnamespace = to_regnamespace(quote_ident(%s))
        and parent.relnamespace = child.relnamespace
        and (child.relname, a.attname, parent.relname, b.attname) = (%s, %s, %s, %s)
    order by k.conname
"""
_TAKEN = """
    select from pg_class
    where relnamespace = to_regnamespace(quote_ident(%(schema)s)) and relname = %(name)s
    union all
    select from pg_constraint
    where connamespace = to_regnamespace(quote_ident(%(schema)s)) and conname = %(name)s
"""


@dataclass(frozen=True, slots=True)
class PresentTable:
    """A table and the names of its columns."""

    name: str
    columns: tuple[str, ...]
    partitioned: bool


def read_tables(connection: psycopg.Connection, schema: str) -> dict[str, PresentTable]:
    """The tables of a schema by name, the largest first."""
    return {
        name: PresentTable(name, tuple(columns), partitioned)
        for name, columns, partitioned in connection.execute(_TABLES, [schema])
    }


def has_index(connection: psycopg.Connection, schema: str, wanted: Index) -> bool:
    """Whether the table has an index that does what this one would, under any name.

    For a constraint that is a unique one over the same columns in any order.
    """
    for unique, columns in connection.execute(_INDEXES, [schema, wanted.table]):
        same = tuple(columns) == wanted.columns
        if wanted.constraint:
            same = sorted(columns) == sorted(wanted.columns)
        if same and unique >= wanted.unique:
            return True
    return False


def read_foreign_keys(
    connection: psycopg.Connection, schema: str, key: ForeignKey
) -> dict[str, bool]:
    """The names of such foreign keys, and whether each has been validated."""
    reference = key.reference
    values = [schema, key.table, key.column, reference.table, reference.column]
    return dict(connection.execute(_FOREIGN_KEYS, values).fetchall())


def is_taken(connection: psycopg.Connection, schema: str, name: str) -> bool:
    """Whether something in the schema has a name that a key or an index would have."""
    values = {"schema": schema, "name": name}
    return connection.execute(_TAKEN, values).fetchone() is not None
