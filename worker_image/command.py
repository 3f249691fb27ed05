"""The stage that hands units to a program: any that an image based on ours holds."""

import hashlib
import json
import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from time import monotonic

from .blobs import Place
from .contract import CommandPayload, Ending, Message, Redaction, WorkerEnvironment, about, naming
from .errors import PermanentError, UnitTimeout
from .program import Program
from .stages import Product, read_payload

LOG = logging.getLogger(__name__)

GRACE = 5.0  # seconds that a program over its time has from SIGTERM to SIGKILL
LEAVING = 1.0  # the same, where the worker itself has to leave
LAST_LINES = 5
LINE_LIMIT = 8_192  # characters of a line that are kept
CUT = " …"
WORDS_LIMIT = 160  # characters of a line that an error repeats
COUNTS_LIMIT = 20  # of record types, by names of so many characters:
NAME_LIMIT = 63  # a receipt is small

_BASICS = {"PATH": os.defpath, "HOME": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108 - where there is none
_IDENTITY = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET")
_SETTINGS = ("ACI_JOBS_QUEUE_ENDPOINT", "ACI_JOBS_BLOB_ENDPOINT", "ACI_JOBS_IDENTITY_CLIENT_ID")


class ProgramFailed(Exception):  # noqa: N818 - people read the name in the dead letter
    """A program ended with a code that asks for another try."""


class Command:
    """Starts the program of the message with the unit on its standard input.

    Its receipt is an empty blob of the run. `variables` are those of the worker's own process.
    """

    grace = 2 * GRACE

    def __init__(self, environment: WorkerEnvironment, variables: Mapping[str, str]) -> None:
        self._environment = environment
        self._variables = variables
        self._running: set[Program] = set()

    def place(self, message: Message) -> Place:
        """The empty blob."""
        return Place(naming.RUNS, naming.receipt(message.run, message.stage, message.unit))

    def entered(self) -> AbstractContextManager[None]:
        """There is a place for every unit."""
        return nullcontext()

    def work(self, message: Message, attempt: int = 1) -> Product:
        """Run the program to its end, which says what becomes of the unit."""
        payload = read_payload(CommandPayload.read, message)
        output = Output(Redaction.of(self._environment))
        variables = {
            **program_variables(self._environment, self._variables, payload),
            "ACI_JOBS_RUN": message.run,
            "ACI_JOBS_UNIT": str(message.unit),
            "ACI_JOBS_ATTEMPT": str(attempt),
        }
        program = Program(payload.program, variables, f"{payload.text}\n", output.hear)
        if not self._run(program, message.limits.timeout_seconds):
            limit = message.limits.timeout_seconds
            raise UnitTimeout(output.ending(f"not done after {limit:g} s"))
        _judge(payload, program.exit_code(), output)
        return Product(
            records=output.records(),
            size=len(payload.text.encode()),
            checksum=hashlib.sha256(payload.text.encode()).hexdigest(),
            document=str(self.place(message)),
        )

    def following(self, message: Message) -> Message | None:  # noqa: ARG002 - as the stage asks
        """Nothing: what the program has made is its own."""
        return None

    def close(self) -> None:
        """There is nothing to let go of."""

    def stop(self) -> None:
        """End every program: asked first, killed after a moment."""
        programs, end = list(self._running), monotonic() + LEAVING
        for program in programs:
            program.terminate()
        for program in programs:
            if not program.is_over(max(0.0, end - monotonic())):
                program.kill()
        for program in programs:
            program.is_over(LEAVING)

    def _run(self, program: Program, limit: float) -> bool:
        """Run it; whether it ended in time by itself."""
        with program, self._kept(program):
            in_time = program.wait(limit)
            if not in_time:
                program.terminate()
                program.wait(GRACE)
        return in_time

    @contextmanager
    def _kept(self, program: Program) -> Iterator[None]:
        """Where `stop` finds it."""
        self._running.add(program)
        try:
            yield
        finally:
            self._running.discard(program)


def program_variables(
    environment: WorkerEnvironment, own: Mapping[str, str], payload: CommandPayload
) -> dict[str, str]:
    """The environment of a program: what it needs of the worker's, and what its request says.

    No secret is in it but the connection string of an emulator, if the request asks for that.
    """
    told = {item.name: item.value for item in environment.variables() if item.name in _SETTINGS}
    variables = {
        **_BASICS,
        **{name: own[name] for name in (*_BASICS, *_IDENTITY) if name in own},
        **payload.environment,
        **told,
    }
    if environment.identity_client_id:  # where the Azure SDKs look for it
        variables.setdefault("AZURE_CLIENT_ID", environment.identity_client_id)
    if payload.connection_string and environment.storage_connection_string:
        variables["AZURE_STORAGE_CONNECTION_STRING"] = environment.storage_connection_string
    return variables


class Output:
    """What a program says: every line goes to the log, and the last ones are remembered.

    A line is cut once it is redacted: of a secret that is cut, a part would stay.
    """

    def __init__(self, redact: Callable[[str], str] = str) -> None:
        self._redact = redact
        self._last: dict[str, deque[str]] = {
            "stdout": deque(maxlen=1),
            "stderr": deque(maxlen=LAST_LINES),
        }

    def hear(self, stream: str, line: str) -> None:
        """A line came over a stream."""
        line = self._redact(line)
        if len(line) > LINE_LIMIT:
            line = line[:LINE_LIMIT] + CUT
        with about(stream=stream):
            LOG.info("%s", line)
        self._last[stream].append(line)

    def ending(self, reason: str) -> str:
        """A reason with the last words on standard error, the very last first."""
        words = [line[:WORDS_LIMIT] for line in self._last["stderr"]]
        *earlier, last = words or ["nothing on standard error"]
        return f"{reason}: {last}" + (f" (before that: {' | '.join(earlier)})" if earlier else "")

    def records(self) -> Mapping[str, int]:
        """What the last line on standard output counts, or else one unit."""
        with suppress(IndexError):
            counts = _counts(self._last["stdout"][-1])
            if counts is not None:
                return counts
        return {"unit": 1}


def _counts(line: str) -> dict[str, int] | None:
    """The member `records` of a JSON object; None if there is none, or it is not counts."""
    try:
        counts = json.loads(line)["records"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if isinstance(counts, dict) and len(counts) <= COUNTS_LIMIT:
        return counts if all(map(_is_count, counts, counts.values())) else None
    return None


def _is_count(name: str, count: object) -> bool:
    short = name.isascii() and len(name) <= NAME_LIMIT
    return short and type(count) is int and 0 <= count < 2**53


def _judge(payload: CommandPayload, code: int, output: Output) -> None:
    """Raise what the exit code means, unless that is success."""
    meaning = payload.exit_codes.get(str(code), Ending.RETRY)
    if meaning == Ending.SUCCESS:
        return
    reason = output.ending(f"exit code {code}{_signal_name(code)}")
    raise PermanentError(reason) if meaning == Ending.DEAD_LETTER else ProgramFailed(reason)


def _signal_name(code: int) -> str:
    with suppress(ValueError):
        return f" ({signal.Signals(code - 128).name})"
    return ""
