"""A unit that has failed: found by its log, done again here, mended; all by the command line."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from support.runs import CONTAINER, Ground, ended
from support.things import LAKE
from typer.testing import CliRunner

from command_line.__main__ import cli

pytestmark = pytest.mark.long

CHECKOUT = Path(__file__).parents[2]
TOWNS = {
    "dataset": "towns",
    "version": 1,
    "records": {"city": {"count": 1, "fields": {"id": {"key": True}, "name": {"constant": "x"}}}},
}


def options(ground: Ground) -> list[str]:
    return ["--url", ground.app.url, "--key", ground.app.key]


def printed(ground: Ground, *words: object) -> list[Any]:
    """What a command prints as JSON, an object a line."""
    result = CliRunner().invoke(cli, [*options(ground), *map(str, words)])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def replayed(
    ground: Ground, folder: Path, *words: object, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """`replay` as a process of its own."""
    command = [sys.executable, "-m", "command_line", *options(ground), "replay"]
    return subprocess.run(
        [*command, *map(str, words), "--to", str(folder)],
        cwd=CHECKOUT,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def scratch(postgresql: str) -> Iterator[str]:
    """A database of one's own; its URL."""
    name = f"scratch_{uuid4().hex}"
    with psycopg.connect(postgresql, autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        yield psycopg.conninfo.make_conninfo(postgresql, dbname=name)
        server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def test_a_dead_unit_is_found_done_again_and_mended(
    ground: Ground, scratch: str, tmp_path: Path
) -> None:
    container = f"landing-{ground.schema.replace('_', '-')}"
    for number in range(3):
        city = {"type": "city", "id": number, "name": f"Town {number}"}
        ground.store(container, f"in/{number}.ndjson", json.dumps(city).encode())
    ground.store(container, "in/1.ndjson", b'{"type": "city", "id": 1, "na')
    request = {
        "kind": "ingest",
        "dataset": TOWNS,
        "source": {"container": container, "prefix": "in/"},
        "sink": {"schema": ground.schema},
        "instances": {"count": 1, "cpu": 0.5, "memory_gb": 1},
    }
    run = ground.client.start(request)
    assert ground.wait(run, ended)["state"] == "CompletedWithFailures"

    [line] = printed(ground, "logs", run, "--unit", 1, "--level", "warning", "--json")
    assert "in/1.ndjson" in line["message"]
    assert "Traceback" in line["error"]
    [unit] = printed(ground, "unit", run, 1, "--json")
    [stage] = unit["stages"]
    assert (stage["state"], stage["workers"]) == ("dead", [line["worker"]])

    told = replayed(ground, tmp_path, run, 1, "--json")
    assert told.returncode == 1, told.stderr
    [again] = json.loads(told.stdout)["stages"]
    assert again["error"]["fingerprint"] == stage["dead_letter"]["fingerprint"]
    assert again["notes"] == ["the same error as in the run's dead letter"]
    document = Path(again["folder"]) / container / "in" / "1.ndjson"
    assert document.read_bytes() == b'{"type": "city", "id": 1, "na'

    debugged = replayed(ground, tmp_path, run, 1, "--debug", stdin="p type(self)\nq\n")
    assert debugged.returncode == 1, debugged.stderr
    assert "(Pdb)" in debugged.stdout

    mended = {"type": "city", "id": 1, "name": "Mended"}
    ground.store(container, "in/1.ndjson", json.dumps(mended).encode())
    told = replayed(ground, tmp_path, run, 1, "--json", "--database", scratch)
    assert told.returncode == 0, told.stderr
    [loaded] = json.loads(told.stdout)["stages"]
    assert loaded["receipt"]["records"] == {"city": 1}
    assert loaded["notes"] == [
        f"{container}/in/1.ndjson has changed since the run listed it; read as it is now",
        "in the run it is a dead letter; here it went well",
    ]
    query = sql.SQL("select id, name from {}").format(sql.Identifier(ground.schema, "city"))
    with psycopg.connect(scratch) as database:
        assert database.execute(query).fetchall() == [(1, "Mended")]
    assert ground.count("city") == 2, "the run's own database has nothing of it"
    [unit] = printed(ground, "unit", run, 1, "--json")
    assert unit["stages"] == [stage], "nor has the run"


def test_a_unit_of_a_pipeline_has_the_same_bytes_here(ground: Ground, tmp_path: Path) -> None:
    run = ground.client.start(ground.pipeline(units=4))
    lines = printed(ground, "logs", run, "--follow", "--json")
    assert ground.client.show(run)["state"] == "Succeeded", "it was followed to the run's end"
    done = {(line["stage"], line["unit"]) for line in lines if "rows in" in line["message"]}
    assert done == {(stage, unit) for stage in ("generate", "ingest") for unit in range(4)}
    documents = {each["unit"]: each for each in printed(ground, "manifest", run)}
    assert set(documents) == {0, 1, 2, 3}

    told = replayed(ground, tmp_path, run, 3, "--json")
    assert told.returncode == 0, told.stderr
    made, loaded = json.loads(told.stdout)["stages"]
    assert made["notes"] == ["the same bytes as the run's document"]
    assert made["receipt"]["checksum"] == documents[3]["checksum"]
    path = documents[3]["document"].partition("/")[2]
    stored = ground.blobs.get_blob_client(CONTAINER, path).download_blob().readall()
    assert (Path(made["folder"]) / CONTAINER / path).read_bytes() == stored
    assert loaded["receipt"]["records"] == documents[3]["records"]
    rows = {
        file.stem: len(file.read_bytes().splitlines())
        for file in (Path(loaded["folder"]) / "rows").iterdir()
    }
    assert rows == documents[3]["records"]


def test_a_unit_of_several_documents_has_the_same_bytes_here(
    ground: Ground, tmp_path: Path
) -> None:
    run = ground.client.start(ground.pipeline(3, dataset=LAKE, documents={"format": "csv"}))
    shown = ground.finish(run)
    assert shown["state"] == "Succeeded"
    assert shown["report"]["account"]["done"] == {"generate": 3, "ingest": 3}
    rows = {"kind": 2, "thing": 9, "part": 18, "place": 4}
    assert shown["report"]["stages"]["ingest"]["records"] == rows
    assert {table: ground.count(table) for table in rows} == rows
    documents = {each["unit"]: each for each in printed(ground, "manifest", run)}
    for unit in (0, 2):
        told = replayed(ground, tmp_path, run, unit, "--json")
        assert told.returncode == 0, told.stderr
        made, loaded = json.loads(told.stdout)["stages"]
        assert made["notes"] == ["the same bytes as the run's document"]
        assert loaded["receipt"]["records"] == documents[unit]["records"]
        written = Path(made["folder"]) / CONTAINER / run
        for record in documents[unit]["records"]:
            [path] = (written / record).iterdir()
            stored = ground.blobs.get_blob_client(CONTAINER, f"{run}/{record}/{path.name}")
            assert path.read_bytes() == stored.download_blob().readall()
