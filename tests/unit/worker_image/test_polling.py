from worker_image.contract import ExitCode
from worker_image.polling import LONGEST_WAIT, Polling, Stock
from worker_image.storage import RECEIVE_LIMIT


def polling(poll: float = 1.0, idle: float = 60.0) -> Polling:
    return Polling(poll, idle, now=100.0)


def test_waits_double_up_to_a_limit_while_nothing_comes() -> None:
    asked = polling()
    waits = [asked.next_step(0, holding=False, now=100.0) for _ in range(5)]
    assert waits == [1, 2, 4, LONGEST_WAIT, LONGEST_WAIT]


def test_after_a_message_the_next_receive_is_at_once_and_waits_start_anew() -> None:
    asked = polling()
    asked.next_step(0, holding=False, now=100)
    asked.next_step(0, holding=False, now=101)
    assert asked.next_step(3, holding=False, now=103) == 0
    assert asked.next_step(0, holding=True, now=104) == 1


def test_an_empty_queue_ends_the_worker_after_the_idle_time() -> None:
    asked = polling()
    assert asked.next_step(0, holding=False, now=159.5) == 0.5, "no wait goes past the end"
    assert asked.next_step(0, holding=False, now=160) is ExitCode.OK


def test_the_idle_time_starts_when_nothing_is_held_any_more() -> None:
    asked = polling()
    assert asked.next_step(0, holding=True, now=159) == 1
    assert asked.next_step(0, holding=False, now=218.5) == 0.5
    assert asked.next_step(0, holding=False, now=219) is ExitCode.OK


def test_silence_is_no_empty_queue() -> None:
    asked = polling()
    assert asked.next_step(None, holding=False, now=300) == 1
    assert asked.next_step(0, holding=False, now=301) == 2
    assert asked.next_step(0, holding=False, now=360) is ExitCode.OK


def test_long_silence_is_an_error() -> None:
    asked = polling()
    assert not isinstance(asked.next_step(None, holding=True, now=399.9), ExitCode)
    assert asked.next_step(None, holding=True, now=400) is ExitCode.INTERNAL


def test_an_answer_ends_the_silence() -> None:
    asked = polling()
    asked.next_step(None, holding=False, now=350)
    asked.next_step(1, holding=False, now=380)
    assert not isinstance(asked.next_step(None, holding=False, now=420), ExitCode)


def stock(seconds: float, slots: int = 2) -> Stock:
    """That of a worker whose units take so long."""
    known = Stock(slots)
    known.received([True])
    known.took(seconds)
    return known


def test_at_first_every_slot_gets_one() -> None:
    known = Stock(2)
    assert [known.wanted(held) for held in (0, 1, 2)] == [2, 1, 0]


def test_a_moments_work_is_held_ahead() -> None:
    assert stock(0.1).wanted(0) == 2 + 10
    assert stock(0.25).wanted(0) == 2 + 4
    assert stock(0.6).wanted(0) == 2 + 1
    assert stock(1.1).wanted(0) == 2
    assert stock(60).wanted(0) == 2


def test_what_is_held_ahead_is_bounded() -> None:
    assert stock(0.0).wanted(0) == RECEIVE_LIMIT
    assert stock(0.0).wanted(2 + RECEIVE_LIMIT) == 0


def test_the_next_ones_are_not_asked_for_one_by_one() -> None:
    known = stock(0.1)
    assert [known.wanted(held) for held in (12, 8, 7, 6, 5, 2, 1)] == [0, 0, 0, 6, 7, 10, 11]


def test_units_that_get_longer_are_held_no_more() -> None:
    known = stock(0.01)
    for _ in range(20):
        known.took(60)
    assert [known.wanted(held) for held in (0, 2)] == [2, 0]


def test_what_cannot_wait_ends_holding_ahead_until_none_of_it_comes() -> None:
    known = stock(0.1)
    known.received([True, False])
    assert known.wanted(0) == 2
    known.received([])
    assert known.wanted(0) == 2
    known.received([True])
    assert known.wanted(0) == 12
