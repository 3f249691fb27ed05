"""Where telemetry goes."""

import logging
from dataclasses import dataclass, field

from azure.core.credentials import TokenCredential

from .export import Export, Nowhere, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Application Insights, an endpoint of OTLP over HTTP, both, or neither.

    Headers are as OpenTelemetry writes them: `name=value,name=value`, percent-encoded. The
    credential is for Application Insights alone; without one, the key in the connection string
    has to do.
    """

    connection_string: str = field(default="", repr=False)
    otlp_endpoint: str = ""
    otlp_headers: str = field(default="", repr=False)
    credential: TokenCredential | None = None

    def __bool__(self) -> bool:
        return bool(self.connection_string or self.otlp_endpoint)


def open_export(
    destination: Destination, origin: Origin, log: logging.Logger, *, delay: float
) -> Export:
    """What sends there; spans wait for others at most `delay` seconds.

    That something is not taken is said once, to `log`.
    """
    if not destination:
        return Nowhere()
    # A tenth of a second of imports, and OpenTelemetry only where it is asked for.
    from .opened import opened  # noqa: PLC0415 - as said

    return opened(destination, origin, log, delay=delay)
