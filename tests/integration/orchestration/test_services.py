"""Queues and blobs through the real SDKs."""

import socket
import threading
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from azure.core.exceptions import AzureError, ResourceNotFoundError
from pydantic import SecretStr

from local_host.checks import NoToken
from local_host.services.ports import HOST, free_ports
from orchestration.model import Control, Selection
from orchestration.services import Records, Services
from orchestration.services.storage import open_storage
from worker_image.contract import naming


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


def test_a_run_is_purged_with_all_its_blobs_and_twice(services: Services, run: str) -> None:
    for number in range(300):  # more than one call deletes
        services.records.create(f"{run}/receipts/{number}", b"")
    services.records.catalogue.write(run, {"state": "Failed"})
    for _ in range(2):
        services.records.purge(run)
    assert list(services.records.listing(naming.RUNS, f"{run}/")) == []
    assert run not in services.records.catalogue.read()


def test_what_is_old_is_deleted_but_for_what_is_named(services: Services, run: str) -> None:
    for name in ("a", "b", "c"):
        services.records.create(f"{run}/{name}", b"")
    now = datetime.now(UTC)
    services.records.delete_older(f"{run}/", now - timedelta(hours=1))
    assert len(list(services.records.listing(naming.RUNS, f"{run}/"))) == 3
    services.records.delete_older(f"{run}/", now + timedelta(hours=1), but={f"{run}/b"})
    left = [blob.name for blob in services.records.listing(naming.RUNS, f"{run}/")]
    assert left == [f"{run}/b"]


def given_up_after(services: Services, port: int) -> float:
    """Seconds until a call of storage at a port of this machine is an error."""
    account = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ=="
    ends = f"BlobEndpoint=http://{HOST}:{port}/a;QueueEndpoint=http://{HOST}:{port}/a"
    changed = {"storage_connection_string": SecretStr(f"{account};{ends}")}
    storage = open_storage(services.settings.model_copy(update=changed), NoToken())
    began = monotonic()
    with pytest.raises(AzureError):
        Records(storage.blobs).read("x")
    return monotonic() - began


def test_storage_that_is_away_is_given_up_within_seconds(services: Services) -> None:
    assert 3 < given_up_after(services, free_ports(1)[0]) < 60, "after more than one try"


@pytest.mark.long
def test_storage_that_says_nothing_is_given_up_within_a_minute(services: Services) -> None:
    with socket.create_server((HOST, 0)) as silent:
        assert given_up_after(services, silent.getsockname()[1]) < 60


def test_a_list_of_runs_has_what_others_have_changed(services: Services, run: str) -> None:
    def of(*runs: str) -> list[str | None]:
        found = mine.catalogue.read()
        return [found[each]["state"] if each in found else None for each in runs]

    mine, other = services.records, Records(services.records._service)
    second = f"{run[:-1]}0"
    mine.catalogue.write(run, {"state": "Planning"}, new=True)
    other.catalogue.write(run, {"state": "Succeeded"})
    other.catalogue.write(second, {"state": "Failed"}, new=True)
    assert of(run, second) == ["Succeeded", "Failed"]
    other.catalogue.write(second, {"state": "Running"}, new=True)
    assert of(second) == ["Failed"], "what is new replaces nothing"
    mine.purge(run)
    other.purge(second)
    assert of(run, second) == [None, None]
