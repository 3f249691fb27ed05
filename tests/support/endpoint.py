"""An HTTP endpoint on loopback that answers by a script and keeps what it is sent."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """What the endpoint says; a status of 0 breaks the connection without a word."""

    status: int = 204
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Endpoint:
    """Gives the answers of `script` in their order, and from then on what `otherwise` says."""

    def __init__(self, port: int, otherwise: Callable[[Asked], Answer]) -> None:
        self._otherwise = otherwise
        self.host = f"127.0.0.1:{port}"
        self.url = f"http://{self.host}/rows?of=shop"
        self.script: list[Answer] = []
        self.asked: list[Asked] = []

    def next(self, asked: Asked) -> Answer:
        """Keep a request and say what to answer."""
        self.asked.append(asked)
        return self.script.pop(0) if self.script else self._otherwise(asked)


@contextmanager
def endpoint(
    port: int = 0, otherwise: Callable[[Asked], Answer] = lambda _: Answer()
) -> Iterator[Endpoint]:
    """Start one, on a free port if none is named, and stop it at the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = running.next(Asked(self.command, self.path, dict(self.headers), body))
            if not answer.status:
                self.close_connection = True
                return
            content = answer.text.encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content if answer.status != 204 else b"")

        def do_GET(self) -> None:
            self.do_POST()

        def do_PUT(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Nothing to the output of the tests."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        running = Endpoint(server.server_address[1], otherwise)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()
