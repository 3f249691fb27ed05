"""Calls in a process of their own, with what they cost: nothing that is hostile harms the tests."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

LIMIT = 4 << 30  # bytes of a call, so that none harms the machine
SECONDS = 100.0  # that a test waits for one

# A server that has all modules and is forked for each call: it is quick, and its memory is known.
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["support.bounded", "support.hostile"])


@dataclass(frozen=True)
class Outcome:
    """What a call returned, or the name of what it raised with its words.

    `seconds` are those of the processor, `megabytes` the memory that it took at most.
    """

    value: Any
    error: str
    seconds: float
    megabytes: float


def bounded(call: Callable[..., Any], *args: Any, limit: int = LIMIT) -> Outcome:
    """Call a function of a module that has a name.

    Raises:
        AssertionError: the process died, or did not end in time.
    """
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_answer, args=(theirs, limit, call, args))
    process.start()
    theirs.close()
    try:
        assert ours.poll(SECONDS), f"not done after {SECONDS:g} s"
        outcome = ours.recv()
    except EOFError:
        process.join()
        raise AssertionError(f"the process ended with code {process.exitcode}") from None
    finally:
        process.kill()
        process.join()
        ours.close()
    assert isinstance(outcome, Outcome)
    return outcome


def _answer(line: Connection, limit: int, call: Callable[..., Any], args: tuple[Any, ...]) -> None:
    before = _peak()
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    value, error, begun = None, "", time.process_time()
    try:
        value = call(*args)
    except BaseException as raised:
        error = f"{type(raised).__name__}: {str(raised)[:500]}"
    seconds = time.process_time() - begun
    line.send(Outcome(value, error, seconds, (_peak() - before) / 1024))


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
