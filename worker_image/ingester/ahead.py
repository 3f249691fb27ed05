"""Reading ahead: one thread reads and converts while another waits for the target."""

import threading
from collections.abc import Generator
from contextlib import closing, suppress
from queue import Empty, Queue
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """What stands behind the last item: the error that ended them, or none."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Generator[Item, None, None], most: int) -> Generator[Item, None, None]:
    """The same items in the same order, up to `most` of them made before they are asked for.

    What making them raises is raised in their place. Whoever takes no more of them has to close
    this iterator: then the thread that makes them has ended, and `items` is closed.
    """
    made: Queue[Item | _End] = Queue(most)
    stopped = threading.Event()

    def make() -> None:
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

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := made.get(), _End):
            yield item
        if item.error:
            raise item.error
    finally:
        stopped.set()
        while thread.is_alive():
            with suppress(Empty):
                made.get_nowait()  # it may wait for room
            thread.join(0.001)
