"""Runs whose units are handed to a program: the example as it stands, and what goes wrong."""

import json
import os
import random
import signal
from typing import Any

import pytest
import yaml
from support.examples import docx
from support.programs import programs
from support.runs import Ground, done, until

from command_line.client import RefusedError
from local_host.system import CHECKOUT
from worker_image.contract import Receipt, naming

pytestmark = pytest.mark.long

EXAMPLE = CHECKOUT / "examples" / "docx"


def command(program: list[str], payloads: Any, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "command",
        "command": {"program": program},
        "payloads": payloads,
        "instances": {"count": 2, "cpu": 0.5, "memory_gb": 1},
        **changes,
    }


def receipts(ground: Ground, run: str) -> dict[int, Receipt]:
    listed = ground.blobs.get_container_client(naming.RUNS).list_blobs(
        naming.receipts(run, "command"), include=["metadata"]
    )
    found = [Receipt.from_metadata(blob.metadata) for blob in listed]
    return {receipt.unit: receipt for receipt in found if receipt}


def log(ground: Ground, run: str) -> list[dict[str, Any]]:
    """All that the workers of a run have shipped."""
    container = ground.blobs.get_container_client(naming.RUNS)
    names = [blob.name for blob in container.list_blobs(f"{run}/logs/")]
    contents = [container.download_blob(name).readall() for name in names if "ndjson" in name]
    return [json.loads(line) for content in contents for line in content.splitlines()]


def test_the_example_extracts_text_and_what_fails_is_mended(ground: Ground) -> None:
    container = f"docx-{ground.schema.replace('_', '-')}"
    names = [f"in/{number:02d} é.docx" for number in range(12)]
    for number, name in enumerate(names):
        ground.store(
            container, name, docx(f"Letter {number}", "Dear</w:t><w:tab/><w:t>Zoë &amp; Co")
        )
    ground.store(container, names[4], b"a text that calls itself a document")
    ground.blobs.get_blob_client(container, names[7]).delete_blob()
    lines = [json.dumps({"container": container, "path": name}) for name in names]
    ground.store(container, "list.ndjson", "\n".join(lines).encode())

    job = yaml.safe_load((EXAMPLE / "job.yaml").read_text())
    run = ground.client.start({**job, "payloads": f"{container}/list.ndjson"})
    shown = ground.finish(run)
    assert shown["state"] == "CompletedWithFailures"
    assert shown["report"]["account"] == {
        "done": {"command": 10},
        "dead": {"command": 2},
        "missing": {"command": 0},
        "sample": [],
    }
    letters = ground.client.call("GET", f"/runs/{run}/dead-letters")["dead_letters"]
    assert {letter["unit"]: (letter["error"], letter["deliveries"]) for letter in letters} == {
        4: ("exit code 65: in/04 ?.docx is no Word document: File is not a zip file", 1),
        7: ("exit code 66: in/07 ?.docx: there is no such document", 1),
    }
    whole = ground.client.call("GET", f"/runs/{run}/dead-letters/command/7")
    assert whole["message"]["payload"]["text"] == lines[7]
    assert any(
        (line.get("unit"), line.get("stream")) == (4, "stderr") and "no Word" in line["message"]
        for line in log(ground, run)
    )

    ground.store(container, names[4], docx("Mended"))
    ground.store(container, names[7], docx("Found"))
    ground.client.call("POST", f"/runs/{run}/redrive", {})
    mended = ground.finish(run)
    assert mended["state"] == "Succeeded"
    assert mended["report"]["stages"]["command"]["records"] == {"document": 12, "line": 22}
    texts = {
        name: ground.blobs.get_blob_client(container, f"{name}.txt").download_blob().readall()
        for name in names
    }
    expected = {name: f"Letter {n}\nDear\tZoë & Co\n" for n, name in enumerate(names)}
    expected |= {names[4]: "Mended\n", names[7]: "Found\n"}
    assert {name: text.decode() for name, text in texts.items()} == expected
    assert sorted(receipts(ground, run)) == list(range(12))
    assert (ground.groups(run), ground.processes(run)) == ([], [])


def test_workers_killed_on_the_way_and_every_unit_is_done(ground: Ground) -> None:
    units, moments = 60, random.Random(5)
    program = ["sh", "-c", 'read -r unit; echo "$unit of $GREETING"; sleep 0.1']
    request = command(program, [{"n": number} for number in range(units)])
    request["command"]["environment"] = {"GREETING": "all"}
    run = ground.client.start(request)
    for part in (1, 2):
        ground.wait(run, done(units * part // 4))
        victim = moments.choice(until(lambda: ground.processes(run)))
        os.kill(victim, signal.SIGKILL)
        until(lambda victim=victim: victim not in ground.processes(run))  # type: ignore[misc]
    shown = ground.finish(run)
    assert shown["state"] == "Succeeded"
    found = receipts(ground, run)
    assert sorted(found) == list(range(units))
    assert {receipt.rows for receipt in found.values()} == {1}
    said = {line["unit"]: line["message"] for line in log(ground, run) if "stream" in line}
    assert all(text == f'{{"n":{unit}}} of all' for unit, text in said.items())
    assert programs(run) == []
    assert "payloads" not in shown["request"]


def test_a_unit_over_its_time_costs_no_container_group(ground: Ground) -> None:
    program = ["sh", "-c", "read -r unit; test $unit = 1 || exec sleep 1000"]
    limits = {"attempts": 2, "unit_timeout": 3}
    request = command(program, [0, 1], limits=limits)
    run = ground.client.start({**request, "instances": {"count": 1, "cpu": 0.5, "memory_gb": 1}})
    shown = ground.finish(run)
    assert shown["state"] == "CompletedWithFailures"
    (letter,) = ground.client.call("GET", f"/runs/{run}/dead-letters")["dead_letters"]
    assert (letter["unit"], letter["type"]) == (0, "UnitTimeout")
    assert shown["report"]["groups_used"] == 1


def test_a_list_that_cannot_be_used_fails_the_run_with_the_line(ground: Ground) -> None:
    container = f"list-{ground.schema.replace('_', '-')}"
    ground.store(container, "units.ndjson", b'{"a": 1}\n' * 70 + b"oops\n")
    run = ground.client.start(command(["true"], f"{container}/units.ndjson"))
    shown = ground.finish(run)
    assert shown["state"] == "Failed"
    reason = f"payloads: {container}/units.ndjson: line 71: it is no JSON"
    assert reason in shown["report"]["reason"]
    assert ground.groups(run) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payloads": ["x" * 50_000]}, "payloads.0"),
        ({"payloads": []}, "payloads"),
        ({"command": {"program": ["x"], "image": "elsewhere.io/x"}}, "command.image"),
        ({"command": {"program": "x"}}, "command.program"),
        ({"dataset": "retail"}, "dataset"),
    ],
)
def test_a_request_is_refused_at_its_place(
    ground: Ground, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        ground.client.start({**command(["true"], [1]), **changes})
    assert caught.value.status == 400
    assert [fault["field"] for fault in caught.value.problem["errors"]] == [field]
