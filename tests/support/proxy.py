"""A proxy before PostgreSQL that cuts a connection at a message of its protocol."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

SOCKET = ".s.PGSQL.5432"
HEADER = 5  # the type of a message and its length
ANSWERED = (b"Q", b"S", b"c")  # a query, the end of an extended one, the end of a COPY


class Proxy:
    """Passes on what clients and the server say; `url` leads through it.

    After `cut(number)` the next connection ends at the client's message of this number, counted
    from 1 after the start-up: without that message, or, with `answered`, after the server has begun
    to answer it and before the client hears of it.
    """

    def __init__(self, url: str, folder: str) -> None:
        self._server = f"{parse_qs(urlsplit(url).query)['host'][0]}/{SOCKET}"
        self.url = urlsplit(url)._replace(query=f"host={quote(folder, '')}").geturl()
        self._cut: tuple[int, bool] | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(Path(folder) / SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, number: int, *, answered: bool) -> None:
        """Cut the next connection; see above."""
        self._cut = (number, answered)

    def close(self) -> None:
        """Accept no more."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                cut, self._cut = self._cut, None
                threading.Thread(target=_serve, args=(client, server, cut), daemon=True).start()


def _serve(client: socket.socket, server: socket.socket, cut: tuple[int, bool] | None) -> None:
    silent = threading.Event()
    back = threading.Thread(target=_pass_back, args=(server, client, silent), daemon=True)
    with client, server, suppress(OSError):
        back.start()
        for number, message in enumerate(_messages(client)):
            if cut and cut[0] == number:
                if cut[1] and message[:1] in ANSWERED:
                    silent.set()  # before the answer can come
                    server.sendall(message)
                    back.join(10)
                break
            server.sendall(message)
        for end in (client, server):
            end.shutdown(socket.SHUT_RDWR)


def _messages(client: socket.socket) -> Iterator[bytes]:
    """The start-up, which has no type, and then message by message."""
    with client.makefile("rb") as stream:
        size = stream.read(4)
        yield size + stream.read(int.from_bytes(size, "big") - 4)
        while len(header := stream.read(HEADER)) == HEADER:
            yield header + stream.read(int.from_bytes(header[1:], "big") - 4)


def _pass_back(server: socket.socket, client: socket.socket, silent: threading.Event) -> None:
    """Pass on what the server says, up to the answer that nobody is to hear."""
    with suppress(OSError):
        while (said := server.recv(1 << 16)) and not silent.is_set():
            client.sendall(said)


@contextmanager
def proxy(url: str) -> Iterator[Proxy]:
    """A proxy before the server of a URL."""
    with tempfile.TemporaryDirectory(prefix="aci-jobs-proxy-") as folder:
        opened = Proxy(url, folder)
        try:
            yield opened
        finally:
            opened.close()
