import logging

import pytest

from worker_image.logs import BLOCK_LIMIT, BUFFER_LIMIT, Shipment


def record(message: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message})


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


def test_a_refused_block_that_tells_of_dropped_lines_is_shipped_again(shipment: Shipment) -> None:
    blob = Blob()
    blob.refuses = 2
    for _ in range(BUFFER_LIMIT // 1024 + 1):  # blocks of these are as large as may be
        shipment.handle(record("x" * 1023))
    for _ in range(2):
        with pytest.raises(OSError, match="no answer"):
            shipment.ship(blob.append)
    shipment.ship(blob.append)
    assert blob.lines[0] == "1 lines of the log were dropped"
    assert len(blob.lines) == 1 + BUFFER_LIMIT // 1024


def test_what_is_written_while_a_block_is_on_its_way_comes_after_it(shipment: Shipment) -> None:
    blob = Blob()

    def append(block: bytes) -> None:
        if not blob.blocks:
            shipment.handle(record("2"))
        blob.append(block)

    shipment.handle(record("1"))
    shipment.ship(append)
    assert blob.lines == ["1", "2"]
