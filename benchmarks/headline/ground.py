"""All services of a headline run, in a folder that goes with them."""

from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
from psycopg import sql

from local_host.services.azurite import Azurite
from local_host.services.postgresql import LocalPostgresql
from local_host.services.toolchain import Toolchain
from local_host.system import LocalApp

# The app's own defaults, as in Azure, in place of the hurried ones of the local host; but for the
# time between two looks, as the whole run lasts minutes, and the messages that are outstanding at a
# time, as what a call costs Azurite grows with them.
SETTINGS = {
    "ACI_JOBS_TICK_SECONDS": "3",
    "ACI_JOBS_SEED_WINDOW": "600",
    "ACI_JOBS_SEED_PAGE": "300",
    "ACI_JOBS_WORKER_VISIBILITY_SECONDS": "120",
    "ACI_JOBS_WORKER_HEARTBEAT_SECONDS": "5",
}
_BACKENDS = """
    select pid from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()
"""


class Ground:
    """Azurite, a durable PostgreSQL, the app and its container groups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.azurite = Azurite(folder / "azurite", Toolchain.from_environment())
        self.postgresql = LocalPostgresql(folder / "postgresql")
        self.app = LocalApp(
            folder / "app",
            storage=self.azurite.connection_string,
            postgresql=self.postgresql.url,
            changes=SETTINGS,
        )

    def __enter__(self) -> Self:
        self.azurite.start()
        self.postgresql.start()
        self.app.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.app.stop()
        self.postgresql.stop()
        self.azurite.stop()

    @property
    def programs(self) -> Path:
        """The folder of PostgreSQL's own programs."""
        return self.postgresql.programs

    def backends(self) -> list[psutil.Process]:
        """The processes that serve clients of PostgreSQL."""
        return [psutil.Process(pid) for (pid,) in self.ask(_BACKENDS)]

    def ask(self, query: str, *names: sql.Composable) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with psycopg.connect(self.postgresql.url) as connection:
            return connection.execute(sql.SQL(query).format(*names)).fetchall()

    def execute(self, statement: str, *names: sql.Composable) -> None:
        """Run a statement that has to be alone."""
        with psycopg.connect(self.postgresql.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*names))

    def forget(self, schema: str) -> None:
        """Drop a schema, and leave nothing for the server to do later."""
        self.execute("drop schema if exists {} cascade", sql.Identifier(schema))
        self.execute("checkpoint")
