"""Ports of loopback, chosen once and kept."""

import json
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from local_host.services.once import exclusive

HOST = "127.0.0.1"


def kept_ports(file: Path, names: Iterable[str]) -> dict[str, int]:
    """The port of each name: free ones at the first call, the same ones ever after.

    Safe to call from many processes at once. A kept port may be taken by a stranger while its
    service is down; then the service fails to start, and removing the file chooses anew.
    """
    with exclusive(file.with_suffix(".lock")):
        kept: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        missing = [name for name in names if name not in kept]
        if missing:
            kept |= zip(missing, free_ports(len(missing)), strict=True)
            file.write_text(json.dumps(kept))
    return kept


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
