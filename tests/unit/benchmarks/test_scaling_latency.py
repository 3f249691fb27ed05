"""A network that delays what is asked, and nothing else of it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.headline.lines import together

SECONDS = 0.05
PATIENCE = 30


@contextmanager
def _echo(place: str) -> Iterator[None]:
    """Somebody who says again what one client says."""

    def serve() -> None:
        with listener, listener.accept()[0] as client:
            while said := client.recv(1 << 16):
                client.sendall(said)

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen()
    thread = threading.Thread(target=serve)
    thread.start()
    yield
    thread.join(PATIENCE)


@pytest.mark.parametrize("pieces", [1, 20])
def test_a_call_waits_once_and_comes_whole_and_in_order(tmp_path: Path, pieces: int) -> None:
    far, near = str(tmp_path / "far"), str(tmp_path / "near")
    call = b"".join(bytes([number]) * 100_000 for number in range(pieces))
    command = ["benchmarks.scaling_latency", str(SECONDS), f"{near}={far}"]
    with together([command], [{}]) as network, _echo(far):
        network.until("ready", 1, PATIENCE)
        with socket.socket(socket.AF_UNIX) as client, client.makefile("rb") as answers:
            client.settimeout(PATIENCE)
            client.connect(near)
            begun = time.monotonic()
            threading.Thread(target=client.sendall, args=(call,)).start()
            said = answers.read(len(call))
            took = time.monotonic() - begun
    assert said == call
    assert took >= SECONDS
