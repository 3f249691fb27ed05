"""Answers that are made to harm who asks: endless, slow, saying(UNFOLDING), leading elsewhere."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime

import pytest
from support.documents import memory_below
from support.ingester import document
from support.tables import table

from orchestration.services import Webhook
from worker_image.errors import PermanentError, TargetBusyError
from worker_image.ingester import Surroundings
from worker_image.ingester.http import open_sink

ANSWERING = 2.0
MEMORY = 30 << 20  # bytes: a hundred headers of 64 KiB, copied on their way
Say = Callable[[socket.socket], None]


@contextmanager
def speaker(say: Say) -> Iterator[str]:
    """The address of a server that answers each call by bytes of its own."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                caller, _ = listener.accept()
                with caller, suppress(OSError):
                    caller.recv(65_536)
                    say(caller)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def head(status: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} so", *headers, "", ""]).encode()


def endless(status: int) -> Say:
    def say(caller: socket.socket) -> None:
        caller.sendall(head(status, "Transfer-Encoding: chunked"))
        while True:
            caller.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")

    return say


def dripping(status: int) -> Say:
    def say(caller: socket.socket) -> None:
        caller.sendall(head(status, "Content-Length: 65536"))
        while True:
            caller.sendall(b"x")
            time.sleep(ANSWERING / 40)  # the server's own pace

    return say


def saying(content: bytes) -> Say:
    return lambda caller: caller.sendall(content)


BOMB = gzip.compress(bytes(200 << 20))
UNFOLDING = head(400, "Content-Encoding: gzip", f"Content-Length: {len(BOMB)}") + BOMB
HEADERS = head(400, *(f"X-{n}: {'y' * 60_000}" for n in range(200)))
LONG_HEADER = head(400, "X: " + "y" * 10_000_000)
ELSEWHERE = head(302, "Location: http://169.254.169.254/metadata/identity", "Content-Length: 0")
NO_HTTP = b"\xff\x00" * 1_000_000
SHORT = head(400, "Content-Length: 99999999999999999999")


ANSWERS: dict[str, tuple[Say, str]] = {
    "a refusal without end": (endless(400), "answered 400: xxx"),
    "a refusal by drops": (dripping(400), "answered 400: xxx"),
    "a refusal that unfolds": (saying(UNFOLDING), "answered 400: \0"),
    "too many headers": (saying(HEADERS), "got more than 100 headers"),
    "a header of megabytes": (saying(LONG_HEADER), "got more than 65536 bytes"),
    "a way to the metadata of the machine": (
        saying(ELSEWHERE),
        "a redirect that is not followed: http://169",
    ),
    "bytes of no protocol": (saying(NO_HTTP), "got more than 65536 bytes|BadStatusLine"),
    "more than it sends": (saying(SHORT), "answered 400: |IncompleteRead"),
}


@table("say, words", ANSWERS)
def test_an_answer_of_a_sink_is_read_in_bounds(say: Say, words: str) -> None:
    with speaker(say) as host:
        given = {"kind": "http", "url": f"http://{host}/rows"}
        surroundings = Surroundings(lambda: "", "", http_hosts=(host,))
        sink = open_sink(given, surroundings, lambda _: None, ANSWERING)
        begun = time.monotonic()
        refused = pytest.raises((PermanentError, TargetBusyError))
        with closing(sink), memory_below(MEMORY), refused as caught:
            sink.load(document({"type": "a", "id": 1}))
        assert any(each in str(caught.value) for each in words.split("|")), str(caught.value)[:300]
        assert len(str(caught.value)) < 1_000
        assert time.monotonic() - begun < 30


@table("say", {"an answer without end": endless(200), "an answer by drops": dripping(200)})
def test_a_batch_is_taken_whatever_follows_the_status(say: Say) -> None:
    with speaker(say) as host:
        surroundings = Surroundings(lambda: "", "", http_hosts=(host,))
        given = {"kind": "http", "url": f"http://{host}/rows"}
        with closing(open_sink(given, surroundings, lambda _: None, ANSWERING)) as sink:
            assert sink.load(document({"type": "a", "id": 1})).rows == {"a": 1}


@table(
    "say, words",
    {
        **{name: (say, "status 400") for name, (say, _) in list(ANSWERS.items())[:3]},
        "too many headers": (saying(HEADERS), "ConnectionError"),
        "a way elsewhere": (saying(ELSEWHERE), "status 302"),
        "bytes of no protocol": (saying(NO_HTTP), "ConnectionError"),
    },
)
def test_an_answer_of_the_webhook_is_judged_by_its_status_alone(say: Say, words: str) -> None:
    with speaker(say) as host, memory_below(MEMORY):
        webhook = Webhook(f"http://{host}/", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        answer = webhook.send("n", b"{}", datetime.now(UTC), ANSWERING)
    assert (answer.taken, answer.words) == (False, words)
