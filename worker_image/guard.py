"""Runs one program and leaves nothing of it: ``python -I -S guard.py <descriptor> <program>…``.

Standard library alone, so that it starts in a few hundredths of a second. The guard leads the
process group that the program is in, adopts what loses its parent on the way, and kills all of it
once the program has ended, or once the socket `descriptor` does: the worker wants it so, or is
dead. How the program ended goes over the socket as JSON: `{"code": n}`, 128 + n for signal n, or
`{"errno": n, "reason": "…"}` if it could not be started.
"""

import ctypes
import json
import os
import select
import signal
import sys
from contextlib import suppress

PR_SET_CHILD_SUBREAPER = 36
# Python ignores some signals, and whoever started the worker others: the program ignores none.
SIGNALS = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


def main(line: int, program: list[str]) -> None:
    """Run the program to its end."""
    os.set_inheritable(line, False)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is meant for the others of the group
    child_ended = _wake_at_the_end_of_a_child()
    _adopt_orphans()
    try:
        process = os.posix_spawnp(program[0], program, os.environ, setsigdef=SIGNALS, setsigmask=())
    except OSError as error:
        _tell(line, {"errno": error.errno, "reason": error.strerror})
        return
    _let_go_of_the_streams()
    code = _wait(process, child_ended, line)
    _kill_children()
    if code is None:
        os.killpg(0, signal.SIGKILL)  # all that is left is itself, where orphans are adopted
    _tell(line, {"code": code})


def _wake_at_the_end_of_a_child() -> int:
    """A descriptor that can be read after it."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _let_go_of_the_streams() -> None:
    """The worker sees that the program has closed its own."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)


def _wait(process: int, child_ended: int, line: int) -> int | None:
    """How the program ended; None if it is to be ended."""
    while True:
        ready = select.select([child_ended, line], [], [])[0]
        if line in ready:
            return None
        os.read(child_ended, 4_096)
        child = -1
        while child:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == process:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code


def _kill_children() -> None:
    """Until there are none: theirs become ours."""
    while children := _children():
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        os.waitpid(-1, 0)


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as listed:  # noqa: PTH123 - starts soon
            return [int(child) for child in listed.read().split()]
    except FileNotFoundError:  # not Linux
        return []


def _tell(line: int, members: dict[str, object]) -> None:
    os.write(line, json.dumps(members).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
