"""Azurite, the official emulator of Azure Storage, as a service of this machine."""

import http.client
from pathlib import Path

from local_host.services.ports import HOST, kept_ports
from local_host.services.process import Service
from local_host.services.toolchain import NODE, Toolchain

ACCOUNT = "devstoreaccount1"
# The emulator's published key: the same everywhere, nobody's secret.
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
# The joint program cannot leave tables out, so they need a port as well.
_PARTS = ("blob", "queue", "table")
_ANSWER_SECONDS = 2.0
# Without it each call goes through all that is stored: five times the work with 12,000 blobs.
LOOKUPS = Path(__file__).parent / "azurite" / "lookups.cjs"


class Azurite:
    """Blobs and queues on loopback, their data kept in a folder.

    Ports are kept with the data, so a connection string stays good over restarts.
    """

    def __init__(self, folder: Path, toolchain: Toolchain) -> None:
        folder = folder.resolve()
        self._toolchain = toolchain
        self._ports = kept_ports(folder / "ports.json", _PARTS)
        self.service = Service("azurite", self._command(folder), folder, ready=self._answers)

    @property
    def connection_string(self) -> str:
        """What the storage SDKs connect with; known before the start as well."""
        account = f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY}"
        endpoints = ";".join(
            f"{part.title()}Endpoint=http://{HOST}:{port}/{ACCOUNT}"
            for part, port in self._ports.items()
        )
        return f"DefaultEndpointsProtocol=http;{account};{endpoints};"

    def start(self) -> None:
        """Return when blobs and queues answer; installs Azurite if need be. Idempotent."""
        self._toolchain.install()
        self.service.start()

    def stop(self) -> bool:
        """Stop it, data kept; whether it ran. Idempotent."""
        return self.service.stop()

    def _command(self, folder: Path) -> tuple[str, ...]:
        addresses = [
            flag
            for part, port in self._ports.items()
            for flag in (f"--{part}Host", HOST, f"--{part}Port", str(port))
        ]
        # The SDKs speak newer versions of the API than Azurite lists.
        settings = ("--silent", "--disableTelemetry", "--skipApiVersionCheck")
        program = ("--require", str(LOOKUPS), str(self._toolchain.azurite))
        return (str(NODE), *program, *addresses, "--location", str(folder / "data"), *settings)

    def _answers(self) -> bool:
        return all(_is_azurite(self._ports[part]) for part in ("blob", "queue"))


def _is_azurite(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", f"/{ACCOUNT}?comp=list")
        return (connection.getresponse().getheader("Server") or "").startswith("Azurite")
    except http.client.HTTPException:
        return False
    finally:
        connection.close()
