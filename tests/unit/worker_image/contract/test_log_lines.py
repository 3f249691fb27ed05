import json
import logging
import threading
from typing import Any

from worker_image.contract import JsonLines, Redaction, about
from worker_image.contract.log_lines import TEXT_LIMIT

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
