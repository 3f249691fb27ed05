"""Connections over TCP: proved by default, refused with a reason, lost and found again."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import certifi
import psycopg
import pytest
from support.ingester import document, sink_of, streamed
from support.services import start_or_skip
from support.tables import table
from support.tcp_postgresql import PASSWORD, TcpPostgresql
from support.tls import certificate, tls_listener

from worker_image.errors import PermanentError, TargetBusyError
from worker_image.ingester import Loaded, Surroundings
from worker_image.ingester.postgresql.connecting import connect, parameters
from worker_image.ingester.postgresql.sink import open_sink
from worker_image.ingester.reading.rows import Rows
from worker_image.ingester.sink import Batch
from worker_image.tables import Column, ColumnType, Table

THINGS = (Table("thing", (Column("id", ColumnType.INTEGER, key=True),)),)


@pytest.fixture(scope="module")
def server(services_folder: Path) -> Iterator[TcpPostgresql]:
    server = TcpPostgresql(services_folder / "tcp")
    start_or_skip(server.start)
    yield server
    server.stop()


def told(url: str, kind: type[Exception]) -> str:
    with sink_of(url) as sink, pytest.raises(kind) as caught:
        sink.prepare(())
    message = str(caught.value)
    assert PASSWORD not in message
    return message


def test_a_password_over_loopback(server: TcpPostgresql) -> None:
    with sink_of(server.url_of()) as sink:
        sink.prepare(())
        assert sink.load(document()) == Loaded({})


def test_each_end_finds_out_that_the_other_has_vanished(server: TcpPostgresql) -> None:
    with (
        connect(server.url_of()) as connection,
        socket.socket(fileno=os.dup(connection.fileno())) as own,
    ):
        options = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
        found = [own.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in options]
        assert found == [30, 10, 3, 180_000]
        assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        settings = ("keepalives_idle", "keepalives_interval", "keepalives_count", "user_timeout")
        query = "select " + ", ".join(f"current_setting('tcp_{name}')" for name in settings)
        assert connection.execute(query.encode()).fetchone() == ("30", "10", "3", "180000")


@table(
    "members, reason",
    {
        "a wrong password": ({"password": "wrong"}, "password authentication failed"),
        "no password": ({"password": ""}, "no password supplied"),
        "an unknown role": ({"user": "nobody"}, "password authentication failed"),
        "an unknown database": ({"dbname": "nowhere"}, 'database "nowhere" does not exist'),
        "no TLS where it is not waived": ({"sslmode": "verify-full"}, "does not support SSL"),
        "no TLS, and it need not be proved": ({"sslmode": "require"}, "does not support SSL"),
    },
)
def test_what_the_server_refuses_for_good(
    server: TcpPostgresql, members: dict[str, str], reason: str
) -> None:
    assert reason in told(server.url_of(**members), PermanentError)


def test_a_server_without_tls_is_refused_by_default(server: TcpPostgresql) -> None:
    url = f"postgresql://loader:x@127.0.0.1:{server.port}/postgres"
    assert "does not support SSL" in told(url, PermanentError)


def test_a_server_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    own = certificate(tmp_path, "localhost")
    with tls_listener(own) as port:
        url = f"postgresql://loader:x@localhost:{port}/postgres"
        assert "certificate verify failed" in told(url, PermanentError)
        # Its own authority vouches for it, and then it hangs up; but not for any other host.
        told(f"{url}?sslrootcert={own}", TargetBusyError)
        other = url.replace("localhost", "127.0.0.1")
        assert "does not match host name" in told(f"{other}?sslrootcert={own}", PermanentError)


@table(
    "url, expected",
    {
        "nothing said": ("postgresql://h/d", ("verify-full", certifi.where())),
        "no TLS": ("postgresql://h/d?sslmode=disable", ("disable", None)),
        "unproved TLS": ("postgresql://h/d?sslmode=require", ("require", None)),
        "an authority": ("postgresql://h/d?sslrootcert=/a.pem", ("verify-full", "/a.pem")),
        "any host": ("host=h sslmode=verify-ca", ("verify-ca", certifi.where())),
    },
)
def test_how_the_server_is_proved(url: str, expected: tuple[str, str | None]) -> None:
    settings = parameters(url)
    assert (settings["sslmode"], settings.get("sslrootcert")) == expected


@table(
    "url, reason",
    {
        "a broken escape": ("postgresql://u:%zzword@h/d", 'invalid percent-encoded token: "***"'),
        "an open at sign": ("postgresql://u:a@secret@h/d", "an @ in its password has to be %40"),
        "no URL": ("secret", 'missing "***" after "***" in connection info string'),
    },
)
def test_a_url_that_is_none_is_told_without_it(url: str, reason: str) -> None:
    assert told(url, PermanentError) == f"ACI_JOBS_POSTGRESQL_URL: {reason}"


def test_a_url_is_asked_for_anew_for_each_connection(server: TcpPostgresql) -> None:
    urls = iter([server.url_of(), server.url_of(password="expired"), server.url_of()])
    with open_sink({"schema": "asked"}, Surroundings(lambda: next(urls))) as sink:
        sink.prepare(())
        sink.close()
        with pytest.raises(PermanentError, match="password authentication failed"):
            sink.load(document())
        assert sink.load(document()) == Loaded({})


def test_too_many_connections_are_of_the_moment(server: TcpPostgresql) -> None:
    with psycopg.connect(server.url, autocommit=True) as owner:
        owner.execute("alter role loader connection limit 0")
        assert "too many connections" in told(server.url_of(), TargetBusyError)
        owner.execute("alter role loader connection limit -1")


def test_a_server_that_restarts_in_a_load_leaves_nothing_of_it(server: TcpPostgresql) -> None:
    def interrupted() -> Iterator[Batch]:
        yield Rows("thing", [{"id": 1}])
        server.stop()
        yield Rows("thing", [{"id": number} for number in range(2, 100_000)])

    name = "things.ndjson"
    whole = document(*({"type": "thing", "id": number} for number in range(3)), name=name)
    with sink_of(server.url_of()) as sink:
        sink.prepare(THINGS)
        with pytest.raises(TargetBusyError):
            sink.load(streamed(interrupted, name=name))
        assert "refused" in told(server.url_of(), TargetBusyError)
        server.start()
        assert sink.load(whole) == Loaded({"thing": 3})
        # Between two loads: the connection is lost, and the next try opens another.
        server.stop()
        server.start()
        with pytest.raises(TargetBusyError):
            sink.load(whole)
        assert sink.load(whole) == Loaded({"thing": 3}, repeated=True)
