import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from local_host.services.postgresql import (
    URL_VARIABLE,
    LocalPostgresql,
    LoopbackPostgresql,
    Postgresql,
)

STARTER = """
import sys
from pathlib import Path
from local_host.services.postgresql import LocalPostgresql
server = LocalPostgresql(Path(sys.argv[1]))
server.start()
print(server.url)
"""


def test_a_test_gets_a_database_of_its_own(database: str, postgresql: str) -> None:
    with psycopg.connect(database) as connection:
        names = connection.execute("select count(*) from pg_tables where schemaname = 'public'")
        assert names.fetchone() == (0,)
        assert connection.info.dbname.startswith("test_")
    assert database != postgresql


def test_a_server_outlives_its_starter_in_a_deep_folder(services_folder: Path) -> None:
    folder = services_folder / ("deep" * 20) / "with space"
    starter = [sys.executable, "-c", STARTER, str(folder)]
    url = subprocess.run(starter, check=True, capture_output=True, text=True).stdout.strip()
    server = LocalPostgresql(folder)
    try:
        assert server.url == url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table kept (id int)")
            settings = connection.execute("select current_setting('fsync'), inet_server_addr()")
            assert settings.fetchone() == ("on", None)
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("select count(*) from kept").fetchone() == (0,)
    finally:
        server.stop()
    assert not Path(str(conninfo_to_dict(url)["host"])).exists()


def test_a_server_on_loopback_asks_for_its_password(services_folder: Path) -> None:
    folder = services_folder / "loopback"
    server = LoopbackPostgresql(folder)
    try:
        server.start()
        psycopg.connect(server.url).close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url, password="a guess")
        assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
        assert LoopbackPostgresql(folder).url == server.url
    finally:
        server.stop()


def test_a_server_by_url_is_left_alone(postgresql: str, tmp_path: Path) -> None:
    server = Postgresql.from_environment(tmp_path, environment={URL_VARIABLE: postgresql})
    server.start()
    server.stop()
    assert server.url == postgresql
    assert list(tmp_path.iterdir()) == []
    psycopg.connect(postgresql).close()


def test_a_server_by_url_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    url = f"postgresql:///postgres?host={tmp_path}"
    with pytest.raises(psycopg.OperationalError):
        Postgresql.from_environment(tmp_path, environment={URL_VARIABLE: url}).start()
