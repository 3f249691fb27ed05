"""What the runtime's answers mean, as the SDK hands them on."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import azure.durable_functions as df
import pytest
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus

from orchestration.orchestrations import Orchestrations, UnknownError

THERE = {
    "name": "run_v1",
    "instanceId": "r",
    "createdTime": "2026-11-23T12:00:00Z",
    "lastUpdatedTime": "2026-11-23T12:00:01Z",
    "runtimeStatus": "Running",
    "customStatus": {"state": "Running"},
}
# What the extension says of any exception of its own, a storage timeout for one.
ERROR = {"Message": "Something went wrong", "ExceptionMessage": "The operation has timed out"}


class Client:
    """The SDK's client without its connection: the host's answer becomes a status, as there."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.woken = 0

    async def get_status(self, _: str) -> DurableOrchestrationStatus:
        return DurableOrchestrationStatus.from_json(self._answer)

    async def raise_event(self, *_: object) -> None:
        self.woken += 1
        raise Exception("Instance with ID r is gone: either completed or failed")


def orchestrations(client: Client) -> Orchestrations:
    return Orchestrations(cast("df.DurableOrchestrationClient", client))


def test_an_orchestration_that_is_there() -> None:
    found = asyncio.run(orchestrations(Client(THERE)).find("r"))
    assert found is not None
    assert found.live
    assert found.updated == datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)
    assert found.custom_status == {"state": "Running"}


def test_one_that_is_not_there_is_answered_without_a_word() -> None:
    assert asyncio.run(orchestrations(Client("")).find("r")) is None


def test_an_error_of_the_runtime_is_no_missing_orchestration() -> None:
    with pytest.raises(UnknownError, match="run r: the runtime says 'Something went wrong'"):
        asyncio.run(orchestrations(Client(ERROR)).find("r"))


@pytest.mark.parametrize("answer", [THERE, ERROR])
def test_a_wake_up_that_is_lost_is_no_error(answer: Any) -> None:
    client = Client(answer)
    asyncio.run(orchestrations(client).wake("r"))
    assert client.woken == (answer is THERE)
