import json
import logging
import threading
from typing import Any

import pytest

from worker_image.logs import BLOCK_LIMIT, BUFFER_LIMIT, TEXT_LIMIT, JsonLines, Shipment, about
from worker_image.redaction import Redaction

CONSTANT = {"run": "r1", "worker": "w1"}


def record(message: str, **members: Any) -> logging.LogRecord:
    known = {"levelname": "INFO", "msg": message, "created": 1767323045.678}
    return logging.makeLogRecord({**known, **members})


def formatted(item: logging.LogRecord) -> dict[str, Any]:
    line = JsonLines(CONSTANT, Redaction(["hunter2"])).format(item)
    assert "\n" not in line
    members: dict[str, Any] = json.loads(line)
    return members


def test_a_line_says_when_who_and_what() -> None:
    with about(stage="ingest", unit=3, delivery=1):
        assert formatted(record("done: %d", args=(5,))) == {
            "time": "2026-01-02T03:04:05.678+00:00",
            "level": "INFO",
            "message": "done: 5",
            "run": "r1",
            "worker": "w1",
            "stage": "ingest",
            "unit": 3,
            "delivery": 1,
        }
    assert "unit" not in formatted(record("later"))


def test_a_unit_is_named_in_its_own_thread_alone() -> None:
    other: list[dict[str, Any]] = []
    with about(unit=3):
        thread = threading.Thread(target=lambda: other.append(formatted(record("x"))))
        thread.start()
        thread.join()
    assert "unit" not in other[0]


def test_an_error_has_its_traceback_and_no_secret() -> None:
    error = ValueError("the password hunter2 is wrong")
    line = formatted(record("hunter2 failed", exc_info=(ValueError, error, None)))
    assert line["message"] == "*** failed"
    assert line["error"] == "ValueError: the password *** is wrong"
    assert formatted(record("x", error="hunter2"))["error"] == "***"


def test_a_line_is_bounded() -> None:
    line = formatted(record("a" * TEXT_LIMIT + "b", error="b" + "a" * TEXT_LIMIT))
    assert line["message"] == line["error"] == "a" * TEXT_LIMIT


class Blob:
    """An append blob that answers, or not."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.refuses = 0

    def append(self, block: bytes) -> None:
        if self.refuses:
            self.refuses -= 1
            raise OSError("no answer")
        self.blocks.append(block)

    @property
    def lines(self) -> list[str]:
        return b"".join(self.blocks).decode().splitlines()


@pytest.fixture
def shipment() -> Shipment:
    shipment = Shipment()
    shipment.setFormatter(logging.Formatter("%(message)s"))
    return shipment


def test_lines_are_shipped_once_and_in_order(shipment: Shipment) -> None:
    blob = Blob()
    shipment.handle(record("1"))
    shipment.handle(record("2"))
    shipment.ship(blob.append)
    shipment.ship(blob.append)
    shipment.handle(record("3"))
    shipment.ship(blob.append)
    assert blob.blocks == [b"1\n2\n", b"3\n"]


def test_lines_wait_while_they_cannot_be_shipped(shipment: Shipment) -> None:
    blob = Blob()
    blob.refuses = 2
    for number in (1, 2, 3):
        shipment.handle(record(str(number)))
        if number < 3:
            with pytest.raises(OSError, match="no answer"):
                shipment.ship(blob.append)
    shipment.ship(blob.append)
    assert blob.lines == ["1", "2", "3"]


def test_blocks_are_no_larger_than_the_service_takes(shipment: Shipment) -> None:
    blob = Blob()
    for _ in range(5):
        shipment.handle(record("x" * (BLOCK_LIMIT // 2 - 100)))
    shipment.ship(blob.append)
    assert [len(block.splitlines()) for block in blob.blocks] == [2, 2, 1]


def test_of_too_many_lines_the_oldest_are_dropped_and_counted(shipment: Shipment) -> None:
    blob = Blob()
    blob.refuses = 1
    line = BUFFER_LIMIT // 8
    shipment.handle(record("first"))
    shipment.handle(record("second"))
    with pytest.raises(OSError, match="no answer"):
        shipment.ship(blob.append)  # they wait as one block from here on
    for number in range(9):
        shipment.handle(record(str(number) * line))
    shipment.ship(blob.append)
    assert blob.lines[0] == "4 lines of the log were dropped"
    assert [text[0] for text in blob.lines[1:]] == ["2", "3", "4", "5", "6", "7", "8"]


def test_what_is_written_while_a_block_is_on_its_way_comes_after_it(shipment: Shipment) -> None:
    blob = Blob()

    def append(block: bytes) -> None:
        if not blob.blocks:
            shipment.handle(record("2"))
        blob.append(block)

    shipment.handle(record("1"))
    shipment.ship(append)
    assert blob.lines == ["1", "2"]
