"""In the workers of an episode, which Python reads as it starts: sleeps as they are without it.

libfaketime fails a sleep that is measured by the monotonic clock where it is told to leave that
clock alone, as a real change of the time does.
"""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex) -> None:
    select.select([], [], [], float(seconds))


time.sleep = _sleep
