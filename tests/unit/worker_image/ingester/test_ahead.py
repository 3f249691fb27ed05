from collections.abc import Generator, Iterator
from threading import Event

import pytest
from support.services import eventually

from worker_image.ingester.ahead import ahead


def numbers(made: list[int], closed: Event, most: int = 100) -> Generator[int, None, None]:
    try:
        for number in range(most):
            made.append(number)
            yield number
    finally:
        closed.set()


def test_items_come_in_their_order_and_all_of_them() -> None:
    made, closed = list[int](), Event()
    with ahead(numbers(made, closed), 3) as items:
        assert list(items) == list(range(100))
    assert closed.is_set()


def test_some_are_made_before_anybody_asks_and_no_more() -> None:
    made, closed = list[int](), Event()
    with ahead(numbers(made, closed), 3) as items:
        eventually(lambda: len(made) == 4)
        assert next(items) == 0
        eventually(lambda: len(made) == 5)
    assert closed.is_set(), "who takes no more of them leaves no thread behind"
    assert len(made) <= 7


def test_an_error_is_raised_in_the_place_of_the_next_item() -> None:
    def failing() -> Generator[int, None, None]:
        yield 1
        raise ValueError("damaged")

    with ahead(failing(), 3) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="damaged"):
            next(items)


def take_one_and_fail(items: Iterator[int]) -> None:
    raise KeyError(next(items))


def test_an_error_of_the_taker_ends_the_maker() -> None:
    made, closed = list[int](), Event()
    with pytest.raises(KeyError), ahead(numbers(made, closed), 1) as items:
        take_one_and_fail(items)
    assert closed.is_set()
