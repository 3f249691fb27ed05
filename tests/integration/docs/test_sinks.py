"""The sink that the documentation shows is a sink: exactly once, as it stands there."""

import importlib.util
import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from support.ingester import document

from orchestration.model import HttpSink, PostgresqlSink, RunRequest, sink_payload
from worker_image.delivery import PATIENCE
from worker_image.errors import PermanentError, TargetBusyError
from worker_image.ingester import Sink, Surroundings, open_sink, registry
from worker_image.tables import Column, ColumnType, Table

PAGE = Path(__file__).parents[3] / "docs" / "sinks.md"
MODULE = "worker_image.ingester.sqlite"
THINGS = (
    Table("thing", (Column("id", ColumnType.INTEGER, key=True), Column('a "b"', ColumnType.JSON))),
)
DOCUMENT = [
    b'{"type":"thing","id":1,"a \\"b\\"":[1.5,"x"]}',
    b'{"type":"thing","id":0.10000000000000000001}',
]


def blocks(language: str) -> list[str]:
    """The blocks of code in the page, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What workers are told of the sink, once it is in its place and has its line."""
    source, line = blocks("python")
    path = tmp_path / "sqlite.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(MODULE, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, MODULE, module)
    spec.loader.exec_module(module)
    for kind, place in json.loads(f"{{{line.strip().removesuffix(',')}}}").items():
        monkeypatch.setitem(registry.SINKS, kind, place)
    sink = json.loads(blocks("json")[0])
    sink["options"]["path"] = str(tmp_path / "shop.sqlite")
    request = {"kind": "ingest", "source": {"container": "landing"}, "sink": sink}
    asked = RunRequest.model_validate(request).sink
    assert asked
    return sink_payload(asked)


@pytest.fixture
def sink(members: dict[str, Any]) -> Iterator[Sink]:
    sink = open_sink(members, Surroundings(lambda: ""))
    sink.prepare(THINGS)
    with closing(sink):
        yield sink


def rows(members: dict[str, Any]) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(members["options"]["path"])) as connection:
        return connection.execute("select * from thing order by id").fetchall()


def test_a_document_is_loaded_once(sink: Sink, members: dict[str, Any]) -> None:
    first = sink.load(document(*DOCUMENT))
    assert (first.rows, first.repeated) == ({"thing": 2}, False)
    sink.close()
    sink.prepare(THINGS)
    again = sink.load(document(*DOCUMENT))
    assert (again.rows, again.repeated) == ({"thing": 2}, True)
    sink.finish(THINGS)
    assert rows(members) == [(1, '[1.5,"x"]'), ("0.10000000000000000001", None)]
    assert sink.load(document(DOCUMENT[0], etag="2")).repeated is False
    assert len(rows(members)) == 3


def test_a_document_with_an_error_is_not_loaded_at_all(sink: Sink, members: dict[str, Any]) -> None:
    with pytest.raises(PermanentError, match=r"d\.ndjson: table thing has no column named c"):
        sink.load(document(*DOCUMENT, {"type": "thing", "c": 1}))
    with pytest.raises(PermanentError, match=r"d\.ndjson, line 3"):
        sink.load(document(*DOCUMENT, b"{"))
    assert rows(members) == []
    assert sink.load(document(*DOCUMENT)).repeated is False


def test_a_file_that_is_held_by_another_is_busy(
    sink: Sink, members: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.close()
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, **options: connect(path, timeout=0, **options)
    )
    with closing(connect(members["options"]["path"])) as holder, holder:
        holder.execute("insert into thing (id) values (7)")
        with pytest.raises(TargetBusyError, match="database is locked"):
            sink.load(document(*DOCUMENT))
        holder.rollback()
    assert sink.load(document(*DOCUMENT)).rows == {"thing": 2}


def test_what_the_options_lack_is_named(members: dict[str, Any]) -> None:
    with pytest.raises(PermanentError, match=r"sink\.options\.path: None"):
        open_sink({**members, "options": {}}, Surroundings(lambda: ""))


@pytest.mark.parametrize(("title", "model"), [("PostgreSQL", PostgresqlSink), ("HTTP", HttpSink)])
def test_every_member_of_a_request_is_told(title: str, model: type[BaseModel]) -> None:
    [section] = re.findall(rf"^## {title}$(.*?)^## ", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    members = section.partition("\n**")[0]  # the first table
    told = re.findall(r"^\| `([a-z_]+)` \|", members, re.MULTILINE)
    assert told == [field.alias or name for name, field in model.model_fields.items()]


def test_the_page_says_how_often_a_unit_is_turned_away() -> None:
    assert f"up to {PATIENCE} times before it counts as one" in PAGE.read_text()
