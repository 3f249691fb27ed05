import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_image.contract import Failure, Limits, Message, Stage, UndecodableMessageError
from worker_image.contract.failure import MESSAGE_LIMIT, TRACEBACK_LIMIT
from worker_image.contract.message import HISTORY_LIMIT, SIZE_LIMIT

MESSAGE = Message("r260102-030405-abcde", Stage.GENERATE, 3, {"x": 1})
FAILURE = Failure("OSError", "down", False, "w1", 1, "2026-01-01T00:00:00+00:00", "trail")

TEXT = st.text(max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FAILURES = st.builds(
    Failure, TEXT, TEXT, st.booleans(), TEXT, st.integers(1, 99), TEXT, traceback=TEXT
)
MESSAGES = st.builds(
    Message,
    run=TEXT,
    stage=st.sampled_from(Stage),
    unit=st.integers(0, 10**9),
    payload=st.dictionaries(TEXT, JSON, max_size=3),
    random_seed=st.integers(),
    limits=st.builds(Limits, st.integers(1, 99), st.floats(0.1, 1e6)),
    history=st.lists(FAILURES, max_size=5).map(tuple),
    released=st.integers(0, 99),
    traceparent=st.none() | TEXT,
    then=st.none() | st.dictionaries(TEXT, JSON, max_size=3),
)


@given(MESSAGES)
def test_a_message_survives_its_travel(message: Message) -> None:
    text = message.encode()
    assert Message.decode(text) == message
    assert text.isascii()
    assert not set("<>&") & set(text)


def altered(**members: Any) -> str:
    return json.dumps({**json.loads(MESSAGE.encode()), **members})


def test_what_a_newer_writer_added_is_passed_over() -> None:
    limits = {"attempts": 2, "timeout_seconds": 9.0, "novel": 1}
    failure = {**json.loads(MESSAGE.failed(FAILURE).encode())["history"][0], "novel": 1}
    text = altered(novel={"a": 1}, limits=limits, history=[failure])
    assert Message.decode(text) == replace(MESSAGE, limits=Limits(2, 9.0), history=(FAILURE,))


def test_what_an_older_writer_left_out_has_its_default() -> None:
    members = json.loads(MESSAGE.encode())
    least = {name: members[name] for name in ("version", "run", "stage", "unit", "payload")}
    assert Message.decode(json.dumps(least)) == MESSAGE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "null",
        "1",
        "{}",
        altered(version=2),
        altered(version="1"),
        altered(stage="novel"),
        altered(unit="x"),
        altered(unit=None),
        altered(payload=None),
        altered(payload=5),
        altered(limits=[1]),
        altered(history=[{"type": "OSError"}]),
        altered(history=5),
    ],
)
def test_anything_else_is_undecodable(text: str) -> None:
    with pytest.raises(UndecodableMessageError):
        Message.decode(text)


def test_an_unknown_version_is_named() -> None:
    with pytest.raises(UndecodableMessageError, match="version 2: this worker knows 1"):
        Message.decode(altered(version=2))


def test_a_message_is_as_large_as_allowed_and_no_larger() -> None:
    room = SIZE_LIMIT - len(replace(MESSAGE, payload={"x": ""}).encode())
    assert len(replace(MESSAGE, payload={"x": "a" * room}).encode()) == SIZE_LIMIT
    with pytest.raises(ValueError, match=rf"unit 3 has {SIZE_LIMIT + 1} bytes"):
        replace(MESSAGE, payload={"x": "a" * (room + 1)}).encode()


def test_the_newest_failures_are_kept_and_the_traceback_of_the_last() -> None:
    message = MESSAGE
    for delivery in range(1, HISTORY_LIMIT + 3):
        message = message.failed(replace(FAILURE, delivery=delivery))
    assert [item.delivery for item in message.history] == [3, 4, 5, 6, 7]
    assert [item.traceback for item in message.history] == ["", "", "", "", "trail"]


def test_failures_make_room_for_the_payload() -> None:
    room = SIZE_LIMIT - len(replace(MESSAGE, payload={"x": ""}).encode())
    large = replace(MESSAGE, payload={"x": "a" * (room - 1500)})
    message = large.failed(replace(FAILURE, message="1" * 900)).failed(
        replace(FAILURE, message="2" * 900)
    )
    assert [item.message[0] for item in message.history] == ["2"]
    full = replace(MESSAGE, payload={"x": "a" * room})
    assert full.failed(FAILURE) == full


def test_a_failure_is_bounded_and_keeps_the_end_of_the_traceback() -> None:
    def nest(depth: int) -> None:
        if depth == 0:
            raise ValueError("x" * 5000)
        nest(depth - 1)

    with pytest.raises(ValueError) as caught:  # noqa: PT011 - any
        nest(50)
    failure = Failure.of(caught.value, permanent=True, worker="w1", delivery=2, at="now")
    assert (failure.type, failure.permanent, failure.worker) == ("ValueError", True, "w1")
    assert failure.message == "x" * MESSAGE_LIMIT
    assert len(failure.traceback) == TRACEBACK_LIMIT
    assert failure.traceback.endswith("xxx\n")


def test_a_fingerprint_is_that_of_the_kind_of_failure() -> None:
    def fingerprint(text: str, kind: str = "OSError") -> str:
        return replace(FAILURE, type=kind, message=text).fingerprint

    assert fingerprint("row 3 of 'a.json' at 0xAF") == fingerprint("row 71 of 'b.json' at 0x1")
    assert fingerprint("row 3 lost") != fingerprint("row 3 broken")
    assert fingerprint("row 3 lost") != fingerprint("row 3 lost", "ValueError")
