"""Quotas, request rates and wrong requests as the real SDK reports them."""

from pathlib import Path

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
        assert 290 < int(retry_after(throttled.value) or 0) <= 300
        machine.delete("a")  # deletes have a budget of their own


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
