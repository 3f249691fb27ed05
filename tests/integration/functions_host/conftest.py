"""One host for the tests that leave it running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from support.functions_host import APPS, FunctionsHost, functions_host


@pytest.fixture(scope="session")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which the functions of the shared host leave their marks."""
    file = tmp_path_factory.mktemp("functions") / "trace.txt"
    file.touch()
    return file


@pytest.fixture(scope="session")
def host(trace: Path) -> Iterator[FunctionsHost]:
    """A host that the tests share: each uses instance ids of its own."""
    environment = {"TRACE_FILE": str(trace), "GREETING": "hello"}
    with functions_host(APPS / "durable_sample", trace.parent / "state", environment) as running:
        yield running


@pytest.fixture
def api(host: FunctionsHost) -> Iterator[httpx.Client]:
    """A client of the shared host that has the function key."""
    with host.client() as client:
        yield client
