from worker_image.contract import ExitCode
from worker_image.polling import LONGEST_WAIT, Polling


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
