"""Container groups in states that are seen in the wild and seldom."""

from datetime import UTC, datetime
from typing import Any

import pytest
from azure.mgmt.containerinstance import models

from orchestration.model import GroupView, Remedy, Room, moment
from orchestration.services.group_views import room, view

TIMES = [f"2026-11-23T12:0{minute}:00Z" for minute in range(10)]


def at(minute: int) -> datetime:
    return datetime(2026, 11, 23, 12, minute, tzinfo=UTC)


def seen(
    instance: dict[str, Any] | None = None,
    provisioning: str = "Succeeded",
    events: list[dict[str, Any]] | None = None,
    **changes: Any,
) -> GroupView:
    container = {"name": "worker", "properties": {"image": "i", "instanceView": instance}}
    properties = {
        "provisioningState": provisioning,
        "containers": [container],
        "instanceView": {"state": "Running", "events": events or []},
    }
    shown = {"name": "g", "location": "eastus", "properties": properties, **changes}
    return view(models.ContainerGroup.deserialize(shown))


def test_the_first_run_is_remembered_when_the_events_of_its_pull_are_forgotten() -> None:
    current = {"state": "Running", "startTime": TIMES[5]}
    previous = {"state": "Terminated", "startTime": TIMES[2], "finishTime": TIMES[4]}
    events = [{"name": "Pulling", "firstTimestamp": TIMES[1], "count": 2}]
    instance = {"currentState": current, "previousState": previous, "restartCount": 1}
    assert seen({**instance, "events": events}).started == at(1)
    assert seen(instance).started == at(2)
    assert seen({"currentState": current}).started == at(5)


def test_a_container_without_a_time_of_its_end_has_ended() -> None:
    found = seen({"currentState": {"state": "Terminated", "startTime": TIMES[3], "exitCode": 137}})
    assert (found.ended, found.exit_code, found.over) == (at(3), 137, True)


def test_a_container_that_waits_to_be_run_again_has_not_ended() -> None:
    current = {"state": "Waiting", "detailStatus": "CrashLoopBackOff"}
    found = seen({"currentState": current, "restartCount": 4})
    assert (found.ended, found.over) == (None, False)
    assert found.detail.startswith("CrashLoopBackOff; run again 4 times")


def test_an_exit_code_counts_before_a_provisioning_that_says_failed() -> None:
    ended = {"state": "Terminated", "finishTime": TIMES[3], "exitCode": 2}
    assert seen({"currentState": ended}, provisioning="Failed").refusal is None


@pytest.mark.parametrize(
    ("event", "code", "remedy"),
    [
        ({"name": "InsufficientCapacity"}, "InsufficientCapacity", Remedy.REGION),
        ({"name": "InaccessibleImage", "message": "no"}, "InaccessibleImage", Remedy.FATAL),
        ({"name": "Failed", "message": "Failed to pull", "count": 3}, "InaccessibleImage", "fatal"),
        ({"name": "Failed", "message": "Failed to pull", "count": 2}, None, None),
        ({"name": "Failed", "message": "Failed to start", "count": 9}, None, None),
        ({"name": "SomethingNew", "message": "?"}, None, None),
    ],
)
def test_events_of_a_group_that_waits(
    event: dict[str, Any], code: str | None, remedy: str | None
) -> None:
    found = seen(None, "Pending", [event]).refusal
    assert (found and found.code, found and found.remedy) == (code, remedy)


def test_events_of_a_pull_that_came_right_are_no_refusal_and_no_detail() -> None:
    events = [{"name": "Failed", "message": "Failed to pull", "count": 7, "type": "Warning"}]
    current = {"state": "Running", "startTime": TIMES[5], "detailStatus": ""}
    found = seen({"currentState": current, "events": events})
    assert (found.refusal, found.detail) == (None, "")


def test_regions_are_written_in_one_way_and_strange_tags_are_none() -> None:
    found = seen(location="West Europe", tags={"ordinal": "first", "attempt": "-1"})
    assert (found.region, found.ordinal, found.attempt) == ("westeurope", 0, 0)


def usages(**rows: tuple[int, int]) -> list[models.Usage]:
    return [
        models.Usage.deserialize({"name": {"value": name}, "currentValue": used, "limit": limit})
        for name, (used, limit) in rows.items()
    ]


def test_the_room_of_quotas() -> None:
    over = usages(ContainerGroups=(9, 100), StandardCores=(12, 10), StandardSpotCores=(1, 8))
    assert room(over) == Room(groups=91, cores=0, spot_cores=7)
    assert room(over[:2]).spot_cores == 0
    with pytest.raises(KeyError):
        room(over[1:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TIMES[1], at(1)),
        ("2026-11-23T12:01:00", at(1)),
        ("2026-11-23T13:01:00+01:00", at(1)),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_moments(text: str | None, expected: datetime | None) -> None:
    assert moment(text) == expected
