"""``python -m local_host.container_instances --state DIR``: the stand-in, on this machine only.

SIGTERM or SIGINT switches the machine off: every container is stopped. A kill leaves the
containers running, and the next start on the same folder adopts them.
"""

import asyncio
import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from aiohttp import web

from local_host.container_instances.engines import EngineError, open_engine
from local_host.container_instances.machine import Machine
from local_host.container_instances.options import Images, Options
from local_host.container_instances.processes import held_lock
from local_host.container_instances.server import Api
from local_host.container_instances.shim import write_private
from local_host.container_instances.store import Store


def main(
    state: Annotated[Path, typer.Option(help="The folder that keeps everything.")],
    port: Annotated[int, typer.Option(help="0: a free one; endpoint.json tells which.")] = 0,
    images: Annotated[Path | None, typer.Option(help="What stands for each image.")] = None,
    provisioning_seconds: Annotated[float, typer.Option(help="Of each group.")] = 2,
    option: Annotated[list[str] | None, typer.Option(help="Any other, as NAME=VALUE.")] = None,
) -> None:
    """Stand in for Azure Container Instances with processes of this machine."""
    os.umask(0o077)
    given: dict[str, Any] = dict(item.split("=", 1) for item in option or ())
    options = Options.model_validate({"provisioning_seconds": provisioning_seconds, **given})
    state = state.absolute()
    store = Store(state)
    known = Images.model_validate_json(images.read_bytes()) if images else Images()
    with held_lock(state) as lock:
        if lock is None:
            raise typer.BadParameter(f"another stand-in works on {state}", param_hint="--state")
        try:
            engine = open_engine(options.engine, known, options.storage, state)
        except EngineError as error:
            raise typer.BadParameter(str(error), param_hint="--option engine") from None
        asyncio.run(_serve(Machine(store, engine, options), state / "endpoint.json", port))
        engine.close()


async def _serve(machine: Machine, endpoint: Path, port: int) -> None:
    stopped, tick = asyncio.Event(), machine.options.tick_seconds
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    machine.tick(time.time())
    application = Api(machine, time.time).application()
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    write_private(endpoint, json.dumps({"url": url, "pid": os.getpid()}))
    while not stopped.is_set():
        machine.tick(time.time())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), tick)
    await runner.cleanup()
    while not machine.shut_down(time.time()):
        await asyncio.sleep(tick)


if __name__ == "__main__":
    typer.run(main)
