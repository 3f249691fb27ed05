"""A contender's turn as its driver sees it, with the standard library alone: it runs anywhere.

A contender gets ready, says so and waits for a line; loads, says that it is done and waits for
another. In between the driver reads the clocks, of the contender as of the server.
"""

import sys
from collections.abc import Callable, Sequence

SCHEMA = "bench"
LEDGER = "bench_ledger"
"""The ledger of those who bring none of their own: document, etag, run, unit, rows, loaded_at."""
READY, DONE = "ready", "done"


def take_turn(
    load: Callable[[str], object],
    units: Sequence[str],
    finish: Callable[[], object] | None = None,
) -> None:
    """Load units by name, each in a transaction of its own, and `finish`.

    The first one warms up, before the watch starts.
    """
    load(units[0])
    _meet(READY)
    for unit in units[1:]:
        load(unit)
    if finish:
        finish()
    _meet(DONE)


def _meet(word: str) -> None:
    print(word, flush=True)
    if not sys.stdin.readline():
        raise SystemExit("the driver is gone")
