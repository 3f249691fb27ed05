"""Container groups through the real SDK: once and only once, whatever is lost or repeated."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import AzureError, HttpResponseError
from support.container_instances import StandIn, container_group, until

from local_host.checks import NoToken
from orchestration.model import Instances, Provision, Remedy, Room
from orchestration.services import ContainerGroups, Services
from orchestration.services.arm import open_client
from orchestration.services.refusals import ForeignGroupError, refusal
from worker_image.contract import Variable, naming

VARIABLES = (Variable("PLAIN", "1", secret=False), Variable("HIDDEN", "topsecret", secret=True))
SMALL = Instances(count=1, cpu=0.5, memory_gb=0.5)
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/w"
NOT_FOUND = {"status": 404, "code": "ResourceNotFound", "message": "not yet"}


def provision(run: str, ordinal: int = 1, region: str = "eastus", spot: bool = False) -> Provision:
    expires = datetime.now(UTC) + timedelta(hours=1)
    return Provision(run=run, ordinal=ordinal, attempt=1, region=region, spot=spot, expires=expires)


def started(stand_in: StandIn, name: str) -> datetime:
    found: datetime = stand_in.container(name).current_state.start_time
    return found


def test_a_group_from_creation_to_deletion(services: Services, stand_in: StandIn, run: str) -> None:
    assert services.groups.create(provision(run), SMALL, VARIABLES).done
    assert not services.groups.create(provision(run), SMALL, VARIABLES).done, "adopted"
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
    until(lambda: services.groups.delete(name).done)
    assert services.groups.delete(name).done
    assert services.groups.of_run(run) == ()


def test_a_group_that_has_ended_is_not_run_again(
    services: Services, stand_in: StandIn, run: str
) -> None:
    services.groups.create(provision(run), SMALL, VARIABLES)
    name = naming.container_group(run, 1, 1)
    stand_in.wait(name, "Succeeded")
    began = started(stand_in, name)
    assert not services.groups.create(provision(run), SMALL, VARIABLES).done
    stand_in.wait(name, "Succeeded")
    assert started(stand_in, name) == began


@pytest.mark.parametrize(("spot", "priority"), [(True, "Spot"), (False, None)])
def test_region_and_priority_are_those_of_the_decision(
    services: Services, stand_in: StandIn, run: str, spot: bool, priority: str | None
) -> None:
    services.groups.create(provision(run, region="westeurope", spot=spot), SMALL, VARIABLES)
    shown = stand_in.get(naming.container_group(run, 1, 1))
    assert (shown.location, shown.priority, shown.ip_address) == ("westeurope", priority, None)
    (view,) = services.groups.of_run(run)
    assert (view.region, view.spot) == ("westeurope", spot)


def test_groups_are_in_the_subnet_that_is_named_and_none_of_them_is_spot(
    services: Services, stand_in: StandIn, run: str
) -> None:
    settings = services.settings.model_copy(update={"subnet_id": SUBNET})
    groups = ContainerGroups(open_client(settings, NoToken()), settings)
    groups.create(provision(run), SMALL, VARIABLES)
    (subnet,) = stand_in.get(naming.container_group(run, 1, 1)).subnet_ids
    assert subnet.id == SUBNET
    assert groups.room("small").spot_cores == 0


def test_a_secret_is_not_shown_by_the_platform(
    services: Services, stand_in: StandIn, run: str
) -> None:
    services.groups.create(provision(run), SMALL, VARIABLES)
    shown = stand_in.get(naming.container_group(run, 1, 1))
    assert "topsecret" not in str(shown.as_dict())


def test_creations_and_deletions_tell_how_many_more_are_allowed(
    services: Services, run: str
) -> None:
    answers = [services.groups.create(provision(run, n), SMALL, VARIABLES) for n in (1, 2)]
    answers += [services.groups.delete(naming.container_group(run, n, 1)) for n in (1, 2)]
    left = [answer.left for answer in answers]
    for one, two in (left[:2], left[2:]):
        assert one is not None
        assert two == (one[0] - 1, one[1] - 1)


# ------------------------------------------------------------------ lost replies and conflicts


def test_a_creation_whose_reply_was_lost_is_settled_by_looking(
    services: Services, stand_in: StandIn, run: str
) -> None:
    stand_in.fault("lose_reply", operation="create")
    services.groups.create(provision(run), SMALL, VARIABLES)
    stand_in.wait(naming.container_group(run, 1, 1), "Succeeded")
    assert len(services.groups.of_run(run)) == 1


def test_a_conflict_with_our_own_creation_is_an_adoption(
    services: Services, stand_in: StandIn, run: str
) -> None:
    services.groups.create(provision(run), SMALL, VARIABLES)
    stand_in.fault("refuse", operation="get", **NOT_FOUND)  # the other creation was not seen
    stand_in.fault("transitioning", operation="create")
    assert not services.groups.create(provision(run), SMALL, VARIABLES).done


def test_a_conflict_without_a_group_is_a_refusal(
    services: Services, stand_in: StandIn, run: str
) -> None:
    stand_in.fault("transitioning", operation="create")
    with pytest.raises(AzureError) as caught:
        services.groups.create(provision(run), SMALL, VARIABLES)
    assert refusal(caught.value).remedy is Remedy.AGAIN


def test_nothing_is_put_where_it_could_not_be_looked(
    services: Services, stand_in: StandIn, run: str
) -> None:
    stand_in.fault("throttle", operation="get", seconds=3_600)
    with pytest.raises(HttpResponseError) as caught:
        services.groups.create(provision(run), SMALL, VARIABLES)
    assert refusal(caught.value).wait == 3_600, "for a timer, not slept through here"
    assert services.groups.of_run(run) == ()


@pytest.mark.parametrize("change", [{"app": "other"}, {"run": "other"}, {"attempt": "2"}, {}])
def test_a_group_of_others_with_our_name_is_fatal_and_left_alone(
    services: Services, stand_in: StandIn, run: str, change: dict[str, str]
) -> None:
    ours = {"app": "aci-jobs", "run": run, "ordinal": "1", "attempt": "1"}
    tags = {**ours, **change} if change else {}
    name = naming.container_group(run, 1, 1)
    stand_in.put(name, container_group("pass", tags=tags))
    with pytest.raises(ForeignGroupError, match=name) as caught:
        services.groups.create(provision(run), SMALL, VARIABLES)
    assert refusal(caught.value).remedy is Remedy.FATAL
    assert stand_in.get(name).tags == tags


def test_groups_without_our_tag_are_neither_seen_nor_deleted(
    services: Services, stand_in: StandIn, run: str
) -> None:
    stand_in.put(f"{run}-else", container_group("pass", tags={"run": run}))
    assert services.groups.of_run(run) == ()
    with pytest.raises(ForeignGroupError):
        services.groups.delete(f"{run}-else")
    assert not stand_in.gone(f"{run}-else")


# ------------------------------------------------------------------ deletions


@pytest.mark.parametrize(
    ("fault", "remedy", "wait"),
    [
        ({"kind": "throttle", "seconds": 1_800}, Remedy.AGAIN, 1_800),
        ({"kind": "transitioning"}, Remedy.AGAIN, 10),
        ({"kind": "refuse", "status": 403, "code": "AuthorizationFailed"}, Remedy.FATAL, 0),
    ],
)
def test_a_deletion_may_be_refused(
    services: Services,
    stand_in: StandIn,
    run: str,
    fault: dict[str, object],
    remedy: Remedy,
    wait: float,
) -> None:
    services.groups.create(provision(run), SMALL, VARIABLES)
    name = naming.container_group(run, 1, 1)
    stand_in.fault(**{**fault, "operation": "delete"})  # type: ignore[arg-type]
    with pytest.raises(AzureError) as caught:
        services.groups.delete(name)
    found = refusal(caught.value)
    assert (found.remedy, found.wait) == (remedy, wait)
    until(lambda: services.groups.delete(name).done)


def test_a_deletion_is_done_when_the_group_is_gone(
    services: Services, stand_in: StandIn, run: str
) -> None:
    services.groups.create(provision(run), SMALL, VARIABLES)
    name = naming.container_group(run, 1, 1)
    stand_in.fault("slow_delete", group=name, seconds=600)
    answer = services.groups.delete(name)
    assert not answer.done
    assert answer.left is not None
    assert not services.groups.delete(name).done


# ------------------------------------------------------------------ looks


def test_a_group_that_vanishes_during_a_look_is_left_out(
    services: Services, stand_in: StandIn, run: str
) -> None:
    for ordinal in (1, 2, 3):
        services.groups.create(provision(run, ordinal), SMALL, VARIABLES)
    gone = naming.container_group(run, 2, 1)
    stand_in.fault("refuse", operation="get", group=gone, **NOT_FOUND)
    assert [view.ordinal for view in services.groups.of_run(run)] == [1, 3]


def test_a_group_that_stumbles_is_read_again(
    services: Services, stand_in: StandIn, run: str
) -> None:
    services.groups.create(provision(run), SMALL, VARIABLES)
    stand_in.fault("refuse", operation="get", status=503, code="ServiceUnavailable")
    assert len(services.groups.of_run(run)) == 1


def test_a_group_that_cannot_be_read_fails_the_look(
    services: Services, stand_in: StandIn, run: str
) -> None:
    for ordinal in (1, 2):
        services.groups.create(provision(run, ordinal), SMALL, VARIABLES)
    one = naming.container_group(run, 2, 1)
    stand_in.fault("refuse", operation="get", group=one, status=503, seconds=60)
    with pytest.raises(HttpResponseError):
        services.groups.of_run(run)


def test_the_room_of_a_region(services: Services, run: str) -> None:
    assert services.groups.room("small") == Room(groups=5, cores=1, spot_cores=2)
    services.groups.create(provision(run, 1, "small"), SMALL, VARIABLES)
    services.groups.create(provision(run, 2, "small", spot=True), SMALL, VARIABLES)
    taken = Room(groups=3, cores=0, spot_cores=1)  # usages are whole cores
    assert services.groups.room("small") == taken
    for ordinal in (1, 2):
        name = naming.container_group(run, ordinal, 1)
        until(lambda name=name: services.groups.delete(name).done)  # type: ignore[misc]
    assert services.groups.room("blocked") == Room(groups=100, cores=0, spot_cores=100)


# ------------------------------------------------------------------ output


def test_output_that_is_not_there_yet_is_read_again(
    services: Services, stand_in: StandIn, run: str
) -> None:
    name = f"{run}-log"
    stand_in.run(name, container_group("print('the end')"), "Succeeded")
    missing = {"status": 404, "code": "ContainerLogNotAvailable"}
    stand_in.fault("refuse", operation="logs", count=2, **missing)
    assert services.groups.log_tail(name) == "the end\n"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "refuse", "status": 404, "code": "ContainerLogNotAvailable", "count": None},
        {"kind": "refuse", "status": 500},
        {"kind": "throttle", "seconds": 3_600},
        {"kind": "lose_reply"},
    ],
)
def test_output_that_cannot_be_read_is_empty(
    services: Services, stand_in: StandIn, run: str, fault: dict[str, object]
) -> None:
    name = f"{run}-log"
    stand_in.run(name, container_group("print('the end')"), "Succeeded")
    stand_in.fault(**{**fault, "operation": "logs"})  # type: ignore[arg-type]
    assert services.groups.log_tail(name) == ""
