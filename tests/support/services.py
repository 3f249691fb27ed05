"""Missing services: a skip for who works on something else, a failure where all is checked."""

import os
import time
from collections.abc import Callable

import psycopg
import pytest

from local_host.services.process import ServiceError
from local_host.services.toolchain import ToolchainError


def start_or_skip(start: Callable[[], None]) -> None:
    """Start a service; if it is not to be had, skip the test, or fail it where CI is set."""
    try:
        start()
    except (ServiceError, ToolchainError, psycopg.OperationalError) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"a service is missing: {error}")


def eventually(reached: Callable[[], bool], seconds: float = 30) -> None:
    """Return when a state is reached; fail if it is not in time."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not reached within {seconds:g} s"
        time.sleep(0.01)
