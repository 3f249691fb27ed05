"""Tables that somebody else has made, filled by the names of their columns."""

from typing import Any

import pytest
from support.ingester import document, run

from worker_image.errors import PermanentError
from worker_image.ingester.postgresql.sink import PostgresqlSink

BY_HAND = """
create schema shop;
set search_path to shop;
create domain attributes as jsonb;
create domain rating as int default 3;
create table country (code text primary key, capital_id bigint);
create table city (
    more attributes,
    id bigint generated always as identity primary key,
    name varchar(10) not null,
    label text generated always as (upper(name)) stored,
    country text not null references country,
    kind text default 'town',
    twin_id bigint references city,
    stars rating
);
alter table country add foreign key (capital_id) references city deferrable initially deferred;
create table elsewhere (id bigint, tags text[]) partition by range (id);
create table elsewhere_1 partition of elsewhere for values from (0) to (100);
create view cities as select * from city;
alter table city add gone text;
alter table city drop gone;
"""
NORWAY = {"type": "country", "code": "NO"}
OSLO = {"type": "city", "name": "Oslo", "country": "NO"}


@pytest.fixture
def by_hand(sink: PostgresqlSink, database: str) -> PostgresqlSink:
    run(database, BY_HAND)
    sink.prepare(())
    return sink


def test_columns_are_matched_by_name_and_the_rest_takes_its_default(
    by_hand: PostgresqlSink, database: str
) -> None:
    records: list[dict[str, Any]] = [
        NORWAY,
        OSLO,
        OSLO | {"kind": None, "more": "text", "stars": None},
        OSLO | {"id": 70, "kind": "capital", "more": {"a": [1]}, "twin_id": 70},
        {"type": "elsewhere", "tags": "{a,b}", "id": 7},
    ]
    by_hand.load(document(*records))
    assert run(database, "select * from elsewhere_1") == [(7, ["a", "b"])]
    assert run(database, "select id, label, kind, more, twin_id, stars from city order by id") == [
        (1, "OSLO", "town", None, None, 3),
        (2, "OSLO", None, "text", None, None),
        (70, "OSLO", "capital", {"a": [1]}, 70, 3),
    ]


@pytest.mark.parametrize("first", ["country", "city"])
def test_a_circle_of_references_is_loaded_where_it_is_deferred(
    by_hand: PostgresqlSink, database: str, first: str
) -> None:
    records = [NORWAY | {"capital_id": 5}, OSLO | {"id": 5}]
    by_hand.load(document(*sorted(records, key=lambda r: r["type"] != first)))
    assert run(database, "select code, capital_id from country") == [("NO", 5)]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (OSLO | {"label": "x"}, "table city: there is no column 'label'"),
        (OSLO | {"gone": "x"}, "table city: there is no column 'gone'"),
        (
            OSLO | {'x"; drop --': 1},
            "table city: there is no column 'x\"; drop --'",
        ),
        ({"type": "cities", "name": "x"}, "table cities: there is no such table"),
        ({"type": "town", "name": "x"}, "table town: there is no such table"),
        ({"type": "shop.city", "name": "x"}, "table shop.city: there is no such table"),
        ({"type": "City", "name": "x"}, "table City: there is no such table"),
    ],
)
def test_what_is_not_there_is_refused_by_name(
    by_hand: PostgresqlSink, record: dict[str, object], reason: str
) -> None:
    with pytest.raises(PermanentError) as caught:
        by_hand.load(document(NORWAY, record))
    assert str(caught.value) == f"d.ndjson, row 2: {reason}"


def test_a_table_made_after_the_first_load_is_found(by_hand: PostgresqlSink, database: str) -> None:
    by_hand.load(document(NORWAY))
    with pytest.raises(PermanentError, match="table river: there is no such table"):
        by_hand.load(document({"type": "river", "name": "Glomma"}, etag="2"))
    run(database, "create table river (name text)")
    loaded = by_hand.load(document({"type": "river", "name": "Glomma"}, etag="2"))
    assert loaded.rows == {"river": 1}


def test_a_table_of_another_schema_is_none_of_ours(by_hand: PostgresqlSink, database: str) -> None:
    run(database, "create table public.lake (name text)")
    with pytest.raises(PermanentError, match="table lake: there is no such table"):
        by_hand.load(document({"type": "lake", "name": "Mjøsa"}))
