"""Dead letters sent to work again: twice, cut off, a bounded number a call."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.activities import bury, keep, pipeline

from orchestration.activities import redriving
from orchestration.activities.redriving import redrive
from orchestration.activities.seeding import prepare
from orchestration.model import Prepare, Redrive, Selection
from orchestration.services import Services, listing
from worker_image.contract import DeadLetter, Failure, Stage, naming


@pytest.fixture
def generate(services: Services, run: str) -> str:
    request = {"kind": "generate", "dataset": {"dataset": "d", "version": 1}, "units": 1_000}
    keep(services, run, request)
    prepare(services, Prepare(run=run))
    return run


def dead(services: Services, run: str) -> set[int | None]:
    return {letter.unit for letter in services.records.dead_letters(run)}


def aside(services: Services, run: str, number: int = 1) -> set[str]:
    prefix = naming.redriven(run, number, naming.dead_letters(run))
    found = services.records.listing(naming.RUNS, prefix)
    return {str(blob.name).removeprefix(prefix) for blob in found}


def queued(services: Services, run: str) -> int:
    return services.queues.count(naming.dead_letter_queue(run))


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(), set()),
        (Selection(units=(1, 7)), {2, 3}),
        (Selection(fingerprint="of unit 2"), {1, 3}),
        (Selection(units=(1, 2), fingerprint="of unit 2"), {1, 3}),
        (Selection(units=()), {1, 2, 3}),
    ],
)
def test_a_redrive_sets_the_selected_dead_letters_aside(
    services: Services, generate: str, selection: Selection, left: set[int]
) -> None:
    errors = ((1, "one"), (2, "two"), (3, "three"))
    marks = {unit: bury(services, generate, unit, error) for unit, error in errors}
    if selection.fingerprint:
        selection = selection.model_copy(update={"fingerprint": marks[2]})
    decision = Redrive(run=generate, number=1, selection=selection)
    assert redrive(services, decision).model_dump() == {
        **redrive(services, decision).model_dump(),
        "count": 3 - len(left),
    }
    assert dead(services, generate) == left
    assert queued(services, generate) == len(left)
    names = {f"generate/{unit:07d}.json" for unit in {1, 2, 3} - left}
    assert aside(services, generate) == names


@pytest.fixture
def ten_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redriving, "MOVED", 10)
    monkeypatch.setattr(listing, "PAGE", 7)


@pytest.mark.usefixtures("ten_a_call")
def test_many_of_one_fingerprint_take_several_calls(services: Services, generate: str) -> None:
    for unit in range(50):
        mark = bury(services, generate, unit, "odd" if unit % 2 else "even")
    decision = Redrive(run=generate, number=1, selection=Selection(fingerprint=mark))
    outcomes = [redrive(services, decision) for _ in range(3)]
    assert [outcome.count for outcome in outcomes] == [10, 10, 5]
    assert [outcome.more for outcome in outcomes] == [True, True, False]
    assert dead(services, generate) == set(range(0, 50, 2))
    assert queued(services, generate) == 25
    assert redrive(services, decision).count == 0


@pytest.mark.usefixtures("ten_a_call")
def test_many_units_by_name_take_several_calls(services: Services, run: str) -> None:
    keep(services, run, pipeline(units=30))
    prepare(services, Prepare(run=run))
    for unit in range(30):
        bury(services, run, unit, stage=Stage.INGEST if unit % 3 else Stage.GENERATE)
    decision = Redrive(run=run, number=1, selection=Selection(units=tuple(range(12))))
    outcomes = [redrive(services, decision) for _ in range(3)]
    assert [outcome.more for outcome in outcomes] == [True, True, False], "two names for a unit"
    assert sum(outcome.count for outcome in outcomes) == 12
    assert dead(services, run) == set(range(12, 30))


@pytest.mark.parametrize(("units", "left"), [((3,), {0}), ((0,), {3})])
def test_the_dead_letter_of_the_last_step_is_that_of_its_unit(
    services: Services, run: str, units: tuple[int, ...], left: set[int]
) -> None:
    keep(services, run, pipeline(units=5, sink={"schema": "s", "constraints": "after"}))
    prepare(services, Prepare(run=run))
    bury(services, run, 3)
    bury(services, run, 0, stage=Stage.FINISH)
    decision = Redrive(run=run, number=1, selection=Selection(units=units))
    assert redrive(services, decision).count == 1
    assert dead(services, run) == left


def test_many_messages_take_several_calls(
    services: Services, generate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redriving, "MESSAGES", 32)
    for unit in range(40):
        bury(services, generate, unit)
        bury(services, generate, unit)  # its worker died between the message and the deletion
    decision = Redrive(run=generate, number=1, selection=Selection())
    outcomes = [redrive(services, decision) for _ in range(3)]
    assert [outcome.count for outcome in outcomes] == [40, 0, 0]
    assert [outcome.more for outcome in outcomes] == [True, True, False]
    assert queued(services, generate) == 0


def test_a_call_looks_at_a_bounded_number(
    services: Services, generate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redriving, "LOOKED_AT", 4)
    for unit in range(9):
        mark = bury(services, generate, unit, "last" if unit == 8 else "other")
    decision = Redrive(run=generate, number=1, selection=Selection(fingerprint=mark))
    outcomes = [redrive(services, decision) for _ in range(3)]
    assert [outcome.count for outcome in outcomes] == [0, 0, 1]
    assert [outcome.more for outcome in outcomes] == [True, True, False]


def test_a_call_cut_off_anywhere_is_finished_by_the_next(services: Services, generate: str) -> None:
    for unit in range(6):
        bury(services, generate, unit)
    # One was copied, one was moved, nothing else was done.
    for unit in (0, 1):
        path = naming.dead_letter(generate, Stage.GENERATE, unit)
        content = services.records.read(path)
        assert content is not None
        services.records.write(naming.redriven(generate, 1, path), content)
        if unit:
            services.records.delete(path)
    outcome = redrive(services, Redrive(run=generate, number=1, selection=Selection()))
    assert not outcome.more
    assert dead(services, generate) == set()
    assert queued(services, generate) == 0
    assert len(aside(services, generate)) == 6


def test_calls_at_the_same_time_lose_nothing(services: Services, generate: str) -> None:
    for unit in range(20):
        bury(services, generate, unit)
    decision = Redrive(run=generate, number=1, selection=Selection())
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: redrive(services, decision), range(2)))
    redrive(services, decision)
    assert dead(services, generate) == set()
    assert len(aside(services, generate)) == 20


def test_what_dies_again_is_of_the_next_redrive(services: Services, generate: str) -> None:
    bury(services, generate, 3)
    decision = Redrive(run=generate, number=1, selection=Selection())
    redrive(services, decision)
    bury(services, generate, 1)
    assert redrive(services, decision).count == 0
    assert redrive(services, decision.model_copy(update={"number": 2})).count == 1
    assert aside(services, generate, 2) == {"generate/0000001.json"}
    assert queued(services, generate) == 0


def test_undecodable_messages_are_set_aside_with_all(services: Services, generate: str) -> None:
    failure = Failure("UndecodableMessageError", "not ours", True, "w", 1, "now")
    letter = DeadLetter("not ours", failure, 1, "w", "now", "now")
    services.records.write(letter.record_path(generate), letter.encode(), letter.to_metadata())
    services.queues._client(naming.dead_letter_queue(generate)).send_message(letter.encode())
    services.queues._client(naming.dead_letter_queue(generate)).send_message("somebody's own")
    redrive(services, Redrive(run=generate, number=1, selection=Selection()))
    assert dead(services, generate) == set()
    assert queued(services, generate) == 1, "what is no dead letter stays"
