"""Queues, blobs and container groups through the real SDKs."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import AzureError, ResourceNotFoundError
from support.container_instances import StandIn, until

from orchestration.model import Control, Instances, Provision, Remedy, Selection
from orchestration.services import Services
from orchestration.services.container_groups import refusal
from worker_image.contract import Variable, naming

VARIABLES = (Variable("PLAIN", "1", secret=False), Variable("HIDDEN", "topsecret", secret=True))
SMALL = Instances(count=1, cpu=0.5, memory_gb=0.5)


def provision(run: str, ordinal: int = 1, attempt: int = 1) -> Provision:
    expires = datetime.now(UTC) + timedelta(hours=1)
    return Provision(run=run, ordinal=ordinal, attempt=attempt, region="eastus", expires=expires)


def test_creating_queues_twice_is_creating_them_once(services: Services, run: str) -> None:
    services.queues.create(run)
    services.queues.create(run)
    assert services.queues.count(naming.work_queue(run)) == 0


def test_seeding_counts_and_deletion(services: Services, run: str) -> None:
    services.queues.create(run)
    assert services.queues.seed(run, (f'{{"n":{n}}}' for n in range(100))) == 100
    assert services.queues.count(naming.work_queue(run)) == 100
    services.queues.delete(naming.work_queue(run))
    services.queues.delete(naming.work_queue(run))
    assert services.queues.count(naming.work_queue(run)) == 0


def test_discarding_leaves_the_other_messages_visible(services: Services, run: str) -> None:
    services.queues.create(run)
    services.queues.seed(run, (str(n) for n in range(50)))
    queue = naming.work_queue(run)
    assert services.queues.discard(queue, lambda text: int(text) % 5 == 0) == 10
    assert services.queues.discard(queue, lambda _: True) == 40


def test_create_writes_once(services: Services, run: str) -> None:
    assert services.records.create(f"{run}/x", "first")
    assert not services.records.create(f"{run}/x", "second")
    assert services.records.read(f"{run}/x") == b"first"
    assert services.records.read(f"{run}/y") is None


def test_wishes_of_many_people_at_once_are_all_kept(services: Services, run: str) -> None:
    def wish(unit: int) -> None:
        def add(control: Control) -> Control:
            redrives = (*control.redrives, Selection(units=(unit,)))
            return control.model_copy(update={"redrives": redrives})

        services.records.edit_control(run, add)

    threads = [threading.Thread(target=wish, args=(unit,)) for unit in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = services.records.control(run).redrives
    assert {selection.units for selection in kept} == {(unit,) for unit in range(8)}


def test_a_listing_of_a_missing_container_is_an_error(services: Services) -> None:
    with pytest.raises(ResourceNotFoundError):
        list(services.records.listing("nowhere", ""))


def test_a_group_from_creation_to_deletion(services: Services, stand_in: StandIn, run: str) -> None:
    assert services.groups.create(provision(run), SMALL, VARIABLES)
    assert not services.groups.create(provision(run), SMALL, VARIABLES), "adopted, not created"
    (view,) = services.groups.of_run(run)
    assert (view.ordinal, view.attempt) == (1, 1)
    name = naming.container_group(run, 1, 1)
    stand_in.wait(name, "Succeeded")  # the image's command ends at once
    (view,) = services.groups.of_run(run)
    assert view.over
    assert view.exit_code == 0
    assert view.started is not None
    assert view.ended is not None
    assert view.ended >= view.started
    until(lambda: services.groups.delete(name))
    assert services.groups.delete(name)
    assert services.groups.of_run(run) == ()


def test_groups_of_others_are_not_seen(services: Services, stand_in: StandIn, run: str) -> None:
    from support.container_instances import container_group

    stand_in.put("somebody-elses", container_group("pass", tags={"run": run}))
    assert services.groups.of_run(run) == ()
    stand_in.delete("somebody-elses")


def test_a_secret_is_not_shown_by_the_platform(
    services: Services, stand_in: StandIn, run: str
) -> None:
    services.groups.create(provision(run), SMALL, VARIABLES)
    shown = stand_in.get(naming.container_group(run, 1, 1))
    assert "topsecret" not in str(shown.as_dict())


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (409, "ContainerGroupQuotaReached", Remedy.AGAIN),
        (409, "ContainerGroupTransitioning", Remedy.AGAIN),
        (409, "ServiceUnavailable", Remedy.AGAIN),
        (500, "InternalServerError", Remedy.AGAIN),
        (400, "SomethingNobodyHasSeen", Remedy.AGAIN),
        (403, "AuthorizationFailed", Remedy.FATAL),
        (400, "InaccessibleImage", Remedy.FATAL),
    ],
)
def test_what_a_refusal_means_is_read_from_its_code(
    services: Services, stand_in: StandIn, run: str, status: int, code: str, meaning: Remedy
) -> None:
    stand_in.fault("refuse", operation="create", status=status, code=code, message="no")
    with pytest.raises(AzureError) as caught:
        services.groups.create(provision(run), SMALL, VARIABLES)
    assert refusal(caught.value).remedy is meaning
    stand_in.clear_faults()


def test_a_group_whose_creation_lost_its_reply_is_adopted(
    services: Services, stand_in: StandIn, run: str
) -> None:
    stand_in.fault("lose_reply", operation="create")
    with pytest.raises(AzureError) as caught:
        services.groups.create(provision(run), SMALL, VARIABLES)
    assert refusal(caught.value).remedy is Remedy.AGAIN
    assert not services.groups.create(provision(run), SMALL, VARIABLES)
    assert len(services.groups.of_run(run)) == 1


def test_a_run_is_purged_with_all_its_blobs_and_twice(services: Services, run: str) -> None:
    for number in range(300):  # more than one call deletes
        services.records.create(f"{run}/receipts/{number}", b"")
    services.records.catalogue(run, {"state": "Failed"})
    for _ in range(2):
        services.records.purge(run)
    assert list(services.records.listing(naming.RUNS, f"{run}/")) == []
    assert run not in services.records.catalogued()


def test_what_is_old_is_deleted_but_for_what_is_named(services: Services, run: str) -> None:
    for name in ("a", "b", "c"):
        services.records.create(f"{run}/{name}", b"")
    now = datetime.now(UTC)
    services.records.delete_older(f"{run}/", now - timedelta(hours=1))
    assert len(list(services.records.listing(naming.RUNS, f"{run}/"))) == 3
    services.records.delete_older(f"{run}/", now + timedelta(hours=1), but={f"{run}/b"})
    left = [blob.name for blob in services.records.listing(naming.RUNS, f"{run}/")]
    assert left == [f"{run}/b"]
