"""What the control plane and the workers agree on; the standard library alone."""

from . import naming, telemetry
from .dead_letter import DeadLetter
from .environment import ConfigurationError, Variable, WorkerEnvironment
from .exit_codes import PROGRAM_ENDINGS, Ending, ExitCode
from .failure import Failure
from .heartbeat import Heartbeat
from .log_lines import JsonLines, about
from .message import SIZE_LIMIT, Limits, Message, Stage, UndecodableMessageError, encoded
from .payload import (
    CommandPayload,
    DatasetSource,
    FinishPayload,
    GeneratePayload,
    IngestPayload,
    Reading,
    sink_members,
)
from .receipt import Receipt
from .redaction import Redaction

__all__ = [
    "PROGRAM_ENDINGS",
    "SIZE_LIMIT",
    "CommandPayload",
    "ConfigurationError",
    "DatasetSource",
    "DeadLetter",
    "Ending",
    "ExitCode",
    "Failure",
    "FinishPayload",
    "GeneratePayload",
    "Heartbeat",
    "IngestPayload",
    "JsonLines",
    "Limits",
    "Message",
    "Reading",
    "Receipt",
    "Redaction",
    "Stage",
    "UndecodableMessageError",
    "Variable",
    "WorkerEnvironment",
    "about",
    "encoded",
    "naming",
    "sink_members",
    "telemetry",
]
