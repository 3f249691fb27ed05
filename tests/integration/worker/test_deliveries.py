"""What becomes of a message, by what becomes of its unit."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from support.worker import CONTENT, DOCUMENTS, Bench, Plain

from worker_image.contract import (
    DeadLetter,
    ExitCode,
    Failure,
    Limits,
    Message,
    Receipt,
    Stage,
    naming,
)
from worker_image.delivery import PATIENCE
from worker_image.errors import PermanentError, TargetBusyError
from worker_image.stages import Product

TWICE = Limits(attempts=2)


def failing(times: int, error: Exception) -> Callable[[Message], None]:
    """Work that fails in the first deliveries of a unit."""

    def work(message: Message) -> None:
        if len(message.history) < times:
            raise error

    return work


def test_each_unit_leaves_one_receipt_and_no_message(bench: Bench) -> None:
    bench.seed(*(bench.message(unit) for unit in range(5)))
    assert bench.drain(Plain(), concurrency=2) is ExitCode.OK
    found = bench.receipts()
    assert [receipt.unit for receipt in found] == [0, 1, 2, 3, 4]
    assert replace(found[3], seconds=0) == Receipt(
        run=bench.run,
        stage="generate",
        unit=3,
        records={"a": 1},
        bytes=len(CONTENT),
        checksum="0" * 64,
        seconds=0,
        worker="w1",
        delivery=1,
        document=f"{DOCUMENTS}/{bench.run}/0000003",
    )
    assert bench.queued() == 0
    assert bench.dead_messages() == []


def test_the_last_heartbeat_has_the_account(bench: Bench) -> None:
    bench.seed(*(bench.message(unit) for unit in range(3)), bench.message(3, stage=Stage.INGEST))
    bench.seed("not a message")
    bench.drain(Plain(failing(1, OSError("again"))))
    heartbeat = bench.heartbeat()
    assert heartbeat
    assert heartbeat.state == "left"
    assert heartbeat.units == {"generate": 3, "ingest": 1}
    assert heartbeat.rows == {"generate": 3, "ingest": 1}
    assert heartbeat.bytes == {"generate": 3 * len(CONTENT), "ingest": len(CONTENT)}
    assert (heartbeat.retries, heartbeat.dead, heartbeat.current) == (4, 1, ())
    body = json.loads(bench.read(naming.heartbeat(bench.run, "w1")))
    assert body == json.loads(heartbeat.encode())


def test_a_message_sent_twice_makes_one_document(bench: Bench) -> None:
    bench.seed(bench.message(), bench.message())
    stage = Plain()
    bench.drain(stage)
    assert len(stage.calls) == 2
    assert len(bench.receipts()) == 1
    assert bench.queued() == 0
    assert bench.dead_messages() == []


def test_a_unit_that_is_done_is_not_done_again(bench: Bench) -> None:
    bench.seed(bench.message())
    bench.drain(Plain())
    bench.seed(bench.message())
    bench.waste_deliveries(1)
    stage = Plain()
    bench.drain(stage)
    assert stage.calls == []
    assert bench.queued() == 0
    assert [receipt.delivery for receipt in bench.receipts()] == [1]


def test_a_unit_that_is_done_is_never_dead(bench: Bench) -> None:
    bench.seed(bench.message())
    bench.drain(Plain())
    bench.seed(bench.message(limits=TWICE))
    bench.waste_deliveries(5)
    bench.drain(Plain())
    assert bench.dead_letters() == []
    assert bench.queued() == 0


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_unit_whose_commit_was_not_answered_is_not_dead(bench: Bench, attempts: int) -> None:
    """Whether its last try or another finds that out."""
    committed = Plain()

    def work(message: Message) -> None:
        product = Product({"a": 1}, len(CONTENT), "0" * 64, str(committed.place(message)))
        receipt = product.receipt(message, 0.0, "w1", 1)
        bench.storage().create(committed.place(message), CONTENT, receipt.to_metadata(), "x")
        raise OSError("no answer")

    ingest = Plain()
    ingest.place = lambda message: replace(committed.place(message), path=f"{message.run}/then")  # type: ignore[method-assign]  # a place of its own
    bench.seed(bench.message(then={"x": 1}, limits=Limits(attempts=attempts)))
    bench.drain({Stage.GENERATE: Plain(work), Stage.INGEST: ingest})
    assert sorted(receipt.stage for receipt in bench.receipts()) == ["generate", "ingest"]
    assert (bench.dead_letters(), bench.dead_messages(), bench.queued()) == ([], [], 0)


@pytest.mark.parametrize("deliveries", [0, 1], ids=["first delivery", "redelivered"])
def test_what_follows_is_sent_even_if_the_unit_was_done_before(
    bench: Bench, deliveries: int
) -> None:
    message = bench.message(then={"x": 1})
    bench.seed(bench.message())
    bench.drain(Plain())
    bench.seed(message)
    bench.waste_deliveries(deliveries)
    ingest = Plain()
    ingest.place = lambda message: replace(Plain().place(message), path=f"{message.run}/then")  # type: ignore[method-assign]  # a place of its own
    bench.drain({Stage.GENERATE: Plain(), Stage.INGEST: ingest})
    assert [call.payload for call in ingest.calls] == [{"x": 1}]
    assert sorted(receipt.stage for receipt in bench.receipts()) == ["generate", "ingest"]


def test_an_error_goes_on_the_message_and_the_unit_is_tried_again(bench: Bench) -> None:
    bench.seed(bench.message())
    stage = Plain(failing(2, OSError("the network is down")))
    bench.drain(stage)
    assert [receipt.delivery for receipt in bench.receipts()] == [3]
    history = stage.calls[-1].history
    assert [(item.type, item.message, item.delivery, item.worker) for item in history] == [
        ("OSError", "the network is down", 1, "w1"),
        ("OSError", "the network is down", 2, "w1"),
    ]
    assert "raise error" in history[-1].traceback
    assert bench.dead_letters() == []


def test_the_last_attempt_ends_in_the_dead_letters(bench: Bench) -> None:
    bench.seed(bench.message(7, limits=TWICE))
    bench.drain(Plain(failing(9, OSError("down"))))
    [letter] = bench.dead_letters()
    assert (letter.error.type, letter.error.message, letter.error.delivery) == (
        "OSError",
        "down",
        2,
    )
    assert not letter.error.permanent
    assert (letter.deliveries, letter.worker, letter.dead_at) == (2, "w1", letter.error.at)
    assert letter.first_seen < letter.dead_at
    assert isinstance(letter.message, dict)
    assert [item["delivery"] for item in letter.message["history"]] == [1]
    assert [DeadLetter.decode(text) for text in bench.dead_messages()] == [letter]
    assert bench.queued() == 0
    [metadata] = bench.blobs_below(naming.RUNS, naming.dead_letters(bench.run)).values()
    assert metadata == letter.to_metadata()


def test_a_permanent_error_is_not_tried_again(bench: Bench) -> None:
    bench.seed(bench.message())
    stage = Plain(failing(9, PermanentError("line 3 is no JSON")))
    bench.drain(stage)
    assert len(stage.calls) == 1
    [letter] = bench.dead_letters()
    assert (letter.error.type, letter.error.permanent) == ("PermanentError", True)
    assert (letter.deliveries, bench.queued()) == (1, 0)


def test_a_unit_that_kills_its_workers_is_dead_for_that_reason(bench: Bench) -> None:
    bench.seed(bench.message(limits=TWICE))
    bench.waste_deliveries(2)
    stage = Plain()
    bench.drain(stage)
    assert stage.calls == []
    [letter] = bench.dead_letters()
    assert (letter.error.type, letter.deliveries) == ("WorkerDied", 3)
    assert "delivery 2" in letter.error.message


def test_what_was_recorded_last_is_why_a_unit_is_dead(bench: Bench) -> None:
    known = Failure("OSError", "known", False, "w0", 2, "2026-01-01T00:00:00+00:00")
    bench.seed(bench.message(limits=TWICE, history=(known,)))
    bench.waste_deliveries(2)
    bench.drain(Plain())
    assert [letter.error for letter in bench.dead_letters()] == [known]


def test_an_older_record_does_not_excuse_a_death(bench: Bench) -> None:
    known = Failure("OSError", "known", False, "w0", 1, "2026-01-01T00:00:00+00:00")
    bench.seed(bench.message(limits=TWICE, history=(known,)))
    bench.waste_deliveries(2)
    bench.drain(Plain())
    assert [letter.error.type for letter in bench.dead_letters()] == ["WorkerDied"]


def test_released_deliveries_are_no_attempts(bench: Bench) -> None:
    bench.seed(bench.message(limits=TWICE, released=2))
    bench.waste_deliveries(3)
    bench.drain(Plain())
    assert [receipt.delivery for receipt in bench.receipts()] == [4]


@pytest.mark.parametrize(
    "text",
    ["no JSON", "Grüße <&> \"'", '{"version":99,"run":"r"}', '{"version":1}', '{"version":1,"x":'],
)
def test_what_cannot_be_read_is_kept_as_it_is(bench: Bench, text: str) -> None:
    bench.seed(text)
    bench.drain(Plain())
    [letter] = bench.dead_letters()
    assert letter.message == text
    assert (letter.error.type, letter.error.permanent) == ("UndecodableMessageError", True)
    assert [DeadLetter.decode(message) for message in bench.dead_messages()] == [letter]
    assert bench.queued() == 0
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert list(bench.blobs_below(naming.RUNS, naming.undecodable(bench.run, digest)))


def test_a_dead_letter_too_large_for_a_message_points_to_its_record(bench: Bench) -> None:
    text = "x" * 63_000
    bench.seed(text, bench.message(5, payload={"x": '"' * 23_000}))
    bench.drain(Plain(failing(9, PermanentError("\0" * 20_000))))
    raw, whole = sorted(bench.dead_letters(), key=lambda letter: isinstance(letter.message, dict))
    assert raw.message == text
    assert isinstance(whole.message, dict)
    assert whole.message["payload"] == {"x": '"' * 23_000}
    messages = [DeadLetter.decode(text).message for text in bench.dead_messages()]
    assert {"record": f"runs/{raw.record_path(bench.run)}"} in messages
    assert {
        "version": 1,
        "run": bench.run,
        "stage": "generate",
        "unit": 5,
        "record": f"runs/{whole.record_path(bench.run)}",
    } in messages


def test_the_blob_of_somebody_else_is_not_overwritten(bench: Bench) -> None:
    bench.write(DOCUMENTS, f"{bench.run}/0000000", b"theirs", owner="them")
    bench.seed(bench.message())
    bench.drain(Plain())
    [letter] = bench.dead_letters()
    assert letter.error.permanent
    assert "no worker wrote it" in letter.error.message
    blob = bench.blobs.get_blob_client(DOCUMENTS, f"{bench.run}/0000000")
    assert blob.download_blob().readall() == b"theirs"


def test_a_target_that_turns_units_away_costs_them_no_attempt(bench: Bench) -> None:
    def work(message: Message) -> None:
        if message.busy < 5:
            raise TargetBusyError("too many connections")

    bench.seed(bench.message(limits=TWICE))
    bench.drain(Plain(work))
    [receipt] = bench.receipts()
    assert (receipt.delivery, bench.dead_messages(), bench.queued()) == (6, [], 0)
    heartbeat = bench.heartbeat()
    assert heartbeat
    assert (heartbeat.pushbacks, heartbeat.pushback) == (5, "too many connections")
    assert heartbeat.retries == 0


def test_a_target_that_is_never_free_ends_a_unit_at_last(bench: Bench) -> None:
    def work(_: Message) -> None:
        raise TargetBusyError("away", wait=0.0)

    bench.seed(bench.message(limits=TWICE, busy=PATIENCE))
    bench.drain(Plain(work))
    [letter] = bench.dead_letters()
    assert (letter.error.type, letter.error.message) == ("TargetBusyError", "away")
    assert bench.receipts() == []
