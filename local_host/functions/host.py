"""The process: everything composed, served on the loopback address until a signal."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import signal
import socket
from collections.abc import Coroutine, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from aiohttp import web

from local_host.functions.app_index import TIMER, App
from local_host.functions.durable.client_binding import client_binding
from local_host.functions.durable.engine import Engine
from local_host.functions.durable.store import Store
from local_host.functions.durable.webhooks import add_webhooks
from local_host.functions.http_triggers import add_http_triggers
from local_host.functions.invocation import Invoker
from local_host.functions.keys import Keys, load_keys
from local_host.functions.timers import Timer

log = logging.getLogger(__name__)

_GRACE = 5.0
_LARGEST_BODY = 100 * 1024 * 1024


class InUseError(Exception):
    """Another process has the state folder or the port."""


class Background:
    """Tasks that run beside the requests; keeping them here keeps them alive."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it until it ends or `close`."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Cancel what still runs."""
        for task in self._tasks:
            task.cancel()


async def serve(app: App, state: Path, port: int) -> None:
    """Host the app until SIGTERM or SIGINT; port 0 takes a free one.

    Prints the address when requests are answered. Raises AppError and InUseError.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (
        _hold(state),
        _listen(port) as listener,
        closing(Store(state / "durable.sqlite3")) as store,
        closing(Background()) as background,
    ):
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        keys = load_keys(state / "keys.json")
        binding = client_binding(origin, app.settings.hub_name, keys.system)
        with closing(Invoker(app, binding)) as invoker:
            engine = Engine(store, app, invoker)
            timers = {name: Timer(f, invoker, store) for name, f in app.of_kind(TIMER).items()}
            web_app = web.Application(client_max_size=_LARGEST_BODY)
            add_admin(web_app, timers, keys, background)
            add_webhooks(web_app, engine, keys, app.settings.hub_name)
            add_http_triggers(web_app, app, invoker, keys)
            runner = web.AppRunner(web_app, access_log=None, shutdown_timeout=_GRACE)
            await runner.setup()
            await web.SockSite(runner, listener).start()
            engine.start()
            for timer in timers.values():
                background.start(timer.follow())
            signalled = _signalled()
            print(f"Functions host (for development only) is ready at {origin}", flush=True)
            await signalled.wait()
            log.info("stopping")
            await asyncio.gather(runner.cleanup(), engine.stop(_GRACE))


def add_admin(
    web_app: web.Application, timers: Mapping[str, Timer], keys: Keys, background: Background
) -> None:
    """Say that the host runs, and run timers at once for who has the master key."""

    async def status(_: web.Request) -> web.StreamResponse:
        return web.json_response({"id": "local", "state": "Running"})

    async def run_now(request: web.Request) -> web.StreamResponse:
        timer = timers.get(request.match_info["name"])
        if timer is None:
            return web.Response(status=404)
        background.start(timer.run(past_due=False))
        return web.Response(status=202)

    web_app.router.add_get("/admin/host/status", status)
    web_app.router.add_post("/admin/functions/{name}", keys.guard("admin", run_now))


def _hold(state: Path) -> IO[str]:
    """Keep the state folder for this process; the system lets go of it even after a kill."""
    lock = (state / "host.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise InUseError(f"another host uses {state}") from error
    return lock


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise InUseError(f"cannot listen on port {port}: {error}") from error


def _signalled() -> asyncio.Event:
    received = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, received.set)
    return received
