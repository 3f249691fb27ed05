"""What the control plane and the workers agree on; the standard library alone."""

from . import naming
from .dead_letter import DeadLetter
from .environment import ConfigurationError, Variable, WorkerEnvironment
from .exit_codes import ExitCode
from .failure import Failure
from .heartbeat import Heartbeat
from .message import Limits, Message, Stage, UndecodableMessageError
from .payload import DatasetSource, GeneratePayload, IngestPayload
from .receipt import Receipt

__all__ = [
    "ConfigurationError",
    "DatasetSource",
    "DeadLetter",
    "ExitCode",
    "Failure",
    "GeneratePayload",
    "Heartbeat",
    "IngestPayload",
    "Limits",
    "Message",
    "Receipt",
    "Stage",
    "UndecodableMessageError",
    "Variable",
    "WorkerEnvironment",
    "naming",
]
