"""A network between workers and their services: `python -m benchmarks.scaling_latency SECONDS ...`.

Each further argument is `LISTEN=TARGET`, both a port of loopback or the path of a Unix socket. What
a client says is passed on after so many seconds, in its order, and however much else is under way:
every call waits once. What the server says comes back at once.
"""

import asyncio
import sys
from collections.abc import Sequence

HOST = "127.0.0.1"
PIECE = 1 << 18


async def serve(seconds: float, listen: str, target: str) -> asyncio.Server:
    """Pass on what comes at one place to the other."""

    async def accept(client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        server, requests = await _connect(target)
        await asyncio.gather(_later(client, requests, seconds), _at_once(server, answers))

    if listen.isdigit():
        return await asyncio.start_server(accept, HOST, int(listen))
    return await asyncio.start_unix_server(accept, listen)


async def _connect(target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if target.isdigit():
        return await asyncio.open_connection(HOST, int(target))
    return await asyncio.open_unix_connection(target)


async def _at_once(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while said := await source.read(PIECE):
            sink.write(said)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()


async def _later(source: asyncio.StreamReader, sink: asyncio.StreamWriter, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    try:
        while said := await source.read(PIECE):
            loop.call_later(seconds, _write, sink, said)
    except ConnectionError:
        pass
    finally:
        loop.call_later(seconds, sink.close)


def _write(sink: asyncio.StreamWriter, said: bytes) -> None:
    if not sink.is_closing():
        sink.write(said)


async def main(seconds: float, routes: Sequence[str]) -> None:
    """Serve for ever."""
    servers = [await serve(seconds, *route.split("=")) for route in routes]
    print("ready", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), sys.argv[2:]))
