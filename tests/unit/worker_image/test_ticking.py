import logging
import threading

import pytest

from worker_image.ticking import Ticking


def test_the_action_comes_at_once_and_again_until_the_stop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: list[int] = []
    enough = threading.Event()

    def action() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise OSError("once")
        if len(calls) == 3:
            enough.set()

    ticking = Ticking("ticker", 0.001, action)
    with caplog.at_level(logging.ERROR):
        ticking.start()
        assert enough.wait(10)
    ticking.stop()
    made = len(calls)
    assert [item.message for item in caplog.records] == ["ticker failed"]
    ticking.stop()
    assert len(calls) == made


def test_the_first_call_does_not_wait() -> None:
    called = threading.Event()
    ticking = Ticking("ticker", 3600, called.set)
    ticking.start()
    assert called.wait(10)
    ticking.stop()
