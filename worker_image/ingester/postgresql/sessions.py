"""Several connections of one worker at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TypeVar

import psycopg

Thing = TypeVar("Thing")
Result = TypeVar("Result")
Step = Callable[[psycopg.Connection, Thing], Result]


class Sessions:
    """Connections that work in parallel, opened as they are needed."""

    def __init__(self, connect: Callable[[], psycopg.Connection], most: int) -> None:
        self._connect = connect
        self._threads = ThreadPoolExecutor(most)
        self._opened = ExitStack()
        self._idle: SimpleQueue[psycopg.Connection] = SimpleQueue()

    def __enter__(self) -> "Sessions":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # After an error others are still at work, and what they build is kept.
        self._threads.shutdown()
        self._opened.close()

    def run(self, step: Step[Thing, Result], things: Iterable[Thing]) -> list[Result]:
        """The results for all things; after an error no more are begun."""
        return list(self._threads.map(partial(self._one, step), things))

    def _one(self, step: Step[Thing, Result], thing: Thing) -> Result:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._opened.enter_context(closing(self._connect()))
        try:
            return step(connection, thing)
        finally:
            self._idle.put(connection)
