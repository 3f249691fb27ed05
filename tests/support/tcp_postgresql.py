"""A PostgreSQL server on loopback that asks for a password and has no TLS."""

from pathlib import Path

import psycopg
from psycopg import sql

from local_host.services.ports import HOST, free_ports
from local_host.services.postgresql import LocalPostgresql

USER, PASSWORD = "loader", "the/word @ the door"
_ACCESS = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


class TcpPostgresql(LocalPostgresql):
    """Stopped and started as often as a test likes; `url` is that of its superuser's socket."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        super().__init__(folder, durable=False)
        self._socket_url += f"&port={self.port}"
        self.url = self._socket_url

    def start(self) -> None:
        """Return when the server answers. Idempotent."""
        super().start()
        (self._data / "pg_hba.conf").write_text(_ACCESS)
        with psycopg.connect(self.url, autocommit=True) as server:
            server.execute("select pg_reload_conf()")
            if not server.execute("select 1 from pg_roles where rolname = %s", [USER]).fetchone():
                role, word = sql.Identifier(USER), sql.Literal(PASSWORD)
                server.execute(sql.SQL("create role {} login password {}").format(role, word))
                server.execute(sql.SQL("grant create on database postgres to {}").format(role))

    def url_of(self, **others: str) -> str:
        """A connection string over TCP, without TLS unless `others` say so."""
        usual = {"host": HOST, "port": str(self.port), "dbname": "postgres", "sslmode": "disable"}
        usual |= {"user": USER, "password": PASSWORD}
        return psycopg.conninfo.make_conninfo(**(usual | others))

    def _command(self, settings: tuple[str, ...]) -> tuple[str, ...]:
        listening = ("-c", f"listen_addresses={HOST}", "-c", f"port={self.port}")
        return (*super()._command(settings), *listening)
