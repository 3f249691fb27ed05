"""What clients of a link see in every weather."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from local_host.services.ports import HOST

from .network import Network, Weather

pytestmark = pytest.mark.long

SOON = 0.3


class Echo:
    """Answers every piece with itself, and remembers it."""

    def __init__(self) -> None:
        self.heard = b""
        self.came = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while piece := connection.recv(1000):
                self.heard += piece
                self.came.set()
                connection.sendall(piece)


@pytest.fixture
def echo() -> Iterator[Echo]:
    service = Echo()
    yield service
    service.close()


@pytest.fixture
def network(echo: Echo) -> Iterator[Network]:
    opened = Network({"echo": echo.port})
    yield opened
    opened.close()


@pytest.fixture
def client(network: Network) -> Iterator[socket.socket]:
    """A connection that was made in fair weather, and has been answered."""
    with connected(network) as connection:
        assert said(connection, b"hello") == b"hello"
        yield connection


def connected(network: Network) -> socket.socket:
    return socket.create_connection((HOST, network.links["echo"].port), timeout=5)


def said(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    return connection.recv(1000)


def test_what_is_cut_ends_and_is_refused(network: Network, client: socket.socket) -> None:
    network.turn("echo", Weather.CUT)
    assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        connected(network)
    network.turn("echo", Weather.FAIR)
    with connected(network) as again:
        assert said(again, b"again") == b"again"


def test_what_is_reset_says_so(network: Network, client: socket.socket) -> None:
    network.turn("echo", Weather.RESET)
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with pytest.raises(ConnectionResetError), connected(network) as new:
        said(new, b"new")


@pytest.mark.parametrize("weather", [Weather.HALF_OPEN, Weather.DEAF])
def test_what_is_lost_stays_lost_and_its_connection_ends_with_the_weather(
    network: Network, echo: Echo, client: socket.socket, weather: Weather
) -> None:
    network.turn("echo", weather)
    echo.came.clear()
    client.settimeout(SOON)
    with pytest.raises(TimeoutError):
        said(client, b"lost")
    deaf = weather is Weather.DEAF
    assert echo.came.wait(5 * deaf) == deaf, "the service hears it, or does not"
    client.settimeout(5)
    network.turn("echo", Weather.FAIR)
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_what_has_fallen_into_a_black_hole_hears_nothing_any_more(
    network: Network, client: socket.socket
) -> None:
    network.turn("echo", Weather.BLACK_HOLE)
    client.settimeout(SOON)
    for weather in (Weather.BLACK_HOLE, Weather.FAIR):
        network.turn("echo", weather)
        with pytest.raises(TimeoutError):
            said(client, b"lost")
    with connected(network) as new:
        assert said(new, b"new") == b"new"


def test_what_is_late_arrives(network: Network, client: socket.socket) -> None:
    network.turn("echo", Weather.DELAY, SOON)
    client.settimeout(SOON)
    with pytest.raises(TimeoutError):
        said(client, b"late")
    client.settimeout(5)
    assert client.recv(1000) == b"late"
