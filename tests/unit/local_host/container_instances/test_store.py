"""Groups on disk."""

from dataclasses import replace
from pathlib import Path

from local_host.container_instances.faults import Fault, Kind
from local_host.container_instances.model import Address, Group
from local_host.container_instances.store import Store

REQUESTS = {"requests": {"cpu": 1, "memoryInGB": 1}}
CONTAINER = {"name": "worker", "properties": {"image": "i", "resources": REQUESTS}}
BODY = {"location": "eastus", "properties": {"containers": [CONTAINER]}}
GROUP = Group(
    Address("Sub", "Rg", "g"), BODY, "op-2", 1.5, 2.5, (Fault(kind=Kind.CRASH),), "stop", 3.5
)


def test_a_group_comes_back_as_it_was(tmp_path: Path) -> None:
    Store(tmp_path).write(GROUP)
    assert Store(tmp_path).read() == {Address("sub", "rg", "g"): GROUP}


def test_a_removed_group_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(GROUP)
    (folder,) = store.containers(GROUP)
    folder.mkdir(parents=True)
    store.remove(GROUP)
    assert store.read() == {}
    assert not folder.exists()
    store.remove(GROUP)  # again


def test_earlier_deployments_are_those_of_other_operations(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(GROUP)
    for group in (GROUP, replace(GROUP, operation="op-1")):
        store.container(group, "worker").mkdir(parents=True)
    assert [path.name for path in store.earlier(GROUP)] == ["op-1"]
