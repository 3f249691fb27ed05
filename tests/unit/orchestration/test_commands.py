"""Requests for command runs: what they may say, what they mean, what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from orchestration import commands, planning
from orchestration.model import RunRecord, RunRequest
from orchestration.problems import InvalidRequestError, by_place
from worker_image.contract import SIZE_LIMIT, CommandPayload, Message, Stage, naming

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUN = naming.run_id(NOW, "abcde")
IMAGE = "ours.azurecr.io/worker:1"


def request(command: Any = None, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "command",
        "command": {"program": ["python", "x.py"], **(command or {})},
        "payloads": [{"a": 1}],
        **changes,
    }


def record(command: Any = None, **changes: Any) -> RunRecord:
    accepted = RunRequest.model_validate(request(command, **changes))
    return RunRecord(run=RUN, created=NOW, request=accepted)


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        (request(command=None) | {"command": None}, "command", "a command run needs it"),
        (request(payloads=None), "payloads", "a command run needs it"),
        (request(units=3), "units", "a command run has none"),
        (request(sink={"schema": "s"}), "sink", "a command run has none"),
        (request({"program": []}), "command.program", "at least 1 item"),
        (request({"program": ["", "x"]}), "command.program", "which is empty"),
        (request({"program": "rm -rf /"}), "command.program", "valid tuple"),
        (request({"program": ["a\0b"]}), "command.program.0", "match pattern"),
        (request({"program": ["x"] * 101}), "command.program", "at most 100 items"),
        (request({"shell": True}), "command.shell", "there is no such member"),
        (request({"image": "-x"}), "command.image", "match pattern"),
        (request({"environment": {"A-B": "1"}}), "command.environment.A-B.[key]", "pattern"),
        (request({"environment": {"A": 1}}), "command.environment.A", "valid string"),
        (request({"environment": {"ACI_JOBS_RUN": "x"}}), "command.environment", "the app's own"),
        (request({"environment": {"A": "\0"}}), "command.environment.A", "match pattern"),
        (request({"exit_codes": {"256": "retry"}}), "command.exit_codes.256.[key]", "equal to 255"),
        (request({"exit_codes": {"x": "retry"}}), "command.exit_codes.x.[key]", "valid integer"),
        (request({"exit_codes": {"3": "ignore"}}), "command.exit_codes.3", "'retry' or"),
        (request({"environment": {"A": "x" * 4_000, "B": "é" * 2_500}}), "command", "16000 are"),
        (request(payloads=[]), "payloads", "a list of one JSON value a unit"),
        (request(payloads=5), "payloads", "a list of one JSON value a unit"),
        (request(payloads="no-path"), "payloads", "container/path"),
        (request(payloads="Big/path"), "payloads", "container/path"),
        (request(payloads=[1, float("nan")]), "payloads", "payload 1 cannot be kept as JSON"),
        (request(payloads=[{"a": "\ud800"}]), "payloads", "payload 0 cannot be kept as JSON"),
    ],
)
def test_a_fault_is_named_with_place_and_reason(
    body: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught, by_place(RunRequest):
        RunRequest.model_validate(body)
    faults = caught.value.faults
    assert any(fault.field == field and reason in fault.reason for fault in faults), faults


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_a_payload_is_kept_as_deep_as_a_record_can_be_read() -> None:
    kept = record(payloads=[nested(100), 2**70, 1.5])
    assert RunRecord.model_validate_json(kept.model_dump_json()) == kept
    with pytest.raises(ValidationError, match="payload 0 cannot be kept"):
        record(payloads=[nested(250)])


def test_exit_codes_of_the_request_come_over_those_of_sysexits() -> None:
    command = record({"exit_codes": {"3": "dead_letter", "65": "retry", 1: "success"}})
    assert command.request.command
    assert command.request.command.endings == {
        "0": "success",
        "1": "success",
        "3": "dead_letter",
        "64": "dead_letter",
        "65": "retry",
        "66": "dead_letter",
        "75": "retry",
        "78": "dead_letter",
    }


def test_a_message_carries_all_that_its_unit_needs() -> None:
    command = {"environment": {"LEVEL": "9"}, "connection_string": True}
    kept = record(command, limits={"attempts": 2, "unit_timeout": 30})
    message = Message.decode(planning.command_message(kept, 7, '{"a":"é<"}').encode())
    assert (message.stage, message.unit, message.then) == (Stage.COMMAND, 7, None)
    assert (message.limits.attempts, message.limits.timeout_seconds) == (2, 30)
    assert kept.request.command
    assert CommandPayload.read(message.payload) == CommandPayload(
        program=("python", "x.py"),
        text='{"a":"é<"}',
        environment={"LEVEL": "9"},
        exit_codes=kept.request.command.endings,
        connection_string=True,
    )


@pytest.mark.parametrize("letter", ["a", "é", "<", '"', "\U0001f600"])
def test_the_largest_payload_fits_into_its_message_and_no_larger(letter: str) -> None:
    kept = record()
    room = planning.payload_room(kept)
    most = letter * (room // planning.payload_size(letter))
    assert planning.payload_size(most) <= room
    assert len(planning.command_message(kept, 9_999_999, most).encode()) <= SIZE_LIMIT
    assert planning.payload_size(most + letter) > room


def test_a_payload_too_large_for_a_message_is_refused_by_its_place() -> None:
    large = RunRequest.model_validate(request(payloads=["x", "x" * 48 * 1024]))
    (fault,) = commands.faults(large, IMAGE)
    assert fault.field == "payloads.1"
    assert "a message takes" in fault.reason


@pytest.mark.parametrize(
    ("image", "worker_image", "allowed"),
    [
        ("ours.azurecr.io/thumbnails:2", IMAGE, True),
        ("theirs.azurecr.io/thumbnails:2", IMAGE, False),
        ("thumbnails:2", IMAGE, False),
        ("ours/thumbnails@sha256:00", "worker:local", True),
        ("localhost:5000/x", "localhost:5000/worker", True),
        (None, IMAGE, True),
    ],
)
def test_an_image_is_of_the_registry_of_the_apps_own(
    image: str | None, worker_image: str, allowed: bool
) -> None:
    wanted = RunRequest.model_validate(request({"image": image}))
    fields = [fault.field for fault in commands.faults(wanted, worker_image)]
    assert fields == ([] if allowed else ["command.image"])
