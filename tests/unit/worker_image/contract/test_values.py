"""Payloads, dead letters, receipts, heartbeats and environments: there and back, and strangers."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_image.contract import (
    CommandPayload,
    ConfigurationError,
    DatasetSource,
    DeadLetter,
    ExitCode,
    Failure,
    FinishPayload,
    GeneratePayload,
    Heartbeat,
    IngestPayload,
    Message,
    Reading,
    Receipt,
    Stage,
    WorkerEnvironment,
    naming,
)

RUN = "r260102-030405-abcde"
FAILURE = Failure("OSError", "down", False, "w1", 1, "2026-01-01T00:00:00+00:00", "trail")
LETTER = DeadLetter.of(
    Message(RUN, Stage.INGEST, 3, {"x": "<&>"}), FAILURE, deliveries=2, first_seen="earlier"
)
RECEIPT = Receipt(RUN, "generate", 1, {"a": 2, "b": 3}, 9, "ff", 0.5, "w1", 1, "c/p/ü 1")
HEARTBEAT = Heartbeat("w1", "now", "idle", {"ingest": 1}, current=("ingest/0000001",))
SINK = {"kind": "postgresql", "schema": "s"}
NAMES = st.text(min_size=1, max_size=20)


@pytest.mark.parametrize(
    "payload",
    [
        GeneratePayload(DatasetSource(inline={"a": [1]}), "c", "p", "none"),
        GeneratePayload(DatasetSource(blob="x/y.json"), "c", "", "gzip"),
        IngestPayload("c", "p", SINK),
        IngestPayload("c", "p", SINK, DatasetSource(blob="x"), Reading(columns=("a",)), etag="e"),
        IngestPayload("c", "*/p", SINK, DatasetSource(inline={}), each_record=True),
        FinishPayload(SINK),
        FinishPayload(SINK, DatasetSource(blob="x")),
        CommandPayload(("sh", "-c", "x"), "[1]", {"A": "b"}, {"0": "success"}),
        CommandPayload(("x",), '"é"', {}, {}, connection_string=True),
    ],
)
def test_payloads_there_and_back(
    payload: GeneratePayload | IngestPayload | FinishPayload | CommandPayload,
) -> None:
    members = json.loads(json.dumps(payload.members()))
    assert type(payload).read(members) == payload
    assert type(payload).read({**members, "novel": 1}) == payload


@pytest.mark.parametrize("payload", [GeneratePayload, IngestPayload, FinishPayload, CommandPayload])
def test_a_payload_without_its_members_is_refused(payload: type[GeneratePayload]) -> None:
    with pytest.raises(KeyError, match=r"container|dataset|sink|program"):
        payload.read({})


@pytest.mark.parametrize("letter", [LETTER, replace(LETTER, message="raw <&> ü \0")])
def test_dead_letters_there_and_back(letter: DeadLetter) -> None:
    assert DeadLetter.decode(letter.encode()) == letter
    newer = json.loads(letter.encode())
    newer["novel"] = newer["error"]["novel"] = 1
    assert DeadLetter.decode(json.dumps(newer)) == letter
    assert newer["error"]["fingerprint"] == FAILURE.fingerprint


def test_where_the_record_of_a_dead_letter_lies() -> None:
    assert LETTER.record_path(RUN) == f"{RUN}/dead/ingest/0000003.json"
    raw = replace(LETTER, message="raw").record_path(RUN)
    assert raw.startswith(f"{RUN}/dead/undecodable/")
    assert raw != replace(LETTER, message="other").record_path(RUN)


@pytest.mark.parametrize(
    ("letter", "stage", "unit"),
    [(LETTER, "ingest", "3"), (replace(LETTER, message="raw"), "undecodable", "")],
)
def test_the_metadata_of_a_dead_letter(letter: DeadLetter, stage: str, unit: str) -> None:
    error = replace(FAILURE, message=" línea\r\n" + "x" * 500)
    metadata = replace(letter, error=error).to_metadata()
    assert (metadata["stage"], metadata["unit"], metadata["permanent"]) == (stage, unit, "false")
    assert metadata["error"].startswith("l?nea??xxx")
    assert all(value.isascii() and value.isprintable() for value in metadata.values())
    assert all(name.isidentifier() for name in metadata)
    assert sum(map(len, metadata.values())) < 2_000


@given(records=st.dictionaries(NAMES, st.integers(0, 10**9), max_size=4), document=NAMES)
def test_receipts_there_and_back(records: dict[str, int], document: str) -> None:
    receipt = replace(RECEIPT, records=records, document=document)
    metadata = receipt.to_metadata()
    assert Receipt.from_metadata({**metadata, "novel": "1"}) == receipt
    assert all(name.isidentifier() and name.islower() for name in metadata)
    assert all(value.isascii() for value in metadata.values())
    assert receipt.rows == sum(records.values())


@pytest.mark.parametrize(
    "metadata", [None, {}, {"owner": "x"}, {**RECEIPT.to_metadata(), "unit": "x"}]
)
def test_other_blobs_carry_no_receipt(metadata: dict[str, str] | None) -> None:
    assert Receipt.from_metadata(metadata) is None


def test_heartbeats_there_and_back() -> None:
    assert Heartbeat.from_metadata(HEARTBEAT.to_metadata()) == HEARTBEAT
    newer = json.dumps({**json.loads(HEARTBEAT.encode()), "novel": 1})
    assert Heartbeat.from_metadata({"heartbeat": newer}) == HEARTBEAT


@pytest.mark.parametrize("metadata", [None, {}, {"heartbeat": "x"}, {"heartbeat": "{}"}])
def test_other_blobs_carry_no_heartbeat(metadata: dict[str, str] | None) -> None:
    assert Heartbeat.from_metadata(metadata) is None


# ------------------------------------------------------------------------------ environment

SECRET = "s3cret-value"
ENVIRONMENT = WorkerEnvironment(
    run=RUN,
    worker="w1",
    storage_connection_string=f"AccountKey={SECRET}",
    postgresql_url=f"postgresql://u:{SECRET}@h/d",
    concurrency=3,
    idle_seconds=0.25,
)


def as_mapping(environment: WorkerEnvironment) -> dict[str, str]:
    return {item.name: item.value for item in environment.variables()}


def test_an_environment_there_and_back() -> None:
    variables = as_mapping(ENVIRONMENT)
    assert WorkerEnvironment.read({**variables, "PATH": "/", "ACI_JOBS_NOVEL": "1"}) == ENVIRONMENT
    assert "ACI_JOBS_QUEUE_ENDPOINT" not in variables
    assert all(len(name) <= 63 and name.isidentifier() for name in variables)


def test_secrets_are_marked_and_never_shown() -> None:
    marked = {item.name for item in ENVIRONMENT.variables() if item.secret}
    assert marked == {"ACI_JOBS_STORAGE_CONNECTION_STRING", "ACI_JOBS_POSTGRESQL_URL"}
    assert SECRET not in repr(ENVIRONMENT)
    assert SECRET not in str(ENVIRONMENT)
    shown = [item for item in ENVIRONMENT.variables() if not item.secret]
    assert SECRET not in repr(shown)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ACI_JOBS_RUN": ""}, "ACI_JOBS_RUN is missing"),
        ({"ACI_JOBS_WORKER": ""}, "ACI_JOBS_WORKER is missing"),
        ({"ACI_JOBS_STORAGE_CONNECTION_STRING": ""}, "ACI_JOBS_QUEUE_ENDPOINT"),
        ({"ACI_JOBS_CONCURRENCY": "two"}, "ACI_JOBS_CONCURRENCY='two'"),
        ({"ACI_JOBS_CONCURRENCY": "1.5"}, "ACI_JOBS_CONCURRENCY='1.5'"),
        ({"ACI_JOBS_IDLE_SECONDS": "0"}, "ACI_JOBS_IDLE_SECONDS='0'"),
        ({"ACI_JOBS_IDLE_SECONDS": "-1"}, "ACI_JOBS_IDLE_SECONDS='-1'"),
    ],
)
def test_a_wrong_variable_is_named(changes: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        WorkerEnvironment.read({**as_mapping(ENVIRONMENT), **changes})
    assert SECRET not in str(caught.value)


def test_one_endpoint_alone_is_not_enough() -> None:
    variables = {
        "ACI_JOBS_RUN": RUN,
        "ACI_JOBS_WORKER": "w1",
        "ACI_JOBS_QUEUE_ENDPOINT": "https://q",
    }
    with pytest.raises(ConfigurationError, match="ACI_JOBS_BLOB_ENDPOINT"):
        WorkerEnvironment.read(variables)
    both = WorkerEnvironment.read({**variables, "ACI_JOBS_BLOB_ENDPOINT": "https://b"})
    assert both.blob_endpoint == "https://b"


# ------------------------------------------------------------------------------ names


def test_a_run_id_is_a_queue_name_with_any_suffix() -> None:
    run = naming.run_id(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "a1b2c")
    assert run == "r260102-030405-a1b2c"
    longest = (naming.container_group(run, 999, 9_999), naming.dead_letter_queue(run))
    assert all(len(name) <= 63 for name in longest)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in longest)


@pytest.mark.parametrize("nonce", ["", "abcd", "abcdef", "ABCDE", "ab-de", "äbcde"])
def test_a_run_id_takes_no_other_nonce(nonce: str) -> None:
    with pytest.raises(ValueError, match="nonce"):
        naming.run_id(datetime(2026, 1, 2, tzinfo=UTC), nonce)


def test_every_name_of_a_run_is_its_own() -> None:
    names = [
        naming.record(RUN),
        naming.control(RUN),
        naming.plan_page(RUN, 1),
        naming.dataset(RUN, "d"),
        naming.receipt(RUN, "ingest", 1),
        naming.dead_letter(RUN, "ingest", 1),
        naming.undecodable(RUN, "d"),
        naming.redriven(RUN, 1, naming.dead_letter(RUN, "ingest", 1)),
        naming.heartbeat(RUN, "w1"),
        naming.log(RUN, "w1"),
        naming.platform_log(RUN, "w1"),
        naming.report(RUN),
        naming.manifest(RUN),
    ]
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{RUN}/") for name in names)
    assert naming.receipt(RUN, "ingest", 1).startswith(naming.receipts(RUN, "ingest"))
    assert naming.heartbeat(RUN, "w1").startswith(naming.heartbeats(RUN))


@pytest.mark.parametrize(
    ("prefix", "path"),
    [
        ("", f"{RUN}/0000042.ndjson"),
        ("/", f"{RUN}/0000042.ndjson"),
        ("lake/raw/", f"lake/raw/{RUN}/0000042.ndjson"),
    ],
)
def test_the_path_of_a_document(prefix: str, path: str) -> None:
    assert naming.document(prefix, RUN, 42, ".ndjson") == path
    assert path.startswith(naming.documents(prefix, RUN))


def test_exit_codes_are_what_the_policy_reads() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "CONFIGURATION": 64,
        "INTERNAL": 70,
        "UNIT_TIMEOUT": 75,
    }


def test_values_are_frozen() -> None:
    values: list[Any] = [RECEIPT, HEARTBEAT, LETTER, FAILURE, ENVIRONMENT]
    for value in values:
        with pytest.raises(AttributeError):
            setattr(value, fields(value)[0].name, "x")


@given(st.integers(0, 9_999_999), st.integers(1, 20_000))
def test_the_names_of_units_begin_with_one_of_two_prefixes(first: int, count: int) -> None:
    beginnings = naming.beginnings(first, count)
    assert 1 <= len(beginnings) <= 2
    for unit in (first, first + count // 2, first + count - 1):
        assert f"{unit:07d}".startswith(beginnings)
    covered = sum(10 ** (7 - len(beginning)) for beginning in beginnings)
    assert covered <= 20 * count


@pytest.mark.parametrize(
    ("first", "count", "beginnings"),
    [
        (0, 10_000, ("000",)),
        (9_990_000, 10_000, ("999",)),
        (500, 500, ("0000",)),
        (9_990, 20, ("00099", "00100")),
        (0, 10_000_000, ("",)),
        (10_000_000, 10_000, ("1000",)),
    ],
)
def test_a_part_has_one_prefix(first: int, count: int, beginnings: tuple[str, ...]) -> None:
    assert naming.beginnings(first, count) == beginnings
