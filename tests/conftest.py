"""The real services that tests stand on: one of each a session, stopped at its end."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from support.services import start_or_skip

from local_host.services.azurite import Azurite
from local_host.services.postgresql import Postgresql
from local_host.services.toolchain import Toolchain

# The same examples everywhere, and no clock: `make fuzz` is what looks for new ones.
settings.load_profile("ci")


@pytest.fixture(scope="session")
def services_folder() -> Iterator[Path]:
    # Not pytest's own folder: it makes that private again while another session's server uses it.
    folder = Path(tempfile.mkdtemp(prefix="aci-jobs-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def azurite(services_folder: Path) -> Iterator[str]:
    """The connection string of an Azurite that all tests of the session share."""
    service = Azurite(services_folder / "azurite", Toolchain.from_environment())
    start_or_skip(service.start)
    yield service.connection_string
    service.stop()


@pytest.fixture(scope="session")
def postgresql_server(services_folder: Path) -> Iterator[Postgresql]:
    """A PostgreSQL server that all tests of the session share."""
    server = Postgresql.from_environment(services_folder / "postgresql", durable=False)
    start_or_skip(server.start)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgresql(postgresql_server: Postgresql) -> str:
    """Its URL."""
    return postgresql_server.url


_SCHEMAS = "select nspname from pg_namespace where nspname !~ '^(pg_|information_schema$)'"
_OTHERS = "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s"


@pytest.fixture(scope="session")
def _database(postgresql: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgresql, autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    yield urlsplit(postgresql)._replace(path=f"/{name}").geturl()
    with psycopg.connect(postgresql, autocommit=True) as server:
        server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def database(_database: str, postgresql: str) -> Iterator[str]:
    """The URL of an empty database; what the test has made in it goes with its connections.

    It is the same for all tests of the session, as to make one takes half a second.
    """
    yield _database
    with psycopg.connect(postgresql, autocommit=True) as server:
        server.execute(_OTHERS, [urlsplit(_database).path[1:]])
    with psycopg.connect(_database, autocommit=True) as emptied:
        for (schema,) in emptied.execute(_SCHEMAS).fetchall():
            emptied.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
        emptied.execute("create schema public")
