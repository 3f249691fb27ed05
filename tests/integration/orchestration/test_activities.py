"""Each activity on the real services, and each of them twice."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import AzureError
from support.container_instances import StandIn, container_group, until

from orchestration.activities.auditing import audit, close, redrive
from orchestration.activities.fleet import provision, remove
from orchestration.activities.seeding import prepare, seed
from orchestration.activities.watching import errors, observe
from orchestration.model import (
    Audit,
    Close,
    Look,
    Phase,
    Prepare,
    Provision,
    Redrive,
    Refusal,
    Remedy,
    Remove,
    RunRecord,
    RunRequest,
    RunState,
    Seed,
    Selection,
    Verdict,
)
from orchestration.reports import Report
from orchestration.services import Services
from orchestration.services.group_definition import APP
from worker_image.contract import (
    DeadLetter,
    Failure,
    Heartbeat,
    Message,
    Receipt,
    naming,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def keep(services: Services, run: str, request: dict[str, Any]) -> RunRecord:
    record = RunRecord(run=run, created=NOW, request=RunRequest.model_validate(request))
    services.records.create(naming.record(run), record.model_dump_json(by_alias=True))
    return record


@pytest.fixture
def generate(services: Services, run: str) -> str:
    request = {"kind": "generate", "dataset": {"dataset": "d", "version": 1}, "units": 25}
    keep(services, run, request)
    return run


def messages(services: Services, run: str) -> list[Message]:
    found: list[Message] = []

    def take(text: str) -> bool:
        found.append(Message.decode(text))
        return True

    services.queues.discard(naming.work_queue(run), take)
    return found


def finish(services: Services, run: str, unit: int, size: int = 10) -> None:
    receipt = Receipt(
        run=run,
        stage="generate",
        unit=unit,
        records={"customer": size},
        bytes=size,
        checksum="c",
        seconds=0.1,
        worker="w",
        delivery=1,
        document=f"documents/{naming.document('', run, unit, '.ndjson')}",
    )
    services.records._service.get_blob_client(
        "documents", naming.document("", run, unit, ".ndjson")
    ).upload_blob(b"x" * size, overwrite=True, metadata=receipt.to_metadata())


def bury(services: Services, run: str, unit: int, error: str = "broken") -> None:
    message = Message(run=run, stage="generate", unit=unit, payload={})  # type: ignore[arg-type]
    failure = Failure("ValueError", error, True, "w", 1, NOW.isoformat())
    letter = DeadLetter.of(message, failure, deliveries=1, first_seen=NOW.isoformat())
    services.records.write(letter.record_path(run), letter.encode(), letter.to_metadata())
    services.queues._client(naming.dead_letter_queue(run)).send_message(letter.encode())


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


def test_a_source_that_does_not_exist_is_fatal(services: Services, run: str) -> None:
    keep(services, run, ingest_request("nowhere-at-all"))
    outcome = prepare(services, Prepare(run=run))
    assert outcome.refusal is not None
    assert outcome.refusal.remedy is Remedy.FATAL
    assert "nowhere-at-all" in outcome.error


def test_an_audit_names_what_is_missing_and_seeds_it(services: Services, generate: str) -> None:
    prepare(services, Prepare(run=generate))
    for unit in range(20):
        finish(services, generate, unit)
    bury(services, generate, 20)
    bury(services, generate, 3)  # a late delivery of a unit that is done
    account = audit(services, Audit(run=generate, first=0, count=25)).account
    assert account is not None
    assert account.done == {"generate": 20}
    assert account.dead == {"generate": 1}
    assert account.missing == {"generate": 4}
    assert account.sample[0] == "generate/21"
    assert messages(services, generate) == []
    audit(services, Audit(run=generate, first=0, count=25, reseed=True))
    assert sorted(m.unit for m in messages(services, generate)) == [21, 22, 23, 24]


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(), set()),
        (Selection(units=(1,)), {2, 3}),
        (Selection(fingerprint="of unit 2"), {1, 3}),
    ],
)
def test_a_redrive_sets_the_selected_dead_letters_aside(
    services: Services, generate: str, selection: Selection, left: set[int]
) -> None:
    prepare(services, Prepare(run=generate))
    for unit, error in ((1, "one"), (2, "two"), (3, "three")):
        bury(services, generate, unit, error)
    letters = {letter.unit: letter for letter in services.records.dead_letters(generate)}
    if selection.fingerprint:
        fingerprint = letters[2].metadata["fingerprint"]
        selection = selection.model_copy(update={"fingerprint": fingerprint})
    decision = Redrive(run=generate, number=1, selection=selection)
    redrive(services, decision)
    redrive(services, decision)
    kept = {letter.unit for letter in services.records.dead_letters(generate)}
    assert kept == left
    assert services.queues.count(naming.dead_letter_queue(generate)) == len(left)


def one_group(run: str) -> Provision:
    expires = datetime.now(UTC) + timedelta(hours=1)
    return Provision(run=run, ordinal=1, attempt=1, region="eastus", expires=expires)


def test_provision_and_remove_leave_nothing(services: Services, generate: str) -> None:
    decision = one_group(generate)
    assert provision(services, decision).count == 1
    assert provision(services, decision).count == 0, "adopted"
    name = naming.container_group(generate, 1, 1)
    assert [group.name for group in observe(services, Look(run=generate)).groups] == [name]
    until(lambda: remove(services, Remove(run=generate, name=name)).count)
    assert observe(services, Look(run=generate)).groups == ()
    assert remove(services, Remove(run=generate, name=name)).count == 1


@pytest.mark.parametrize(
    ("kind", "remedy", "words"),
    [
        ("quota", Remedy.ROOM, "ContainerGroupQuotaReached: Resource type"),
        ("throttle", Remedy.AGAIN, "TooManyRequests: A fault that was asked for."),
        ("transitioning", Remedy.AGAIN, "ContainerGroupTransitioning: The container group"),
    ],
)
def test_a_refused_creation_is_an_outcome(
    services: Services, stand_in: StandIn, generate: str, kind: str, remedy: Remedy, words: str
) -> None:
    stand_in.fault(kind, operation="create")
    outcome = provision(services, one_group(generate))
    assert outcome.refusal is not None
    assert outcome.refusal.remedy is remedy
    assert outcome.error.startswith(f"{naming.container_group(generate, 1, 1)}: {words}")
    assert outcome.count == 0


def test_outcomes_tell_how_many_more_are_allowed(services: Services, generate: str) -> None:
    created = provision(services, one_group(generate)).left
    full = one_group(generate).model_copy(update={"region": "blocked", "ordinal": 2})
    refused = provision(services, full).left
    assert created is not None
    assert refused == (created[0] - 1, created[1] - 1), "a refusal spends one, and tells it"
    name = naming.container_group(generate, 1, 1)
    assert remove(services, Remove(run=generate, name=name)).left is not None


def test_a_refused_deletion_is_an_outcome(
    services: Services, stand_in: StandIn, generate: str
) -> None:
    provision(services, one_group(generate))
    name = naming.container_group(generate, 1, 1)
    stand_in.fault("throttle", operation="delete", seconds=1_800)
    outcome = remove(services, Remove(run=generate, name=name))
    assert outcome.refusal == Refusal(code="TooManyRequests", remedy=Remedy.AGAIN, wait=1_800)
    assert outcome.error.startswith(f"{name}: TooManyRequests")
    until(lambda: remove(services, Remove(run=generate, name=name)).count)


def test_the_end_of_the_output_is_saved_before_the_deletion(
    services: Services, stand_in: StandIn, generate: str
) -> None:
    for name, fault in (("with", None), ("without", "refuse")):
        stand_in.run(name, container_group("print('end')", tags={"app": APP}), "Succeeded")
        if fault:
            stand_in.fault(fault, operation="logs", group=name, count=None)
        until(lambda name=name: remove(services, Remove(run=generate, name=name)).count)  # type: ignore[misc]
    assert services.records.read(naming.platform_log(generate, "with")) == b"end\n"
    assert services.records.read(naming.platform_log(generate, "without")) is None


def test_a_look_joins_groups_and_the_last_words_of_their_workers(
    services: Services, generate: str
) -> None:
    for ordinal in (1, 2, 3):
        provision(services, one_group(generate).model_copy(update={"ordinal": ordinal}))
    for ordinal, at in ((1, NOW.isoformat()), (3, "not a time"), (9, NOW.isoformat())):
        worker = naming.container_group(generate, ordinal, 1)
        beat = Heartbeat(worker=worker, at=at, state="idle")
        services.records.write(naming.heartbeat(generate, worker), "", beat.to_metadata())
    seen = observe(services, Look(run=generate)).groups
    assert [(view.ordinal, view.heard) for view in seen] == [(1, NOW), (2, None), (3, None)]


def test_a_look_reads_the_quotas_that_it_is_asked_for(
    services: Services, stand_in: StandIn, generate: str
) -> None:
    assert observe(services, Look(run=generate)).rooms == {}
    stand_in.fault("throttle", operation="usages", seconds=600)  # the first of them
    seen = observe(services, Look(run=generate, regions=("eastus", "blocked", "small")))
    assert seen.rooms.keys() == {"eastus", "blocked", "small"}
    assert seen.rooms["eastus"] is None
    assert seen.rooms["blocked"]
    assert seen.rooms["blocked"].cores == 0


def test_a_look_fails_rather_than_leave_a_group_out(
    services: Services, stand_in: StandIn, generate: str
) -> None:
    provision(services, one_group(generate))
    stand_in.fault("throttle", operation="get", seconds=600)
    with pytest.raises(AzureError):
        observe(services, Look(run=generate))


def test_a_look_names_the_commonest_errors(services: Services, generate: str) -> None:
    prepare(services, Prepare(run=generate))
    assert observe(services, Look(run=generate)).errors == ()
    for unit, error in enumerate(["a 1", "b 1", "c 1", "d 1", "c 2", "b 2", "c 3", "d 2", "e 1"]):
        bury(services, generate, unit, error)
    seen = observe(services, Look(run=generate)).errors
    assert [(error.error, error.units) for error in seen] == [
        ("ValueError: c 1", 3),
        ("ValueError: b 1", 2),
        ("ValueError: d 1", 2),
    ]
    assert len({error.fingerprint for error in seen}) == 3
    assert sum(error.units for error in errors(services, generate, first=2)) == 2


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
        )
        path = naming.heartbeat(generate, worker)
        services.records.write(path, beat.encode(), beat.to_metadata())
    seen = observe(services, Look(run=generate))
    assert seen.queued == 7
    assert seen.progress["generate"].model_dump() == {"units": 7, "rows": 70, "bytes": 700}
    assert seen.retries == 2


def test_close_writes_manifest_and_report_and_twice_the_same(
    services: Services, generate: str
) -> None:
    prepare(services, Prepare(run=generate))
    for unit in range(3):
        finish(services, generate, unit)
    state = RunState(
        run=generate, started=NOW, progressed=NOW, verdict=Verdict(phase=Phase.SUCCEEDED)
    )
    for _ in range(2):
        assert close(services, Close(state=state), NOW + timedelta(seconds=9)).count == 1
    report = services.records.read_as(Report, naming.report(generate))
    assert report is not None
    assert report.stages["generate"].rows == 30
    assert report.seconds == 9
    lines = (services.records.read(naming.manifest(generate)) or b"").splitlines()
    assert [json.loads(line)["unit"] for line in lines] == [0, 1, 2]
    assert services.records.catalogued()[generate]["state"] == "Succeeded"
    assert services.queues.count(naming.work_queue(generate)) == 0
