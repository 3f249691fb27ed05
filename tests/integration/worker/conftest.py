from collections.abc import Iterator

import pytest
from support.worker import Bench


@pytest.fixture
def bench(azurite: str) -> Iterator[Bench]:
    """The storage of a new run."""
    bench = Bench.on(azurite)
    yield bench
    bench.close()
