"""One more instance of the app beside the host: a process that looks at the schedules when told.

The Durable SDK keeps one HTTP session a process, so several instances are several processes.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO

from azure.durable_functions import DurableOrchestrationClient

from local_host.functions.durable.client_binding import client_binding
from local_host.system import CHECKOUT, LocalApp
from orchestration.orchestrations import Orchestrations
from orchestration.scheduling import start_due
from orchestration.services import Services
from orchestration.settings import Settings
from support.composed import services_of

AT_ONCE = 3


class Instance:
    """The process as a test sees it; stopped by `close`."""

    def __init__(self, app: LocalApp) -> None:
        paths = os.pathsep.join([str(CHECKOUT), str(Path(__file__).parents[1])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.instances"],
            env={**os.environ, **app.settings(), "PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(binding(app))

    def begin(self, now: datetime) -> None:
        """Ask for some looks at once, at a time that is told."""
        self._say(now.isoformat())

    def end(self) -> None:
        """Wait until they are over."""
        assert self._stream(self._process.stdout).readline() == "done\n"

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _say(self, line: str) -> None:
        stream = self._stream(self._process.stdin)
        stream.write(f"{line}\n")
        stream.flush()

    def _stream(self, stream: IO[str] | None) -> IO[str]:
        assert stream
        return stream


def binding(app: LocalApp) -> str:
    """Where a Durable client finds the host."""
    keys = json.loads((app.folder / "functions" / "keys.json").read_text())
    hub = json.loads((CHECKOUT / "host.json").read_text())["extensions"]["durableTask"]
    return client_binding(app.url, hub["hubName"], keys["system"])


def services(variables: Mapping[str, str]) -> Services:
    """The services of an instance with these settings."""
    prefix = "ACI_JOBS_"
    members = {
        name.removeprefix(prefix).lower(): value
        for name, value in variables.items()
        if name.startswith(prefix)
    }
    return services_of(Settings.model_validate(members))


async def _look(orchestrations: Orchestrations, now: datetime) -> None:
    looks = (start_due(services(os.environ), orchestrations, now) for _ in range(AT_ONCE))
    await asyncio.gather(*looks)


def main() -> None:
    """Serve the parent at the other end of the standard streams."""
    orchestrations = Orchestrations(DurableOrchestrationClient(sys.stdin.readline()))
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            runner.run(_look(orchestrations, datetime.fromisoformat(line.strip())))
            print("done", flush=True)


if __name__ == "__main__":
    main()
