"""The payloads of command runs on their way from the request or a blob to the messages."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from orchestration.activities import freezing
from orchestration.activities.auditing import audit
from orchestration.activities.fleet import worker_environment
from orchestration.activities.seeding import prepare, seed
from orchestration.model import Audit, Prepare, Remedy, RunRecord, RunRequest, Seed
from orchestration.services import Services
from worker_image.contract import DeadLetter, Failure, Message, Receipt, Stage, naming

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGE = 10  # as the settings of these tests say


def keep(services: Services, run: str, payloads: Any, **command: Any) -> RunRecord:
    request = {
        "kind": "command",
        "command": {"program": ["cat"], **command},
        "payloads": payloads,
    }
    record = RunRecord(run=run, created=NOW, request=RunRequest.model_validate(request))
    services.records.create(naming.record(run), record.model_dump_json(by_alias=True))
    return record


def put(services: Services, run: str, content: bytes) -> str:
    """Store a blob of payloads; its address."""
    services.records.create_container(f"{run}-in")
    blob = services.records._service.get_blob_client(f"{run}-in", "a/units.ndjson")
    blob.upload_blob(content, overwrite=True)
    return f"{run}-in/a/units.ndjson"


def units(services: Services, run: str) -> int | None:
    """What one call of prepare comes to."""
    outcome = prepare(services, Prepare(run=run))
    assert not outcome.error, outcome.error
    return outcome.plan.units if outcome.plan else None


def messages(services: Services, run: str) -> dict[int, str]:
    """The texts of all messages on the queue, by unit."""
    found: dict[int, str] = {}

    def take(text: str) -> bool:
        message = Message.decode(text)
        assert message.stage is Stage.COMMAND
        found[message.unit] = message.payload["text"]
        return True

    services.queues.discard(naming.work_queue(run), take)
    return found


def seed_all(services: Services, run: str, count: int) -> dict[int, str]:
    for first in range(0, count, PAGE):
        seed(services, Seed(run=run, first=first, count=min(PAGE, count - first)))
    return messages(services, run)


def refused(services: Services, run: str) -> str:
    outcome = prepare(services, Prepare(run=run))
    assert outcome.plan is None
    assert outcome.refusal
    assert outcome.refusal.remedy is Remedy.FATAL
    return outcome.error


@pytest.mark.parametrize("count", [1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE])
@pytest.mark.parametrize("inline", [True, False])
def test_every_payload_is_a_unit(services: Services, run: str, count: int, inline: bool) -> None:
    payloads = [{"n": number, "text": "é <&>"} for number in range(count)]
    lines = [json.dumps(payload) for payload in payloads]
    keep(services, run, payloads if inline else put(services, run, "\n".join(lines).encode()))
    assert units(services, run) == count
    assert units(services, run) == count, "twice the same"
    found = seed_all(services, run, count)
    assert {unit: json.loads(text) for unit, text in found.items()} == dict(enumerate(payloads))
    if not inline:
        assert found == dict(enumerate(lines)), "a line comes as it is"


def test_lines_end_in_many_ways(services: Services, run: str) -> None:
    content = b'\xef\xbb\xbf{"a": 1}\r\n\n   \n 2 \n"\xc3\xa9"\n1.10\n\n'
    keep(services, run, put(services, run, content))
    assert units(services, run) == 4
    assert seed_all(services, run, 4) == {0: '{"a": 1}', 1: "2", 2: '"é"', 3: "1.10"}


def test_a_long_blob_is_written_down_in_several_calls(
    services: Services, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "ENTRIES_A_CALL", 2 * services.settings.seed_page)
    lines = [f'{{"n": {number}}}' for number in range(5 * PAGE)]
    keep(services, run, put(services, run, "\n".join(lines).encode()))
    calls = [units(services, run) for _ in range(3)]
    assert calls == [None, None, 5 * PAGE]
    services.records._service.delete_container(f"{run}-in")
    assert units(services, run) == 5 * PAGE, "what is written down needs no blob"
    assert seed_all(services, run, 5 * PAGE) == dict(enumerate(lines))


def test_a_call_ends_when_it_has_written_much(
    services: Services, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "BYTES_A_CALL", 10_000)
    lines = [json.dumps("x" * 1_000) for _ in range(3 * PAGE - 1)]
    keep(services, run, put(services, run, "\n".join(lines).encode()))
    assert [units(services, run) for _ in range(3)] == [None, None, 3 * PAGE - 1]


@pytest.mark.parametrize("count", [3 * PAGE + 2, 3 * PAGE, PAGE, PAGE - 3, PAGE - 2, 1])
def test_another_size_of_pages_moves_no_unit(services: Services, run: str, count: int) -> None:
    """The app may be deployed with another setting while a run goes on."""
    lines = [f"{number}\n" for number in range(count)]
    keep(services, run, put(services, run, "\n".join(lines).encode()))
    assert units(services, run) == len(lines)
    for size in (PAGE - 3, PAGE + 3):
        settings = services.settings.model_copy(update={"seed_page": size})
        deployed = replace(services, settings=settings)
        assert units(deployed, run) == len(lines)
        assert seed_all(deployed, run, len(lines)) == {n: str(n) for n in range(len(lines))}


def test_cut_off_anywhere_the_next_call_goes_on(services: Services, run: str) -> None:
    lines = [f"{number}\n" for number in range(3 * PAGE + 2)]
    keep(services, run, put(services, run, "\n".join(lines).encode()))
    for left in range(4):
        assert units(services, run) == len(lines)
        for page in range(left, 4):
            services.records._runs.delete_blob(naming.plan_page(run, page))
    assert units(services, run) == len(lines)
    assert seed_all(services, run, len(lines)) == {n: str(n) for n in range(len(lines))}


def test_a_call_that_is_overtaken_leaves_the_pages_of_the_other(
    services: Services, run: str
) -> None:
    ours, theirs = ([f"{name}{n}" for n in range(PAGE + 5)] for name in ("ours", "theirs"))
    pages = TypeAdapter(list[str])

    def overtaken(_: str | None) -> Iterator[str]:
        assert freezing.freeze(services, run, pages, lambda _: iter(theirs)) == len(theirs)
        yield from ours

    assert freezing.freeze(services, run, pages, overtaken) is None
    assert freezing.freeze(services, run, pages, lambda _: iter(ours)) == len(theirs)
    assert [entry for _, entry in freezing.frozen(services, run, pages, range(15))] == theirs


def test_lines_over_the_pieces_of_a_download(services: Services, run: str) -> None:
    lines = [json.dumps("x" * 40_000 + str(number)) for number in range(1_000)]
    address = put(services, run, "\n".join(lines).encode())  # 40 MB: two requests, ten pieces
    record = keep(services, run, address)
    from orchestration.activities.payloads import _Blob

    found = [payload.text for payload in _Blob(services, record, address).behind(None)]
    assert found == lines


@pytest.mark.parametrize(
    ("lines", "line", "reason"),
    [
        (b"1\n2\n{'a': 1}\n", 3, "it is no JSON: Expecting property name"),
        (b'1\n\n\n{"a": 1', 4, "it is no JSON: Expecting ',' delimiter at column 8"),
        (b"1\nNaN\n", 2, "NaN is no number"),
        (b'1\n"\xff"\n', 2, "it is no JSON: 'utf-8' codec can't decode byte 0xff"),
        (b"1\n" * 15 + b"x\n", 16, "it is no JSON"),
        (b"1\n" + b"[" * 40_000 + b"\n", 2, "it is no JSON: maximum recursion depth"),
        (b'1\n"' + b"x" * 50_000 + b'"\n', 2, "all that a message takes"),
        (b'1\n"' + b'\\"' * 20_000 + b'"\n', 2, "a message takes"),
        (b"1\n" + b"x" * 10_000_000, 2, "all that a message takes"),
        (b"1\n" + b" " * 5_000_000 + b"\n2\n", 2, "all that a message takes"),
        (b"1\n2" + b" " * 5_000_000 + b"\n3\n", 2, "all that a message takes"),
    ],
)
def test_a_line_that_cannot_be_a_unit_is_named(
    services: Services, run: str, lines: bytes, line: int, reason: str
) -> None:
    address = put(services, run, lines)
    keep(services, run, address)
    for _ in range(2):
        error = refused(services, run)
        assert error.startswith(f"payloads: {address}: line {line}: ")
        assert reason in error


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_a_blob_without_payloads_is_refused(services: Services, run: str, content: bytes) -> None:
    keep(services, run, put(services, run, content))
    assert "0 payloads; 1 to 10000000 are allowed" in refused(services, run)


@pytest.mark.parametrize("address", ["nowhere-at-all/x.ndjson", "{run}-in/other.ndjson"])
def test_a_blob_that_is_not_there_is_refused(services: Services, run: str, address: str) -> None:
    put(services, run, b"1")
    keep(services, run, address.format(run=run))
    assert "there is no such blob" in refused(services, run)


def test_a_blob_that_changes_on_the_way_is_refused(
    services: Services, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "ENTRIES_A_CALL", services.settings.seed_page)
    lines = b"1\n" * 3 * PAGE
    keep(services, run, put(services, run, lines))
    assert units(services, run) is None
    put(services, run, lines)
    assert "it has changed since the run began" in refused(services, run)


def test_an_audit_finds_the_units_by_their_receipts(services: Services, run: str) -> None:
    keep(services, run, list(range(15)))
    assert units(services, run) == 15
    for unit in range(12):
        receipt = Receipt(run, "command", unit, {"unit": 1}, 1, "c", 0.1, "w", 1, "runs/x")
        path = naming.receipt(run, "command", unit)
        services.records.write(path, b"", receipt.to_metadata())
    message = Message(run=run, stage=Stage.COMMAND, unit=12, payload={})
    failure = Failure("PermanentError", "exit code 65", True, "w", 1, NOW.isoformat())
    letter = DeadLetter.of(message, failure, deliveries=1, first_seen=NOW.isoformat())
    services.records.write(letter.record_path(run), letter.encode(), letter.to_metadata())
    account = audit(services, Audit(run=run, first=0, count=15, reseed=True)).account
    assert account
    assert (account.done, account.dead) == ({"command": 12}, {"command": 1})
    assert account.missing == {"command": 2}
    assert messages(services, run) == {13: "13", 14: "14"}


def test_a_worker_that_loads_nothing_is_not_told_of_the_database(
    services: Services, run: str
) -> None:
    record = keep(services, run, [1])
    variables = worker_environment(services, "w1", record).variables()
    assert not [item for item in variables if "topsecret" in item.value]
