"""What a run looked like over time: true, and bounded however long it goes on."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.agenda import START, moment
from support.states import name, observation, view

from orchestration.chronicle import GROUPS, SAMPLES, Chronicle
from orchestration.model import Progress
from worker_image.contract import Heartbeat


def looks(count: int, tick: float = 15.0) -> Chronicle:
    chronicle = Chronicle()
    for number in range(count):
        progress = {"generate": Progress(units=number, rows=10 * number)}
        seen = observation(progress=progress, queued=number)
        chronicle = chronicle.with_look(seen, (), moment(number * tick))
    return chronicle


def test_a_short_run_is_told_look_by_look() -> None:
    chronicle = looks(10)
    assert [sample.units["generate"] for sample in chronicle.samples] == list(range(10))
    assert [sample.at for sample in chronicle.samples] == [moment(15 * n) for n in range(10)]
    assert chronicle.samples[3].rows == {"generate": 30}
    assert chronicle.samples[3].queued == 3


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 2_000), st.floats(0.5, 60))
def test_a_long_run_is_told_evenly_from_its_first_look_to_its_last(count: int, tick: float) -> None:
    samples = looks(count, tick).samples
    assert len(samples) <= SAMPLES
    assert len(samples) >= min(count, SAMPLES // 4)
    units = [sample.units["generate"] for sample in samples]
    assert (units[0], units[-1]) == (0, count - 1)
    steps = [after - before for before, after in pairwise(units[:-1])]
    assert not steps or max(steps) <= 4 * max(1, count / SAMPLES) + 1


def test_the_same_look_twice_is_told_once() -> None:
    seen, chronicle = observation(groups=(view(1),)), looks(20)
    once = chronicle.with_look(seen, (), moment(300))
    assert once.with_look(seen, (), moment(300)).groups == once.groups


def test_the_life_of_a_group() -> None:
    beat = Heartbeat(worker=name(1), at="x", state="working", worked=moment(20).isoformat())
    chronicle = Chronicle()
    for at, groups in (
        (0, (view(1, state="Pending", started=None, heard=None),)),
        (10, (view(1, started=moment(5)),)),
        (30, (view(1, state="Succeeded", started=None, exit_code=0),)),
        (40, ()),
        (50, ()),
    ):
        chronicle = chronicle.with_look(observation(groups=groups), [beat], moment(at))
    (life,) = chronicle.groups.values()
    assert (life.seen, life.started, life.worked) == (moment(0), moment(5), moment(20))
    assert (life.ended, life.gone) == (moment(30), moment(40))
    assert (life.state, life.exit_code) == ("Ended", 0)


def test_of_very_many_groups_the_first_are_forgotten() -> None:
    chronicle = Chronicle()
    for number in range(GROUPS + 20):
        seen = observation(groups=(view(1, number + 1),))
        chronicle = chronicle.with_look(seen, (), START + timedelta(seconds=number))
    assert len(chronicle.groups) == GROUPS
    assert name(1, GROUPS + 20) in chronicle.groups
    assert name(1, 20) not in chronicle.groups
