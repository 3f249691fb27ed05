"""A worker that says how much of its processor time is telemetry; for `benchmarks.telemetry`.

The worker as its image starts it, but for a watch around each call of its telemetry. The threads
that send are telemetry as a whole. At the units that `READINGS` names, by their count, it prints
both sums: what telemetry took so far, and what all of the worker did, its makers included.
"""

import json
import os
import sys
import threading
import time

import psutil

from worker_image import __main__ as worker
from worker_image import telemetry
from worker_image.heartbeats import Tally

READINGS = {int(count) for count in os.environ["READINGS"].split(",")}
SENDERS = "Otel"  # how the names of OpenTelemetry's threads begin


class Watched(telemetry.Telemetry):
    """Telemetry with a watch on it; each unit ends with `ended`."""

    def __init__(self, watched: telemetry.Telemetry) -> None:
        self._watched = watched
        self._lock = threading.Lock()
        self._seconds = 0.0
        self._units = 0

    def watch(self, tally: Tally) -> None:
        """As ever; read by the threads that send."""
        self._watched.watch(tally)

    def ended(self, ended: telemetry.Ended) -> None:
        """As ever, and a reading if it is time for one."""
        begun = time.thread_time()
        self._watched.ended(ended)
        took = time.thread_time() - begun
        with self._lock:
            self._seconds += took
            self._units += 1
            if self._units in READINGS:
                print(json.dumps({"reading": (self._seconds + _senders(), _all())}), flush=True)


def _all() -> float:
    own = psutil.Process()
    times = [process.cpu_times() for process in (own, *own.children())]
    return float(sum(time.user + time.system for time in times))


def _senders() -> float:
    ids = {one.native_id for one in threading.enumerate() if one.name.startswith(SENDERS)}
    found = psutil.Process().threads()
    return float(sum(one.user_time + one.system_time for one in found if one.id in ids))


if __name__ == "__main__":
    opened = telemetry.open_telemetry
    vars(worker)["open_telemetry"] = lambda *values: Watched(opened(*values))
    sys.exit(worker.main(os.environ))
