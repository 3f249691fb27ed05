"""Quotas, request rates and wrong requests as the real SDK reports them."""

import json
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.mgmt.containerinstance.models import ContainerGroup
from support.container_instances import (
    RESOURCE_GROUP,
    StandIn,
    code_of,
    container_group,
    retry_after,
    sdk_client,
    stand_in,
)

REMAINING = "x-ms-ratelimit-remaining-subscription-resource-requests-pt5m"


def test_quotas_of_a_region_and_rates(state: Path) -> None:
    with stand_in(state, provisioning_seconds=60, groups=2, cores=3, per_5_minutes=5) as machine:
        budgets = [machine.put("a", container_group("pass", cpu=1))[1][REMAINING]]
        with pytest.raises(ResourceExistsError) as cores:
            machine.put("b", container_group("pass", cpu=2.5))
        assert code_of(cores.value) == "ContainerGroupQuotaReached"
        assert "'StandardCores' exceeded in region 'eastus'. Limit: '3'" in cores.value.message
        budgets.append(machine.put("b", container_group("pass", cpu=2))[1][REMAINING])
        with pytest.raises(ResourceExistsError) as groups:
            machine.put("c", container_group("pass", cpu=0.1))
        assert "'ContainerGroups' exceeded" in groups.value.message
        elsewhere = container_group("pass", location="westeurope")
        budgets.append(machine.put("c", elsewhere)[1][REMAINING])
        assert budgets == ["4", "2", "0"]  # a refused request counts too
        with pytest.raises(HttpResponseError) as throttled:
            machine.put("d", elsewhere)
        assert throttled.value.status_code == 429
        assert 200 < int(retry_after(throttled.value) or 0) <= 300
        machine.delete("a")  # deletes have a budget of their own


def test_regions_have_quotas_and_capacity_of_their_own(state: Path) -> None:
    regions = {"blocked": {"cores": 0}, "full": {"capacity": 1}}
    options = {"provisioning_seconds": 60, "spot_cores": 1, "regions": json.dumps(regions)}
    with stand_in(state, **options) as machine:  # type: ignore[arg-type]
        for name, location, priority in (
            ("regular", "eastus", None),
            ("spot", "eastus", "Spot"),
            ("first", "full", None),
        ):
            machine.put(name, container_group(cpu=1, location=location, priority=priority))
        for location, priority, code, words in (
            ("blocked", None, "ContainerGroupQuotaReached", "'StandardCores' exceeded"),
            ("blocked", None, "ContainerGroupQuotaReached", "Limit: '0'"),
            ("eastus", "Spot", "ContainerGroupQuotaReached", "'StandardSpotCores' exceeded"),
            ("full", None, "ServiceUnavailable", "not available in the location 'full'"),
            ("full", "Spot", "ServiceUnavailable", "not available in the location 'full'"),
        ):
            with pytest.raises(ResourceExistsError) as refused:
                machine.put("more", container_group(cpu=1, location=location, priority=priority))
            assert code_of(refused.value) == code
            assert words in refused.value.message
        assert usages(machine, "eastus") == {
            "ContainerGroups": (2, 100),
            "StandardCores": (1, 100),
            "StandardSpotCores": (1, 1),
        }
        assert usages(machine, "blocked")["StandardCores"] == (0, 0)
        machine.delete("spot")
        machine.put("more", container_group(cpu=1, priority="Spot"))
        assert machine.get("more").priority == "Spot"


def usages(machine: StandIn, location: str) -> dict[str, tuple[int, int]]:
    listed: Any = machine.client.location.list_usage(location)
    return {item.name.value: (item.current_value, item.limit) for item in listed}


def test_a_refusal_tells_what_is_left_as_an_answer_does(state: Path) -> None:
    with stand_in(state, provisioning_seconds=60, groups=1, per_5_minutes=2) as machine:
        machine.put("a", container_group())
        for left in ("0", "0"):  # the quota's refusal spends the last; the next is one too many
            with pytest.raises(HttpResponseError) as refused:
                machine.put("b", container_group())
            response: Any = refused.value.response
            assert response.headers[REMAINING] == left
        assert refused.value.status_code == 429


def test_deletes_are_throttled_apart_from_creates(state: Path) -> None:
    with stand_in(state, provisioning_seconds=60, per_5_minutes=1) as machine:
        machine.put("a", container_group())
        machine.fault("slow_delete", seconds=600)
        begin: Any = machine.client.container_groups.begin_delete
        headers = begin(
            RESOURCE_GROUP, "a", polling=False, cls=lambda r, *_: r.http_response.headers
        )
        assert headers.result()[REMAINING] == "0"
        with pytest.raises(HttpResponseError) as throttled:
            begin(RESOURCE_GROUP, "a", polling=False)
        response: Any = throttled.value.response
        assert (throttled.value.status_code, response.headers[REMAINING]) == (429, "0")
        assert 200 < int(retry_after(throttled.value) or 0) <= 300


def test_a_priority_that_does_not_exist_is_refused(machine: StandIn, name: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        machine.put(name, container_group("pass", priority="Low"))
    assert (refused.value.status_code, code_of(refused.value)) == (400, "InvalidRequestContent")


def renamed(name: str) -> ContainerGroup:
    group = container_group("pass")
    group.containers[0].name = name
    return group


def without(attribute: str) -> ContainerGroup:
    group = container_group("pass")
    setattr(group.containers[0], attribute, "" if attribute == "image" else None)
    return group


@pytest.mark.parametrize(
    ("group", "status", "code"),
    [
        (container_group("pass", image="unknown:1"), 400, "InaccessibleImage"),
        (
            container_group("pass", environment={"NOT-VALID": ""}),
            400,
            "InvalidContainerEnvironmentVariable",
        ),
        (container_group("pass", cpu=5), 409, "ServiceUnavailable"),
        (container_group("pass", cpu=0), 400, "InvalidResourceRequests"),
        (container_group("pass", restart_policy="Sometimes"), 400, "InvalidRequestContent"),
        (container_group("pass", location=""), 400, "InvalidRequestContent"),
        (renamed("Worker"), 400, "InvalidContainerName"),
        (without("image"), 400, "InvalidImage"),
    ],
)
def test_wrong_groups(
    machine: StandIn, name: str, group: ContainerGroup, status: int, code: str
) -> None:
    with pytest.raises(HttpResponseError) as refused:
        machine.put(name, group)
    assert (refused.value.status_code, code_of(refused.value)) == (status, code)
    assert machine.gone(name)


@pytest.mark.parametrize("wrong", ["Upper", "under_score", "-dash", "a" * 64])
def test_wrong_names(machine: StandIn, wrong: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        machine.put(wrong, container_group("pass"))
    assert code_of(refused.value) == "InvalidContainerGroupName"


def test_a_request_needs_a_token(machine: StandIn) -> None:
    with (
        sdk_client(machine.url, policies=[]) as client,
        pytest.raises(HttpResponseError) as refused,
    ):
        client.container_groups.get(RESOURCE_GROUP, "any")
    assert (refused.value.status_code, code_of(refused.value)) == (401, "AuthenticationFailed")
