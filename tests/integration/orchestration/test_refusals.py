"""The failure catalogue, each row as the real SDK reports it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from azure.core.exceptions import AzureError
from support.container_instances import LOCATION, RESOURCE_GROUP, StandIn

from local_host.checks import NoToken
from orchestration.model import Instances, Provision, Refusal, Remedy
from orchestration.services import ContainerGroups, Services
from orchestration.services.arm import open_client
from orchestration.services.refusals import WORDS, refusal, words

DAY = 86_400
QUOTA = (
    "Resource type 'Microsoft.ContainerInstance/containerGroups' container group quota "
    "'StandardCores' exceeded in region 'eastus'. Limit: '{}', Usage: '{}' Requested: '1'."
)
FULL, BLOCKED = QUOTA.format(10, 10), QUOTA.format(0, 0)
NO_PLACE = "The requested resource is not available in the location 'eastus' at this moment."
CORES = "Operation could not be completed as it results in exceeding approved Cores quota."
RATE = (
    "Number of requests for action 'ContainerGroupCreation' exceeded the limit of '20' for time "
    "interval '00:05:00'. Please try again after '1.25' minutes."
)
UNREGISTERED = "The subscription is not registered to use namespace 'Microsoft.ContainerInstance'."
AGAIN, ROOM, REGION, FATAL = Remedy.AGAIN, Remedy.ROOM, Remedy.REGION, Remedy.FATAL


def wanted(run: str) -> Provision:
    expires = datetime.now(UTC) + timedelta(hours=1)
    return Provision(run=run, ordinal=1, attempt=1, region="eastus", expires=expires)


def refused(groups: ContainerGroups, run: str) -> AzureError:
    with pytest.raises(AzureError) as caught:
        groups.create(wanted(run), Instances(count=1), ())
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "message", "seconds", "remedy", "wait", "tries"),
    [
        (429, "TooManyRequests", "no", 0, AGAIN, 15, 0),
        (429, "TooManyRequests", "no", 77, AGAIN, 77, 0),
        (429, "ContainerGroupQuotaReached", FULL, 3, AGAIN, 15, 0),
        (409, "Conflict", RATE, 0, AGAIN, 75, 0),
        (502, "BadGateway", "no", 0, AGAIN, 15, 0),
        (503, "ServerBusy", "no", 42, AGAIN, 42, 0),
        (409, "ContainerGroupTransitioning", "still transitioning", 0, AGAIN, 10, 0),
        (409, "ContainerGroupTransitioning", "still transitioning", 30, AGAIN, 30, 0),
        (409, "ServiceUnavailable", NO_PLACE, 0, REGION, 300, 0),
        (409, "InsufficientCapacity", "no", 0, REGION, 300, 0),
        (409, "LocationNotAvailableForResourceType", "no", 0, REGION, DAY, 0),
        (409, "ContainerGroupQuotaReached", FULL, 0, ROOM, 60, 0),
        (409, "ContainerGroupQuotaReached", "in other words", 0, ROOM, 60, 0),
        (409, "ContainerGroupQuotaReached", BLOCKED, 0, REGION, DAY, 0),
        (409, "ServiceUnavailable", FULL, 0, ROOM, 60, 0),
        (409, "ServiceUnavailable", BLOCKED, 0, REGION, DAY, 0),
        (409, "ServiceUnavailable", "in other words", 0, REGION, 30, 3),
        (409, "OperationNotAllowed", CORES, 0, ROOM, 60, 0),
        (409, "OperationNotAllowed", "volumes", 0, FATAL, 0, 0),
        (400, "RegistryErrorResponse", "no", 0, REGION, 30, 3),
        (500, "InternalServerError", "no", 0, REGION, 30, 3),
        (500, "InternalServerError", "no", 90, REGION, 90, 3),
        (400, "InaccessibleImage", "no", 0, FATAL, 60, 1),
        (400, "InvalidImageRegistryIdentity", "no", 0, FATAL, 0, 0),
        (400, "InvalidContainerGroupUpdate", "no", 0, FATAL, 0, 0),
        (400, "OsVersionNotSupported", "no", 0, FATAL, 0, 0),
        (403, "LinkedAuthorizationFailed", "no", 0, FATAL, 0, 0),
        (403, "AuthorizationFailed", "no", 0, FATAL, 0, 0),
        (403, "RequestDisallowedByPolicy", "no", 0, FATAL, 0, 0),
        (409, "MissingSubscriptionRegistration", UNREGISTERED, 0, FATAL, 0, 0),
        (400, "InvalidContainerEnvironmentVariable", "no", 0, FATAL, 0, 0),
        (404, "ResourceGroupNotFound", "no", 0, FATAL, 0, 0),
        (404, "SubscriptionNotFound", "no", 0, FATAL, 0, 0),
        (400, "SomethingNobodyHasSeen", "no", 0, FATAL, 30, 5),
        (409, "SomethingNobodyHasSeen", "no", 0, FATAL, 30, 5),
    ],
)
def test_what_a_refusal_means(
    services: Services,
    stand_in: StandIn,
    run: str,
    status: int,
    code: str,
    message: str,
    seconds: float,
    remedy: Remedy,
    wait: float,
    tries: int,
) -> None:
    fault = {"status": status, "code": code, "message": message, "seconds": seconds}
    stand_in.fault("refuse", operation="create", **fault)
    error = refused(services.groups, run)
    assert refusal(error) == Refusal(code=code, remedy=remedy, wait=wait, tries=tries)
    assert code in words(error)
    assert message in words(error)
    assert services.groups.of_run(run) == ()


@pytest.mark.parametrize(
    ("region", "remedy"), [("small", ROOM), ("blocked", REGION), ("full", REGION)]
)
def test_the_stand_in_refuses_in_the_words_of_the_catalogue(
    services: Services, run: str, region: str, remedy: Remedy
) -> None:
    decision = wanted(run).model_copy(update={"region": region})
    with pytest.raises(AzureError) as caught:
        services.groups.create(decision, Instances(count=1, cpu=2), ())
    assert refusal(caught.value).remedy is remedy


def test_a_lost_reply(services: Services, stand_in: StandIn) -> None:
    stand_in.fault("lose_reply", operation="usages")
    with (
        open_client(services.settings, NoToken()) as client,
        pytest.raises(AzureError) as caught,
    ):
        list(client.location.list_usage(LOCATION, retry_total=0))
    found = refusal(caught.value)
    assert found == Refusal(code="ServiceResponseError", remedy=AGAIN, wait=5)
    assert words(caught.value).startswith("ServiceResponseError: ")


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that has nothing, and answers every PUT with a body that is not ARM's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(404, b"")

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(status, body)

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def refused_at(services: Services, url: str, run: str) -> AzureError:
    settings = services.settings.model_copy(update={"arm_endpoint": url})
    with open_client(settings, NoToken()) as client:
        return refused(ContainerGroups(client, settings), run)


def test_a_refused_connection(services: Services) -> None:
    with answering(500, b"") as url:
        pass
    settings = services.settings.model_copy(update={"arm_endpoint": url})
    with open_client(settings, NoToken()) as client, pytest.raises(AzureError) as caught:
        client.container_groups.get(RESOURCE_GROUP, "any", retry_total=0)
    assert refusal(caught.value) == Refusal(code="ServiceRequestError", remedy=AGAIN, wait=5)


@pytest.mark.parametrize(
    ("status", "remedy", "tries"), [(502, AGAIN, 0), (503, AGAIN, 0), (400, FATAL, 5)]
)
def test_an_answer_that_is_not_arms_is_judged_by_its_status(
    services: Services, run: str, status: int, remedy: Remedy, tries: int
) -> None:
    with answering(status, b"<h1>Our services are not available.</h1>") as url:
        found = refusal(refused_at(services, url, run))
    assert (found.remedy, found.tries) == (remedy, tries)


def test_of_an_unknown_refusal_the_answer_is_kept_as_it_came_up_to_a_length(
    services: Services, run: str
) -> None:
    body = b'{"error": {"code": "New", "message": "m", "details": [{"code": "Why"}]}}'
    with answering(400, body) as url:
        assert body.decode() in words(refused_at(services, url, run))
    with answering(400, b"<h1>teapot</h1>" + b"x" * 5 * WORDS) as url:
        told = words(refused_at(services, url, run))
    assert "<h1>teapot</h1>" in told
    assert len(told) == WORDS
