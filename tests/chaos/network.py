"""TCP proxies on loopback, one for each service, that pass on, slow down, or lose what is said."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from local_host.services.ports import HOST, free_ports

PIECE = 1 << 16
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: no time, so a close is a reset
_PATIENCE = 10.0


class Weather(StrEnum):
    """What becomes of connections and of what is said over them."""

    FAIR = "fair"
    DELAY = "delay"  # every piece arrives late
    CUT = "cut"  # connections end, new ones are refused
    RESET = "reset"  # connections are reset, new ones too
    HALF_OPEN = "half-open"  # connections stay, and nothing arrives
    DEAF = "deaf"  # the service hears its clients, and they do not hear it
    BLACK_HOLE = "black hole"  # half-open, and connections that lost something never recover


@dataclass
class Link:
    """One service as its clients reach it: at `port`."""

    name: str
    service: int
    port: int
    weather: Weather = Weather.FAIR
    seconds: float = 0.0
    listener: asyncio.Server | None = None
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    lossy: set[asyncio.StreamWriter] = field(default_factory=set)

    def loses(self, *, answer: bool) -> bool:
        """Whether a piece is lost now."""
        if self.weather is Weather.DEAF:
            return answer
        return self.weather in (Weather.HALF_OPEN, Weather.BLACK_HOLE)


class Network:
    """The links by name; a thread of its own serves them until `close`."""

    def __init__(self, services: Mapping[str, int]) -> None:
        ports = free_ports(len(services))
        self.links = {
            name: Link(name, port, own)
            for (name, port), own in zip(services.items(), ports, strict=True)
        }
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        for link in self.links.values():
            self._await(_listen(link))

    def turn(self, name: str, weather: Weather, seconds: float = 0.0) -> None:
        """Change the weather on a link. Back in the fair, what has lost something is reset."""
        self._await(_turn(self.links[name], weather, seconds))

    def close(self) -> None:
        """End all connections and the thread. Idempotent."""
        if not self._loop.is_closed():
            for link in self.links.values():
                self._await(_turn(link, Weather.CUT, 0.0))
            self._await(_settled())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_PATIENCE)
            self._loop.close()

    def _await(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)


async def _listen(link: Link) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve(link, reader, writer)

    link.listener = await asyncio.start_server(serve, HOST, link.port, limit=PIECE)


async def _turn(link: Link, weather: Weather, seconds: float) -> None:
    before, link.weather, link.seconds = link.weather, weather, seconds
    if weather is Weather.CUT and link.listener:
        link.listener.close()
        link.listener = None
    elif weather is not Weather.CUT and link.listener is None:
        await _listen(link)
    if weather in (Weather.CUT, Weather.RESET):
        for writer in list(link.open):
            _end(writer, reset=weather is Weather.RESET)
    if weather is Weather.FAIR and before is not Weather.BLACK_HOLE:
        for writer in list(link.lossy):
            _end(writer, reset=True)


async def _settled() -> None:
    """Every connection's own end has been served."""
    own = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not own]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _serve(link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if link.weather is Weather.RESET:
        _end(writer, reset=True)
        return
    link.open.add(writer)
    there = None
    try:
        answers, there = await asyncio.open_connection(HOST, link.service, limit=PIECE)
        link.open.add(there)
        ways = (
            _pass(link, reader, there, answer=False),
            _pass(link, answers, writer, answer=True),
        )
        tasks = [asyncio.create_task(way) for way in ways]
        _, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    except OSError:
        pass  # the service is away: its clients are told so by the end of their connection
    finally:
        reset = not link.lossy.isdisjoint({writer, there})
        for end in filter(None, (writer, there)):
            _end(end, reset=reset)
            link.open.discard(end)
            link.lossy.discard(end)


async def _pass(
    link: Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answer: bool
) -> None:
    """Pass on one way of a connection to its end."""
    while piece := await source.read(PIECE):
        if link.weather is Weather.DELAY:
            await asyncio.sleep(link.seconds)
        if link.loses(answer=answer) or sink in link.lossy:
            link.lossy.add(sink)
            continue
        sink.write(piece)
        await sink.drain()


def _end(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    connection = writer.get_extra_info("socket")
    with suppress(OSError):
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
        else:
            writer.close()
