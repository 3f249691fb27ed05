"""What a program's lines and its exit code come to, and what it is told."""

import io
import json
from typing import Any

import pytest

from worker_image.command import (
    CUT,
    LAST_LINES,
    LINE_LIMIT,
    WORDS_LIMIT,
    Output,
    program_variables,
)
from worker_image.contract import CommandPayload, Redaction, WorkerEnvironment
from worker_image.program import READ_LIMIT, lines

CONNECTION = "AccountName=a;AccountKey=topsecret;"
AZURE = WorkerEnvironment(
    run="r260102-030405-abcde",
    worker="w1",
    queue_endpoint="https://a.queue.core.windows.net",
    blob_endpoint="https://a.blob.core.windows.net",
    identity_client_id="0f0f",
    postgresql_url="postgresql://u:topsecret@h/d",
)
EMULATOR = WorkerEnvironment(
    run="r260102-030405-abcde", worker="w1", storage_connection_string=CONNECTION
)
OWN = {
    "PATH": "/opt/bin",
    "HOME": "/home/w",
    "PYTHONPATH": "/app",
    "IDENTITY_ENDPOINT": "http://identity",
    "IDENTITY_HEADER": "header",
    "ACI_JOBS_POSTGRESQL_URL": "postgresql://u:topsecret@h/d",
    "ACI_JOBS_STORAGE_CONNECTION_STRING": CONNECTION,
}


def payload(environment: dict[str, str] | None = None, **changes: Any) -> CommandPayload:
    return CommandPayload(("x",), "1", environment or {}, {}, **changes)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"a\nb", ["a", "b"]),
        (b"a\r\n\n  \n\tb \n", ["a", "\tb"]),
        (b"\xff\xc3\n\xc3\xa9\n", ["\ufffd\ufffd", "é"]),
        (b"x" * (READ_LIMIT - 1) + b"\ny\n", ["x" * (READ_LIMIT - 1), "y"]),
        (b"x" * READ_LIMIT + b"\ny\n", ["x" * READ_LIMIT, "y"]),
        (b"x" * 9 * READ_LIMIT + b"z\ny", ["x" * READ_LIMIT, "y"]),
    ],
)
def test_lines_are_bounded_text(content: bytes, expected: list[str]) -> None:
    assert list(lines(io.BytesIO(content))) == expected


@pytest.mark.parametrize(
    ("last", "records"),
    [
        ('{"records": {"thumbnail": 1, "page": 0}}', {"thumbnail": 1, "page": 0}),
        ('{"records": {}, "more": 1}', {}),
        ('{"records": {"a": -1}}', {"unit": 1}),
        ('{"records": {"a": 1.5}}', {"unit": 1}),
        ('{"records": {"a": true}}', {"unit": 1}),
        ('{"records": {"é": 1}}', {"unit": 1}),
        (json.dumps({"records": {"a" * 64: 1}}), {"unit": 1}),
        (json.dumps({"records": {f"a{n}": n for n in range(21)}}), {"unit": 1}),
        ('{"records": [1]}', {"unit": 1}),
        ('{"records": {"a": 1}', {"unit": 1}),
        ("[" * 8_000, {"unit": 1}),
        ("done", {"unit": 1}),
        ("5", {"unit": 1}),
    ],
)
def test_the_last_line_may_count_records(last: str, records: dict[str, int]) -> None:
    output = Output()
    output.hear("stdout", '{"records": {"earlier": 7}}')
    output.hear("stdout", last)
    output.hear("stderr", '{"records": {"stderr": 7}}')
    assert output.records() == records


def test_a_program_without_a_word_is_one_unit() -> None:
    assert Output().records() == {"unit": 1}
    assert Output().ending("exit code 3") == "exit code 3: nothing on standard error"


def test_an_ending_has_the_last_words_the_very_last_first() -> None:
    output = Output()
    for number in range(LAST_LINES + 3):
        output.hear("stderr", f"{number}" + "x" * 10_000)
    words = output.ending("exit code 1")
    assert words.startswith(f"exit code 1: {LAST_LINES + 2}xxx")
    assert "(before that: 3xxx" in words
    assert len(words) < 1_000, "an error's message is no longer"


def test_what_a_program_is_told() -> None:
    assert program_variables(AZURE, OWN, payload({"LEVEL": "9", "PATH": "/mine"})) == {
        "PATH": "/mine",
        "HOME": "/home/w",
        "LANG": "C.UTF-8",
        "LEVEL": "9",
        "ACI_JOBS_QUEUE_ENDPOINT": "https://a.queue.core.windows.net",
        "ACI_JOBS_BLOB_ENDPOINT": "https://a.blob.core.windows.net",
        "ACI_JOBS_IDENTITY_CLIENT_ID": "0f0f",
        "AZURE_CLIENT_ID": "0f0f",
        "IDENTITY_ENDPOINT": "http://identity",
        "IDENTITY_HEADER": "header",
    }


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("worker", [AZURE, EMULATOR])
def test_a_connection_string_is_an_emulators_and_asked_for(
    worker: WorkerEnvironment, asked: bool
) -> None:
    told = program_variables(worker, OWN, payload(connection_string=asked))
    given = CONNECTION if asked and worker is EMULATOR else None
    assert told.pop("AZURE_STORAGE_CONNECTION_STRING", None) == given
    assert "topsecret" not in str(told)


def test_no_part_of_a_secret_stays_where_a_line_is_cut() -> None:
    secret = "planted-secret-of-30-characters"
    output = Output(Redaction([secret]))
    output.hear("stderr", "x" * (WORDS_LIMIT - 10) + secret)
    assert secret[:3] not in output.ending("exit code 65")


@pytest.mark.parametrize("before", [LINE_LIMIT - 10, LINE_LIMIT])
def test_a_long_line_is_cut_and_marked_once_it_is_redacted(
    before: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    secret = "planted-secret-of-30-characters"
    Output(Redaction([secret])).hear("stderr", "é" * before + secret + "y" * 20)
    [line] = caplog.messages
    assert line == (("é" * before + "***" + "y" * 20)[:LINE_LIMIT] + CUT)
