"""Container groups made and removed, and what a look at them tells, each on the real SDK."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import AzureError
from support.activities import NOW, bury, keep
from support.container_instances import StandIn, container_group, until
from support.tables import table

from local_host.checks import NoToken
from orchestration.activities import watching
from orchestration.activities.fleet import provision, remove
from orchestration.activities.seeding import prepare
from orchestration.activities.watching import dead_letters, errors, observe
from orchestration.model import Look, Prepare, Provision, Refusal, Remedy, Remove
from orchestration.services import ContainerGroups, Services
from orchestration.services.arm import open_client
from orchestration.services.group_definition import APP
from worker_image.contract import Heartbeat, Stage, naming


@pytest.fixture
def generate(services: Services, run: str) -> str:
    request = {"kind": "generate", "dataset": {"dataset": "d", "version": 1}, "units": 25}
    keep(services, run, request)
    return run


def one_group(run: str) -> Provision:
    expires = datetime.now(UTC) + timedelta(hours=1)
    return Provision(run=run, ordinal=1, attempt=1, region="eastus", expires=expires)


def test_provision_and_remove_leave_nothing(services: Services, generate: str) -> None:
    decision = one_group(generate)
    assert provision(services, decision).count == 1
    assert provision(services, decision).count == 0, "adopted"
    name = naming.container_group(generate, 1, 1)
    assert [group.name for group in observe(services, Look(run=generate), NOW).groups] == [name]
    until(lambda: remove(services, Remove(run=generate, name=name)).count)
    assert observe(services, Look(run=generate), NOW).groups == ()
    assert remove(services, Remove(run=generate, name=name)).count == 1


def test_a_run_stays_with_the_image_that_it_was_planned_with(
    services: Services, generate: str
) -> None:
    """The app is deployed with another image while the run goes on."""
    plan = prepare(services, Prepare(run=generate)).plan
    assert plan
    assert plan.image == services.settings.worker_image
    settings = services.settings.model_copy(update={"worker_image": "aci-jobs/worker:newer"})
    groups = ContainerGroups(open_client(settings, NoToken()), settings)
    deployed = replace(services, settings=settings, groups=groups)
    planned = one_group(generate).model_copy(update={"image": plan.image})
    assert provision(deployed, planned).count == 1, "there is no other image than this one"
    by_older = one_group(generate).model_copy(update={"ordinal": 2})
    assert "aci-jobs/worker:newer" in provision(deployed, by_older).error
    name = naming.container_group(generate, 1, 1)
    until(lambda: remove(services, Remove(run=generate, name=name)).count)


def test_a_command_run_stays_with_an_image_of_its_own(services: Services, run: str) -> None:
    command = {"program": ["cat"], "image": "aci-jobs/docx:1"}
    keep(services, run, {"kind": "command", "command": command, "payloads": [1]})
    plan = prepare(services, Prepare(run=run)).plan
    assert plan
    assert plan.image == "aci-jobs/docx:1"


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
        speak(services, generate, ordinal, at)
    seen = observe(services, Look(run=generate), NOW).groups
    assert [(view.ordinal, view.heard is not None) for view in seen] == [
        (1, True),
        (2, False),
        (3, False),
    ]


@table(
    "hours",
    {"an hour behind": -1, "nine days ahead": 216, "right": 0},
)
def test_a_worker_is_heard_when_storage_heard_it_whatever_its_clock_says(
    services: Services, generate: str, hours: float
) -> None:
    provision(services, one_group(generate))
    its_time = datetime.now(UTC) + timedelta(hours=hours)
    speak(services, generate, 1, its_time.isoformat(), (its_time - timedelta(60)).isoformat())
    (view,) = observe(services, Look(run=generate), NOW).groups
    assert view.heard
    assert abs(view.heard - datetime.now(UTC)) < timedelta(minutes=1)
    worked = services.records.chronicle(generate).groups[view.name].worked
    assert worked == view.heard - timedelta(60), "as long ago as it says"


def speak(services: Services, run: str, ordinal: int, at: str, worked: str = "") -> None:
    worker = naming.container_group(run, ordinal, 1)
    beat = Heartbeat(worker=worker, at=at, state="idle", worked=worked)
    services.records.write(naming.heartbeat(run, worker), "", beat.to_metadata())


def test_a_look_reads_the_quotas_that_it_is_asked_for(
    services: Services, stand_in: StandIn, generate: str
) -> None:
    assert observe(services, Look(run=generate), NOW).rooms == {}
    stand_in.fault("throttle", operation="usages", seconds=600)  # the first of them
    seen = observe(services, Look(run=generate, regions=("eastus", "blocked", "small")), NOW)
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
        observe(services, Look(run=generate), NOW)


def test_a_look_names_the_commonest_errors(services: Services, generate: str) -> None:
    prepare(services, Prepare(run=generate))
    assert observe(services, Look(run=generate), NOW).errors == ()
    for unit, error in enumerate(["a 1", "b 1", "c 1", "d 1", "c 2", "b 2", "c 3", "d 2", "e 1"]):
        bury(services, generate, unit, error)
    seen = observe(services, Look(run=generate), NOW).errors
    assert [(error.error, error.units) for error in seen] == [
        ("ValueError: c 1", 3),
        ("ValueError: b 1", 2),
        ("ValueError: d 1", 2),
    ]
    assert len({error.fingerprint for error in seen}) == 3
    _, letters = dead_letters(services, generate)
    assert sum(error.units for error in errors(letters, first=2)) == 2


def test_dead_letters_are_counted_by_their_records(
    services: Services, generate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message may be there twice, and be left of a unit that was redriven."""
    prepare(services, Prepare(run=generate))
    for unit in (0, 1, 1, 2):
        bury(services, generate, unit)
    assert observe(services, Look(run=generate), NOW).dead == 3
    services.records.delete(naming.dead_letter(generate, Stage.GENERATE, 2))
    assert observe(services, Look(run=generate), NOW).dead == 2
    monkeypatch.setattr(watching, "COUNTED", 2)
    assert observe(services, Look(run=generate), NOW).dead == 4
