"""What lives of the programs that the units of a run were handed to."""

from contextlib import suppress

import psutil


def programs(run: str) -> list[psutil.Process]:
    """The programs, what they have started, and the guards beside them."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            variables = process.environ()
            if variables.get("ACI_JOBS_RUN") == run and "ACI_JOBS_UNIT" in variables:
                found.append(process)
    return found
