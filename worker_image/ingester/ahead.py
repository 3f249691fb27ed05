"""Reading ahead: one thread reads and converts while another waits for the target."""

import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from queue import Empty, Queue
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """What stands behind the last item: the error that ended them, or none."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


@contextmanager
def ahead(items: Generator[Item, None, None], most: int) -> Iterator[Iterator[Item]]:
    """The same items in the same order, up to `most` of them made before they are asked for.

    A thread makes them from now on; what it meets is raised in the place of the next item. At the
    end it has ended, and `items` is closed, however many were taken.
    """
    made: Queue[Item | _End] = Queue(most)
    stopped = threading.Event()
    thread = threading.Thread(target=_make, args=(items, made, stopped), name="ahead", daemon=True)
    thread.start()
    try:
        yield _taken(made)
    finally:
        stopped.set()
        while thread.is_alive():
            with suppress(Empty):
                made.get_nowait()  # it may wait for room
            thread.join(0.001)


def _make(
    items: Generator[Item, None, None], made: "Queue[Item | _End]", stopped: threading.Event
) -> None:
    end = _End()
    try:
        with closing(items):
            for item in items:
                made.put(item)
                if stopped.is_set():
                    return
    except BaseException as error:
        end = _End(error)
    made.put(end)


def _taken(made: "Queue[Item | _End]") -> Iterator[Item]:
    while not isinstance(item := made.get(), _End):
        yield item
    if item.error:
        raise item.error
