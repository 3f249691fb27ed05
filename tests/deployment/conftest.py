"""The queries of `infra/monitoring`, as Microsoft's language service understands them."""

from collections.abc import Callable, Mapping

import pytest
from support import kusto
from support.monitoring import QUERIES, filled_in
from support.services import start_or_skip
from support.workspace import FILLED

from local_host.services.toolchain import Toolchain

Analyse = Callable[[Mapping[str, str]], dict[str, kusto.Analysis]]


@pytest.fixture(scope="session")
def analyse() -> Analyse:
    """What the service makes of queries, by their names."""
    toolchain = Toolchain.from_environment()
    start_or_skip(lambda: kusto.install(toolchain))
    return lambda queries: kusto.analyse(toolchain, FILLED, queries)


@pytest.fixture(scope="session")
def analyses(analyse: Analyse) -> dict[str, kusto.Analysis]:
    """All queries of the workbook and of the alerts."""
    return analyse({name: filled_in(query) for name, query in QUERIES.items()})
