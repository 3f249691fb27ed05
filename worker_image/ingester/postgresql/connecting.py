"""Connections to the database, encrypted and to the right server unless the URL says otherwise."""

import re
from typing import Any

import certifi
import psycopg
from psycopg.conninfo import conninfo_to_dict

from ...errors import PermanentError

# A host that vanishes says no word: each end looks for the other after half a minute of silence,
# and gives it up a minute after its last sign. What is sent is waited for longer, as a server that
# waits for a lock takes nothing meanwhile.
_SILENCE, _AGAIN, _TIMES, _UNREAD_MS = 30, 10, 3, 180_000
_DEFAULTS = {
    "application_name": "aci-jobs",
    "connect_timeout": "10",
    "sslmode": "verify-full",
    "keepalives_idle": str(_SILENCE),
    "keepalives_interval": str(_AGAIN),
    "keepalives_count": str(_TIMES),
    "tcp_user_timeout": str(_UNREAD_MS),
}
# A transaction of a worker whose host has vanished would keep its locks for hours.
_SESSION = (
    f"set time zone 'UTC'; set tcp_keepalives_idle = {_SILENCE};"
    f" set tcp_keepalives_interval = {_AGAIN}; set tcp_keepalives_count = {_TIMES};"
    f" set tcp_user_timeout = {_UNREAD_MS}"
)
# Prepared statements would break behind a pooler that hands connections on.
_SETTINGS: dict[str, Any] = {
    "client_encoding": "utf8",
    "autocommit": True,
    "prepare_threshold": None,
}
_QUOTED = re.compile(r'"[^"]*"')


def connect(url: str) -> psycopg.Connection:
    """A new connection in autocommit and UTC, which either end finds out of within minutes that
    the other is gone.

    Over TCP the server has to prove that it is the host of the URL, to the public authorities or
    to the URL's own `sslrootcert`; `sslmode=disable` in the URL is for servers without TLS.

    Raises:
        PermanentError: this is no connection string.
        psycopg.Error: the server is away, or refuses.
    """
    connection = psycopg.connect(**parameters(url), **_SETTINGS)
    connection.execute(_SESSION)
    return connection


def parameters(url: str) -> dict[str, Any]:
    """What libpq is told: the URL, and our defaults for what it leaves open.

    Raises:
        PermanentError: this is no connection string.
    """
    settings = _DEFAULTS | parse(url)
    if settings["sslmode"].startswith("verify"):
        settings.setdefault("sslrootcert", certifi.where())
    return settings


def parse(url: str) -> dict[str, Any]:
    """What a connection string says.

    Raises:
        PermanentError: it is none; nothing of it is told.
    """
    try:
        given: dict[str, Any] = conninfo_to_dict(url)
    except psycopg.Error as error:
        reason = _QUOTED.sub('"***"', str(error)).strip()
        raise PermanentError(f"ACI_JOBS_POSTGRESQL_URL: {reason}") from None
    if "@" in str(given.get("host", ""))[1:]:
        raise PermanentError("ACI_JOBS_POSTGRESQL_URL: an @ in its password has to be %40")
    return given
