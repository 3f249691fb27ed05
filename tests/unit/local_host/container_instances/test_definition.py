"""The body of a PUT."""

from typing import Any

import pytest

from local_host.container_instances.definition import parse
from local_host.container_instances.errors import ArmError


def body(container: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    requests = {"cpu": 1.5, "memoryInGB": 2.0}
    inner = {"image": "i", "resources": {"requests": requests}, **(container or {})}
    containers = [{"name": "worker", "properties": inner}]
    return {"location": "eastus", "properties": {"containers": containers, **properties}}


def test_what_is_read() -> None:
    variables = [{"name": "A", "value": "1"}, {"name": "B", "secureValue": "2"}, {"name": "C"}]
    group = parse(body({"environmentVariables": variables, "command": ["x", "y"]}))
    (container,) = group.containers
    assert container.environment() == {"A": "1", "B": "2", "C": ""}
    assert container.command == ("x", "y")
    assert (group.cpu, group.memory_gb, group.restart_policy) == (1.5, 2.0, "Always")


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ([], "InvalidRequestContent", "The body"),
        ({"location": "eastus"}, "InvalidRequestContent", "containers: Field required"),
        (body(containers=[]), "InvalidRequestContent", "containers"),
        (body({"image": None}), "InvalidImage", "containers.0.properties.image"),
        (body({"resources": {}}), "InvalidResourceRequests", "cpu"),
        (
            body({"environmentVariables": [{"name": "A.B"}]}),
            "InvalidContainerEnvironmentVariable",
            "environmentVariables.0.name",
        ),
        (
            body({"environmentVariables": [{"name": "A" * 64}]}),
            "InvalidContainerEnvironmentVariable",
            "63",
        ),
        (body(initContainers=[{}]), "OperationNotAllowed", "initContainers"),
        (body(volumes=[{}]), "OperationNotAllowed", "volumes"),
    ],
)
def test_wrong_bodies(wrong: Any, code: str, words: str) -> None:
    with pytest.raises(ArmError) as refused:
        parse(wrong)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert words in refused.value.message


def test_an_error_does_not_show_values() -> None:
    secret = [{"name": "A", "secureValue": ["do-not-tell"]}]
    with pytest.raises(ArmError) as refused:
        parse(body({"environmentVariables": secret}))
    assert "do-not-tell" not in refused.value.message


def test_no_machine_is_so_big() -> None:
    with pytest.raises(ArmError) as refused:
        parse(body({"resources": {"requests": {"cpu": 4, "memoryInGB": 17}}}))
    assert (refused.value.status, refused.value.code) == (409, "ServiceUnavailable")
    assert "'4' CPU '17' GB memory" in refused.value.message
