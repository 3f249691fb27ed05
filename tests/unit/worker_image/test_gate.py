from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from support.services import eventually

from worker_image.errors import TargetBusyError
from worker_image.gate import Gate


def turn_away(gate: Gate) -> None:
    with pytest.raises(TargetBusyError), gate.entered():
        raise TargetBusyError("too many connections")


def succeed(gate: Gate, times: int) -> None:
    for _ in range(times):
        with gate.entered():
            pass


def test_it_halves_when_the_target_turns_somebody_away_and_never_shuts() -> None:
    gate, opened = Gate(9), []
    for _ in range(5):
        turn_away(gate)
        opened.append(gate.open)
    assert opened == [4, 2, 1, 1, 1]


def test_it_opens_by_one_for_as_many_successes_as_it_has_places() -> None:
    gate = Gate(3)
    turn_away(gate)
    opened = [gate.open]
    for times in (1, 1, 1, 5):
        succeed(gate, times)
        opened.append(gate.open)
    assert opened == [1, 2, 2, 3, 3]


def test_successes_before_a_refusal_do_not_count() -> None:
    gate = Gate(4)
    turn_away(gate)
    succeed(gate, 1)
    turn_away(gate)
    assert gate.open == 1
    succeed(gate, 1)
    assert gate.open == 2


def test_other_errors_change_nothing() -> None:
    gate = Gate(2)
    with pytest.raises(ValueError, match="bad"), gate.entered():
        raise ValueError("bad")
    assert gate.open == 2


def test_no_more_are_inside_than_are_let_in() -> None:
    gate, leave, inside = Gate(4), Event(), []
    turn_away(gate)

    def stay(number: int) -> None:
        with gate.entered():
            inside.append(number)
            assert leave.wait(10)

    with ThreadPoolExecutor(4) as pool:
        stays = [pool.submit(stay, number) for number in range(4)]
        eventually(lambda: len(inside) == 2)
        assert len(inside) == 2
        leave.set()
    assert [each.exception() for each in stays] == [None] * 4
    assert sorted(inside) == [0, 1, 2, 3]
