"""Sending spans and measurements away: by OTLP over HTTP, to Application Insights, or to nobody.

What both sides of the product need and the standard library has not; like the contract, it lies
with the worker, whose image holds nothing else. OpenTelemetry is imported once there is somewhere
to send to, and of its exporters the one that sends.
"""

from .destination import Destination, open_export
from .export import Export, Kind, Nowhere, Origin, Span
from .instruments import INSTRUMENTS, Instrument, Shape

__all__ = [
    "INSTRUMENTS",
    "Destination",
    "Export",
    "Instrument",
    "Kind",
    "Nowhere",
    "Origin",
    "Shape",
    "Span",
    "open_export",
]
