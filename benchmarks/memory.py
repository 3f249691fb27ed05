"""The most memory that a process has held."""

import re
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """The most memory that this process has held since its program began, in MB."""
    if _STATUS.exists():  # on Linux `ru_maxrss` begins with what the parent held
        [kilobytes] = re.findall(r"VmHWM:\s*(\d+) kB", _STATUS.read_text())
        return int(kilobytes) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    in_kilobytes = sys.platform != "darwin"  # macOS counts bytes
    return peak * (1024 if in_kilobytes else 1) / 1e6
