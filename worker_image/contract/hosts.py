"""Which hosts a sink over HTTP may reach: the operator lists them, a request names one of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import urlsplit

SETTING = "ACI_JOBS_HTTP_HOSTS"

_PORTS = {"https": 443, "http": 80}
_LABEL = "[a-z0-9_-]{1,63}"
_ADDRESS = re.compile(
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]{{2,45}}\])(?::(?P<port>[0-9]{{1,5}}))?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Address:
    """A host in lower case, and a port if one is named."""

    host: str
    port: int | None

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @classmethod
    def read(cls, text: str) -> "Address":
        """From `host` or `host:port`, an IPv6 address in brackets.

        Raises:
            ValueError: it is neither.
        """
        match = _ADDRESS.fullmatch(text)
        if not match or not 0 < int(match["port"] or 1) < 65_536:
            # No value here: it may be of a URL, with a password in it.
            raise ValueError("host or host:port is needed, in ASCII (xn--…), IPv6 in brackets")
        host = match["host"].lower()
        if host.startswith("["):
            host = f"[{IPv6Address(host[1:-1])}]"
        return cls(host, int(match["port"]) if match["port"] else None)


def listed(text: str) -> tuple[str, ...]:
    """The entries of a list that commas separate, each fit for `fault`.

    Raises:
        ValueError: one is not `host` or `host:port`.
    """
    entries = tuple(filter(None, map(str.strip, text.split(","))))
    for entry in entries:
        try:
            Address.read(entry)
        except ValueError as error:
            raise ValueError(f"{entry!r}: {error}") from error
    return entries


def fault(url: str, allowed: Iterable[str]) -> str:
    """Why a URL must not be called, without the URL itself; empty if it may be.

    An entry `host` allows https on port 443. An entry `host:port` allows that port, in the clear
    too: who lists it has decided so. No entry, no host.
    """
    try:
        scheme, called = _called(url)
        if any(_allows(Address.read(entry), scheme, called) for entry in allowed):
            return ""
    except ValueError as error:
        return str(error)
    return (
        f"{scheme} to {called} is not allowed: {SETTING} lists the hosts that are, as host for"
        " https on port 443 or as host:port"
    )


def address(url: str) -> Address:
    """Whom a URL calls, with the port.

    Raises:
        ValueError: nobody, or it is written so that readers of URLs may differ on whom.
    """
    return _called(url)[1]


def _called(url: str) -> tuple[str, Address]:
    # White space and backslashes end a host for some readers of URLs and not for others.
    if not url.isascii() or not url.isprintable() or {" ", "\\"} & set(url):
        raise ValueError("a URL in printable ASCII without spaces and backslashes is needed")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError("a URL that begins with https:// or http:// is needed")
    if "@" in parts.netloc:
        raise ValueError("a URL without a user name is needed")
    called = Address.read(parts.netloc)
    return parts.scheme, Address(called.host, called.port or _PORTS[parts.scheme])


def _allows(entry: Address, scheme: str, called: Address) -> bool:
    if entry.port is None:
        return scheme == "https" and called == Address(entry.host, _PORTS["https"])
    return called == entry
