"""The places of a run's fleet."""

from typing import Any

from simulation.agenda import moment
from support.states import RUN, asked, ended, fleet, gone, name, slot, state, view
from support.tables import table

from orchestration.model import GroupView, RunState, Slot
from orchestration.policy.slots import active, as_seen, counted, find, group_name, update, vacate


def test_those_that_work_or_will() -> None:
    run = state(slot(1), asked(2), slot(3, status="over"), gone(4))
    assert [slot.ordinal for slot in active(run)] == [1, 2]


@table(
    "ordinal, attempt, found",
    {
        "by both numbers": (2, 3, slot(2, 3)),
        "not an earlier attempt": (2, 2, None),
        "not another place": (1, 3, None),
    },
)
def test_find(ordinal: int, attempt: int, found: Slot | None) -> None:
    assert find(state(slot(2, 3)), ordinal, attempt) == found


def test_a_group_is_named_by_run_place_and_attempt() -> None:
    assert group_name(RUN, slot(7, 12)) == name(7, 12) == f"{RUN}-007-12"


@table(
    "before, look, after",
    {
        "a group that was asked for is there": (asked(), view(), slot()),
        "its region and price are as Azure shows them": (
            asked(region=""),
            view(region="there", spot=True),
            slot(region="there", spot=True),
        ),
        "a region that is not told stays": (slot(), view(region=""), slot()),
        "its start is not known yet": (asked(), view(started=None), slot(started=None)),
        "its first start counts": (slot(), view(started=moment(50)), slot()),
        "it left by itself: no loss": (
            slot(),
            ended(),
            slot(status="over", ended=moment(10), exit_code=0, retired=True),
        ),
        "it died": (
            slot(),
            ended(exit_code=70),
            slot(status="over", ended=moment(10), exit_code=70),
        ),
        "it died after we wanted fewer": (
            slot(retired=True),
            ended(exit_code=137),
            slot(status="over", ended=moment(10), exit_code=137, retired=True),
        ),
        "an exit code of a container that runs again is no end": (
            slot(),
            view(exit_code=0),
            slot(exit_code=0),
        ),
    },
)
def test_what_a_look_changes(before: Slot, look: GroupView, after: Slot) -> None:
    assert before.model_copy(update=as_seen(before, look)) == after


def test_slots_change_by_their_names() -> None:
    run = update(state(slot(1), slot(2, 2)), {(2, 2): {"retired": True}, (2, 1): {"attempt": 9}})
    assert run.slots == (slot(1), slot(2, 2, retired=True))


@table(
    "after, losses",
    {
        "all work": (slot(1), 3),
        "one is over": (slot(1, status="over"), 4),
        "one is gone": (gone(1), 4),
        "one left by itself": (slot(1, status="over", retired=True), 3),
        "one that was wanted no longer is gone": (gone(1, retired=True), 3),
    },
)
def test_losses(after: Slot, losses: int) -> None:
    assert counted(state(slot(1)), state(after, losses=3)).losses == losses


def test_each_loss_counts_once() -> None:
    over = state(slot(1, status="over"), losses=1)
    assert counted(over, state(gone(1), losses=1)).losses == 1


@table(
    "group, changes",
    {
        "its seconds are kept": (slot(), {"billed_seconds": 150.0}),
        "until it stopped": (slot(ended=moment(20)), {"billed_seconds": 70.0}),
        "those of spot apart": (
            slot(spot=True),
            {"billed_seconds": 150.0, "spot_seconds": 110.0},
        ),
        "one that never started costs nothing": (asked(), {"billed_seconds": 50.0}),
        "one that is gone already is not paid twice": (gone(), {"billed_seconds": 50.0}),
    },
)
def test_a_place_is_freed(group: Slot, changes: dict[str, Any]) -> None:
    run = state(group, billed_seconds=50.0, spot_seconds=10.0)
    after = vacate(run, {(1, 1)}, moment(100))
    assert [slot.status for slot in after.slots] == ["gone"]
    assert (after.billed_seconds, after.spot_seconds) == (
        changes["billed_seconds"],
        changes.get("spot_seconds", 10.0),
    )


def test_other_places_stay_as_they_are() -> None:
    run: RunState = state(*fleet(2))
    assert vacate(run, {(1, 2)}, moment(100)) == run
