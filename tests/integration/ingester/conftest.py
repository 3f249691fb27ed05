from collections.abc import Iterator

import pytest
from support.ingester import sink_of

from worker_image.ingester.postgresql.sink import PostgresqlSink


@pytest.fixture
def sink(database: str) -> Iterator[PostgresqlSink]:
    """A sink for an empty database, connected at its first use."""
    with sink_of(database) as sink:
        yield sink
