from collections.abc import Iterator

import pytest
from support.ingester import SCHEMA

from worker_image.ingester import PostgresqlSink


@pytest.fixture
def sink(database: str) -> Iterator[PostgresqlSink]:
    """A sink for an empty database, connected at its first use."""
    with PostgresqlSink(database, SCHEMA) as sink:
        yield sink
