"""Single units on Azurite, over the API's operations: their fates, messages and documents."""

import json
from dataclasses import replace
from typing import Any

import pytest
from support.activities import NOW, bury, finish, keep, load, messages, pipeline, receipt
from support.calls import called

from orchestration import units
from orchestration.activities.auditing import audit
from orchestration.activities.redriving import redrive
from orchestration.activities.seeding import prepare, seed
from orchestration.model import Audit, Prepare, Redrive, Seed, Selection
from orchestration.services import Services, manifest
from worker_image.contract import DeadLetter, Heartbeat, Message, Stage, naming


def answer(services: Services, name: str, run: str, unit: object = "", **query: Any) -> Any:
    """Status and body of a call, JSON where it is that."""
    path = {"run": run, "unit": str(unit)}
    got = called(services, name, path, **query)
    is_json = got.mimetype.endswith("json")
    return got.status_code, json.loads(got.get_body()) if is_json else got.get_body()


def stages(services: Services, run: str, unit: int) -> dict[str, Any]:
    status, view = answer(services, "show_unit", run, unit)
    assert status == 200
    return {stage["stage"]: stage for stage in view["stages"]}


def states(services: Services, run: str, unit: int) -> list[str]:
    return [stage["state"] for stage in stages(services, run, unit).values()]


@pytest.fixture
def ten(services: Services, run: str) -> str:
    """A pipeline of ten units, the first eight of which are written."""
    keep(services, run, pipeline(units=10))
    prepare(services, Prepare(run=run))
    for unit in range(8):
        finish(services, run, unit)
    return run


def test_what_becomes_of_a_unit(services: Services, ten: str) -> None:
    assert states(services, ten, 9) == ["pending", "pending"]
    assert states(services, ten, 3) == ["done", "pending"]
    load(services, ten, 3, rejected=2)
    assert states(services, ten, 3) == ["done", "done"]
    written = stages(services, ten, 3)["generate"]["receipt"]
    assert written["document"] == f"documents/{ten}/0000003.ndjson"
    assert stages(services, ten, 3)["ingest"]["receipt"]["rejected"] == 2
    bury(services, ten, 4, "broken", Stage.INGEST)
    assert states(services, ten, 4) == ["done", "dead"]
    letter = stages(services, ten, 4)["ingest"]["dead_letter"]
    assert (letter["place"], letter["error"]) == ("ingest/0000004", "broken")


def test_a_unit_that_was_driven_again(services: Services, ten: str) -> None:
    bury(services, ten, 4, "broken", Stage.INGEST)
    services.records.edit_control(
        ten, lambda control: control.model_copy(update={"redrives": (Selection(),)})
    )
    redrive(services, Redrive(run=ten, number=1, selection=Selection()))
    found = stages(services, ten, 4)["ingest"]
    assert (found["state"], found["dead_letter"]) == ("redriven", None)
    assert [letter["error"] for letter in found["redriven"]] == ["broken"]
    load(services, ten, 4)
    found = stages(services, ten, 4)["ingest"]
    assert (found["state"], len(found["redriven"])) == ("done", 1)


def test_the_workers_that_had_a_unit_and_who_is_at_it(services: Services, ten: str) -> None:
    path = naming.dead_letter(ten, "ingest", 4)
    bury(services, ten, 4, "broken", Stage.INGEST)
    letter = DeadLetter.decode(services.records.read(path) or b"")
    earlier = {"type": "E", "message": "m", "permanent": False, "worker": "first", "delivery": 1}
    history = [{**earlier, "at": NOW.isoformat()}]
    letter = replace(letter, message={**dict(letter.message), "history": history}, worker="second")  # type: ignore[arg-type]
    services.records.write(path, letter.encode(), letter.to_metadata())
    assert stages(services, ten, 4)["ingest"]["workers"] == ["first", "second"]
    beat = Heartbeat("busy", NOW.isoformat(), "working", {}, {}, {}, current=("generate/0000009",))
    services.records.write(naming.heartbeat(ten, "busy"), beat.encode(), beat.to_metadata())
    assert stages(services, ten, 9)["generate"]["held_by"] == ["busy"]
    assert stages(services, ten, 8)["generate"]["held_by"] == []


@pytest.mark.parametrize("unit", ["10", "9999999", "x", "-1", "12345678", "٣"])
def test_a_unit_that_there_is_not(services: Services, ten: str, unit: str) -> None:
    for name in ("show_unit", "show_message", "show_document"):
        assert answer(services, name, ten, unit)[0] == 404


def test_a_message_is_that_which_was_seeded(services: Services, ten: str) -> None:
    seed(services, Seed(run=ten, first=0, count=10))
    seeded = {message.unit: message for message in messages(services, ten)}
    _, text = answer(services, "show_message", ten, 9)
    assert Message.decode(json.dumps(text)) == seeded[9]
    _, text = answer(services, "show_message", ten, 3, stage="ingest")
    message = Message.decode(json.dumps(text))
    assert (message.stage, message.payload["path"]) == ("ingest", f"{ten}/0000003.ndjson")
    status, problem = answer(services, "show_message", ten, 9, stage="ingest")
    assert (status, "nothing to ingest" in problem["detail"]) == (404, True)
    status, problem = answer(services, "show_message", ten, 9, stage="command")
    assert (status, "generate, ingest" in problem["detail"]) == (404, True)


def test_the_message_of_a_dead_unit_is_its_letters_own(services: Services, ten: str) -> None:
    bury(services, ten, 4, "broken", Stage.INGEST)
    _, text = answer(services, "show_message", ten, 4)
    assert (text["stage"], text["payload"]) == ("ingest", {})


def test_the_document_of_a_unit(
    services: Services, ten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer(services, "show_document", ten, 3) == (200, b"x" * 10)
    assert answer(services, "show_document", ten, 3, stage="ingest") == (200, b"x" * 10)
    got = called(services, "show_document", {"run": ten, "unit": "3"})
    assert got.headers["ETag"]
    status, problem = answer(services, "show_document", ten, 9)
    assert (status, "no document yet" in problem["detail"]) == (404, True)
    status, problem = answer(services, "show_document", ten, 3, record="customer")
    assert (status, "none, as it has one document" in problem["detail"]) == (404, True)
    monkeypatch.setattr(units, "LARGEST_DOCUMENT", 9)
    status, problem = answer(services, "show_document", ten, 3)
    assert status == 413
    assert f"documents/{ten}/0000003.ndjson has 10 bytes" in problem["detail"]


def test_a_document_of_each_record_type(services: Services, run: str) -> None:
    dataset = {"dataset": "d", "records": {"customer": {}, "order": {}}}
    keep(services, run, pipeline(units=2, dataset=dataset, documents={"format": "csv"}))
    prepare(services, Prepare(run=run))
    for record, size in (("customer", 3), ("order", 4)):
        path = naming.document("", run, 1, ".csv", record)
        done = receipt(run, 1, Stage.GENERATE, f"documents/{run}/*/0000001.csv")
        blob = services.records._service.get_blob_client("documents", path)
        blob.upload_blob(b"x" * size, metadata=done.to_metadata() if record == "order" else {})
    assert answer(services, "show_document", run, 1, record="customer") == (200, b"xxx")
    assert answer(services, "show_document", run, 1, stage="ingest", record="order")[1] == b"xxxx"
    status, problem = answer(services, "show_document", run, 1)
    assert (status, "customer, order" in problem["detail"]) == (404, True)


def test_the_dataset_of_a_run_is_as_its_workers_read_it(services: Services, ten: str) -> None:
    assert answer(services, "show_run_dataset", ten) == (200, {"dataset": "d", "version": 1})


# ------------------------------------------------------------------------------ the manifest


def pages(services: Services, run: str, limit: int) -> list[list[int]]:
    found, after = [], None
    while True:
        status, page = answer(services, "show_manifest", run, limit=limit, after=after)
        assert status == 200, page
        found.append([document["unit"] for document in page["documents"]])
        after = page["next"]
        if after is None:
            return found


def test_a_manifest_comes_in_pages(
    services: Services, ten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer(services, "show_manifest", ten)[0] == 404
    monkeypatch.setattr(manifest, "PIECE", 100)
    audit(services, Audit(run=ten, first=0, count=10))
    services.records.manifest(ten).commit([0])
    assert pages(services, ten, 3) == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert pages(services, ten, 8) == [[0, 1, 2, 3, 4, 5, 6, 7]]
    _, first = answer(services, "show_manifest", ten, limit=1)
    assert first["documents"][0]["document"] == f"documents/{ten}/0000000.ndjson"


def test_a_manifest_that_is_written_anew_is_read_from_its_beginning(
    services: Services, ten: str
) -> None:
    audit(services, Audit(run=ten, first=0, count=10))
    services.records.manifest(ten).commit([0])
    _, page = answer(services, "show_manifest", ten, limit=3)
    services.records.manifest(ten).commit([0])
    status, problem = answer(services, "show_manifest", ten, after=page["next"])
    assert (status, "begin with the first" in problem["detail"]) == (409, True)
    assert answer(services, "show_manifest", ten, after="7-x y")[0] == 400
    _, page = answer(services, "show_manifest", ten, limit=3)
    within = f"{int(page['next'].split('-')[0]) + 1}-{page['next'].split('-')[1]}"
    status, problem = answer(services, "show_manifest", ten, after=within)
    assert (status, problem["detail"]) == (400, "after: no line begins there")
