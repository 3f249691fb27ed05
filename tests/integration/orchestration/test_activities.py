"""Each activity on the real services, and each of them twice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.activities import NOW, bury, finish, keep, load, messages, pipeline

from orchestration.activities import freezing
from orchestration.activities.seeding import prepare, seed
from orchestration.activities.watching import observe, pushback
from orchestration.model import (
    Look,
    Prepare,
    Remedy,
    Seed,
)
from orchestration.services import Records, Services, listing
from orchestration.services.listing import ListedBlob
from worker_image.contract import Heartbeat, Stage, naming


@pytest.fixture
def generate(services: Services, run: str) -> str:
    request = {"kind": "generate", "dataset": {"dataset": "d", "version": 1}, "units": 25}
    keep(services, run, request)
    return run


def test_prepare_and_seed_give_exactly_the_units_of_the_plan(
    services: Services, generate: str
) -> None:
    plan = prepare(services, Prepare(run=generate)).plan
    assert plan is not None
    assert prepare(services, Prepare(run=generate)).plan == plan
    for first in range(0, plan.units, 10):
        decision = Seed(run=generate, first=first, count=min(10, plan.units - first))
        seed(services, decision)
    found = messages(services, generate)
    assert sorted(message.unit for message in found) == list(range(25))
    assert all(message.payload["dataset"]["inline"] for message in found)


def test_a_page_seeded_twice_makes_duplicates_and_no_other_units(
    services: Services, generate: str
) -> None:
    prepare(services, Prepare(run=generate))
    for _ in range(2):
        seed(services, Seed(run=generate, first=0, count=5))
    units = [message.unit for message in messages(services, generate)]
    assert sorted(set(units)) == [0, 1, 2, 3, 4]
    assert len(units) == 10


def test_what_is_missing_of_a_page_is_seeded_and_nothing_else(
    services: Services, generate: str
) -> None:
    prepare(services, Prepare(run=generate))
    for unit in (3, 10, 12):
        finish(services, generate, unit)
    bury(services, generate, 15)
    decision = Seed(run=generate, first=10, count=10, missing=True)
    assert seed(services, decision).count == 7
    units = [message.unit for message in messages(services, generate)]
    assert sorted(units) == [11, 13, 14, 16, 17, 18, 19]
    assert seed(services, decision).count == 7, "a unit on the queue is missing still"


def test_a_document_that_was_not_loaded_is_seeded_for_its_second_stage(
    services: Services, run: str
) -> None:
    keep(services, run, pipeline(units=4))
    prepare(services, Prepare(run=run))
    for unit in (0, 1, 2):
        finish(services, run, unit)
    load(services, run, 0)
    bury(services, run, 2, stage=Stage.INGEST)
    assert seed(services, Seed(run=run, first=0, count=4, missing=True)).count == 2
    found = {message.unit: message for message in messages(services, run)}
    assert {unit: message.stage for unit, message in found.items()} == {
        1: Stage.INGEST,
        3: Stage.GENERATE,
    }
    assert found[1].payload["path"] == naming.document("", run, 1, ".ndjson")
    assert found[3].then is not None


def test_a_large_dataset_is_stored_once_and_referred_to(services: Services, run: str) -> None:
    dataset = {"dataset": "d", "notes": "x" * 40_000}
    keep(services, run, {"kind": "generate", "dataset": dataset, "units": 1})
    prepare(services, Prepare(run=run))
    seed(services, Seed(run=run, first=0, count=1))
    (message,) = messages(services, run)
    content = services.records.read(message.payload["dataset"]["blob"])
    assert content is not None
    assert json.loads(content) == dataset


def ingest_request(container: str) -> dict[str, Any]:
    return {"kind": "ingest", "source": {"container": container}, "sink": {"schema": "s"}}


def test_an_ingest_run_freezes_its_listing(services: Services, run: str) -> None:
    container = f"{run}-source"
    services.records.create_container(container)
    client = services.records._service.get_container_client(container)
    for number in range(23):
        client.upload_blob(f"a/{number:03d}.ndjson", b"{}")
    keep(services, run, ingest_request(container))
    plan = prepare(services, Prepare(run=run)).plan
    assert plan is not None
    assert plan.units == 23

    client.upload_blob("a/000-later.ndjson", b"{}")
    client.upload_blob("z.ndjson", b"{}")
    assert prepare(services, Prepare(run=run)).plan == plan, "a later blob shifts nothing"
    for first in (0, 10, 20):
        seed(services, Seed(run=run, first=first, count=min(10, 23 - first)))
    paths = {message.unit: message.payload["path"] for message in messages(services, run)}
    assert paths == {number: f"a/{number:03d}.ndjson" for number in range(23)}


def test_a_listing_cut_off_half_way_goes_on_behind_its_last_page(
    services: Services, run: str
) -> None:
    container = f"{run}-source"
    services.records.create_container(container)
    client = services.records._service.get_container_client(container)
    for number in range(23):
        client.upload_blob(f"{number:03d}", b"{}")
    keep(services, run, ingest_request(container))
    prepare(services, Prepare(run=run))
    for page in (1, 2):
        services.records._runs.delete_blob(naming.plan_page(run, page))
    client.upload_blob("000-later", b"{}")
    plan = prepare(services, Prepare(run=run)).plan
    assert plan is not None
    assert plan.units == 23


def test_a_long_listing_is_frozen_over_several_calls(
    services: Services, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "ENTRIES_A_CALL", 20)
    monkeypatch.setattr(listing, "PAGE", 7)
    container = f"{run}-source"
    services.records.create_container(container)
    client = services.records._service.get_container_client(container)
    for number in range(43):
        client.upload_blob(f"{number:03d}", b"{}")
    keep(services, run, ingest_request(container))
    assert prepare(services, Prepare(run=run)).plan is None
    client.upload_blob("000-later", b"{}")
    assert prepare(services, Prepare(run=run)).plan is None
    plan = prepare(services, Prepare(run=run)).plan
    assert plan is not None
    assert plan.units == 43
    for first in range(0, 43, 10):
        seed(services, Seed(run=run, first=first, count=min(10, 43 - first)))
    paths = {message.unit: message.payload["path"] for message in messages(services, run)}
    assert paths == {number: f"{number:03d}" for number in range(43)}


class Overtaken(Records):
    """Another call freezes the first page while this one lists what has changed since."""

    def listing(self, container: str, prefix: str, behind: str = "") -> Iterator[ListedBlob]:
        if container.endswith("-source"):
            run = container.removesuffix("-source")
            page = [{"path": f"{number:03d}", "etag": "e"} for number in range(10)]
            self.create(naming.plan_page(run, 0), json.dumps(page))
        return super().listing(container, prefix, behind)


def test_a_listing_overtaken_by_another_call_goes_on_behind_it(
    services: Services, run: str
) -> None:
    container = f"{run}-source"
    services.records.create_container(container)
    client = services.records._service.get_container_client(container)
    for name in ("000-later", *(f"{number:03d}" for number in range(23))):
        client.upload_blob(name, b"{}")
    keep(services, run, ingest_request(container))
    overtaken = replace(services, records=Overtaken(services.records._service))
    assert prepare(overtaken, Prepare(run=run)).plan is None
    plan = prepare(services, Prepare(run=run)).plan
    assert plan is not None
    assert plan.units == 23
    for first in (0, 10, 20):
        seed(services, Seed(run=run, first=first, count=min(10, 23 - first)))
    paths = {message.unit: message.payload["path"] for message in messages(services, run)}
    assert paths == {number: f"{number:03d}" for number in range(23)}


def test_rejected_rows_of_an_earlier_load_are_no_documents(services: Services, run: str) -> None:
    container = f"{run}-source"
    services.records.create_container(container)
    client = services.records._service.get_container_client(container)
    for name in ("a.csv", f"a.csv{naming.REJECTED}", "b.ndjson", "rejected.ndjson"):
        client.upload_blob(name, b"{}")
    keep(services, run, ingest_request(container))
    assert prepare(services, Prepare(run=run)).plan is not None
    seed(services, Seed(run=run, first=0, count=3))
    paths = {message.payload["path"] for message in messages(services, run)}
    assert paths == {"a.csv", "b.ndjson", "rejected.ndjson"}


def test_a_large_dataset_of_an_ingest_run_is_stored_as_well(services: Services, run: str) -> None:
    dataset = {"dataset": "d", "notes": "x" * 40_000}
    container = f"{run}-source"
    services.records.create_container(container)
    services.records._service.get_blob_client(container, "a.csv").upload_blob(b"x")
    keep(services, run, {**ingest_request(container), "dataset": dataset})
    prepare(services, Prepare(run=run))
    seed(services, Seed(run=run, first=0, count=1))
    (message,) = messages(services, run)
    content = services.records.read(message.payload["dataset"]["blob"])
    assert content is not None
    assert json.loads(content) == dataset


def test_a_source_that_does_not_exist_is_fatal(services: Services, run: str) -> None:
    keep(services, run, ingest_request("nowhere-at-all"))
    outcome = prepare(services, Prepare(run=run))
    assert outcome.refusal is not None
    assert outcome.refusal.remedy is Remedy.FATAL
    assert "nowhere-at-all" in outcome.error


def test_observe_sums_up_what_the_workers_say(services: Services, generate: str) -> None:
    prepare(services, Prepare(run=generate))
    seed(services, Seed(run=generate, first=0, count=7))
    for worker, units in (("a", 3), ("b", 4)):
        beat = Heartbeat(
            worker=worker,
            at=NOW.isoformat(),
            state="working",
            units={"generate": units},
            rows={"generate": units * 10},
            bytes={"generate": units * 100},
            retries=1,
            pushbacks=units,
            pushback="too many" if worker == "b" else "",
            current=(f"finish/{0:07d}",) if worker == "b" else ("ingest/0000001",),
        )
        path = naming.heartbeat(generate, worker)
        services.records.write(path, beat.encode(), beat.to_metadata())
    seen = observe(services, Look(run=generate), NOW)
    assert seen.queued == 7
    assert seen.progress["generate"].model_dump() == {"units": 7, "rows": 70, "bytes": 700}
    assert seen.retries == 2
    assert (seen.pushbacks, seen.pushback) == (7, "too many")
    assert seen.finishing
    assert abs(seen.finishing - datetime.now(UTC)) < timedelta(minutes=1), "the time of storage"


def test_the_target_is_quoted_as_the_worker_heard_it_that_spoke_last() -> None:
    beats = [
        Heartbeat(worker, (NOW + timedelta(seconds=later)).isoformat(), "idle", pushback=said)
        for worker, later, said in (("a", 5, "away"), ("b", 0, "full"), ("c", 9, ""))
    ]
    assert pushback(beats) == "away"
    assert pushback(beats[2:]) == ""
