"""Which container groups are deleted now, and why."""

from typing import Any

from simulation.agenda import moment
from support.states import asked, ended, fleet, gone, name, observation, plan, slot, state, view
from support.tables import table

from orchestration.model import (
    Control,
    GroupView,
    Observation,
    Pace,
    Plan,
    Refusal,
    Remedy,
    Remove,
    RunState,
    Slot,
    Spent,
)
from orchestration.policy.removing import all_removals, intended, left, removals, why_unwanted

LIMITS = {"start_timeout": 300, "silence_timeout": 200, "run_timeout": 1_000}
NEVER = "it belongs to no place of the fleet"
LATE = "not running after 300 s"
SILENT = "no word from its worker for 200 s"
OLD = "it has run for 1000 s"


def of(count: int = 2, **limits: Any) -> Plan:
    return plan(1_000, instances={"count": count}, limits={**LIMITS, **limits})


def seen(*views: GroupView, **changes: Any) -> Observation:
    return observation(**{"queued": 500, "groups": views, **changes})


def pending(**changes: Any) -> GroupView:
    return view(**{"state": "Pending", "started": None, "heard": None, **changes})


@table(
    "known, seen_as, now, why",
    {
        "it works": (slot(), view(), 100, ""),
        "nobody knows it": (slot(2), view(1), 0, NEVER),
        "a later attempt has its place": (slot(1, 2), view(1, 1), 0, NEVER),
        "it was deleted and shows again": (gone(), view(), 0, NEVER),
        "it has left by itself": (slot(), ended(), 20, "it has ended, exit code 0"),
        "it has died": (
            slot(),
            ended(exit_code=137, detail="OOMKilled"),
            20,
            "it has ended, exit code 137 (OOMKilled)",
        ),
        "a container that has ended, though the group says Running": (
            slot(),
            view(ended=moment(10)),
            20,
            "it has ended, exit code None",
        ),
        "its creation failed": (
            slot(),
            pending(provisioning="Failed", detail="no image"),
            20,
            "it has ended, exit code None (no image)",
        ),
        "its creation was refused in the end": (
            slot(),
            pending(refusal=Refusal(code="InsufficientCapacity", remedy=Remedy.REGION)),
            20,
            "it has ended, exit code None",
        ),
        "it may take all its time to start": (slot(), pending(), 300, ""),
        "it has not started in time": (slot(), pending(), 301, LATE),
        "the time to start counts from the request": (
            slot(requested=moment(50)),
            pending(),
            350,
            "",
        ),
        "a detail says what it waits for": (
            slot(),
            pending(detail="ImagePullBackOff"),
            301,
            f"{LATE} (ImagePullBackOff)",
        ),
        "one that starts again has run before": (
            slot(started=None),
            pending(heard=moment(290)),
            301,
            "",
        ),
        "it may be silent for all of its time": (slot(), view(heard=moment(50)), 250, ""),
        "it is silent": (slot(), view(heard=moment(50)), 251, SILENT),
        "one that starts again is silent as well": (
            slot(),
            pending(heard=moment(50)),
            251,
            SILENT,
        ),
        "one that never spoke has its time behind that to start": (
            slot(started=moment(50)),
            view(heard=None),
            500,
            "",
        ),
        "it never spoke": (slot(started=moment(50)), view(heard=None), 501, SILENT),
        "it may run for all of its time": (slot(), view(heard=moment(999)), 1_000, ""),
        "it has run for too long": (slot(), view(heard=moment(999)), 1_001, OLD),
        "nothing is known of its start": (slot(started=None), view(started=None), 100, ""),
    },
)
def test_why_a_group_must_go(known: Slot, seen_as: GroupView, now: float, why: str) -> None:
    assert why_unwanted(state(of(), known), seen_as, moment(now)) == why


@table(
    "run, removed",
    {
        "none of those that work": (state(of(), seen(view(1), view(2)), *fleet(2)), []),
        "one that has ended is a loss": (
            state(of(), seen(ended(1, exit_code=1), view(2)), *fleet(2)),
            [(1, False)],
        ),
        "more than are wanted: the highest places, no loss": (
            state(of(2), seen(view(1), view(2), view(3), view(4)), *fleet(4)),
            [(3, True), (4, True)],
        ),
        "a surplus that is silent is no loss either": (
            state(of(1), seen(view(1), view(2, heard=moment(-900))), *fleet(2)),
            [(2, True)],
        ),
        "one that has ended is not counted among those that work": (
            state(
                of(2), seen(view(1), ended(2), view(3)), slot(1), slot(2, status="over"), slot(3)
            ),
            [(2, False)],
        ),
        "what is asked for and not seen cannot be deleted": (
            state(of(1), seen(view(1)), slot(1), asked(2)),
            [],
        ),
        "all while paused": (
            state(of(), seen(view(1), view(2), control=Control(paused=True)), *fleet(2)),
            [(1, True), (2, True)],
        ),
        "not one that is asked for already": (
            state(of(1), seen(view(1), view(2)), *fleet(2), deleting={name(2): moment(-60)}),
            [],
        ),
        "again after a minute": (
            state(of(1), seen(view(1), view(2)), *fleet(2), deleting={name(2): moment(-61)}),
            [(2, True)],
        ),
        "a group of nobody": (
            state(of(), seen(view(1), view(2), view(3, 9)), *fleet(2)),
            [(3, False)],
        ),
    },
)
def test_removals(run: RunState, removed: list[tuple[int, bool]]) -> None:
    asked_for = list(removals(run, moment(0)))
    names = {view.name: view.ordinal for view in run.observation.groups} if run.observation else {}
    assert [(names[r.name], r.retire) for r in asked_for] == removed


def test_a_loss_says_why_and_a_retirement_need_not() -> None:
    run = state(of(1), seen(ended(1, exit_code=70), view(2), view(3)), slot(1), slot(2), slot(3))
    run = run.model_copy(update={"slots": (slot(1, status="over"), slot(2), slot(3))})
    assert [r.reason for r in removals(run, moment(0))] == ["it has ended, exit code 70", ""]


@table(
    "spent, held, count",
    {
        "twenty a turn": (0, None, 20),
        "no more than the pace allows": (97, None, 3),
        "none when it allows none": (100, None, 0),
        "none while Azure wants none": (0, 1, 0),
    },
)
def test_the_pace_of_deletion(spent: int, held: float | None, count: int) -> None:
    pace = Pace(
        spent=(Spent(at=moment(0), count=spent),),
        held_until=None if held is None else moment(held),
    )
    views = [ended(ordinal) for ordinal in range(1, 31)]
    run = state(of(), seen(*views), *fleet(30, status="over"), deletions=pace)
    assert len(list(removals(run, moment(0)))) == count
    assert len(list(all_removals(run, moment(0)))) == count


@table(
    "run, names",
    {
        "what works": (state(seen(view(1)), slot(1)), {name(1)}),
        "what is asked for": (state(seen(), asked(1)), {name(1)}),
        "what is over": (state(seen(), slot(1, status="over")), {name(1)}),
        "not what is gone": (state(seen(), gone(1)), set()),
        "what shows, though it is gone": (state(seen(view(1)), gone(1)), {name(1)}),
        "what belongs to nobody": (state(seen(view(4))), {name(4)}),
        "what is known before the first look": (state(slot(1), observation=None), {name(1)}),
    },
)
def test_groups_that_may_exist(run: RunState, names: set[str]) -> None:
    assert left(run) == names


@table(
    "run, names",
    {
        "all, in the order of their names": (
            state(seen(view(2), view(1)), *fleet(3)),
            [name(1), name(2), name(3)],
        ),
        "not those that are on their way out": (
            state(seen(view(1), view(2)), *fleet(2), deleting={name(1): moment(-60)}),
            [name(2)],
        ),
        "again after a minute": (
            state(seen(view(1)), slot(1), deleting={name(1): moment(-61)}),
            [name(1)],
        ),
        "those that show no longer, to prove that they are gone": (
            state(seen(), slot(1), deleting={name(1): moment(-1)}),
            [name(1)],
        ),
    },
)
def test_the_cleanup_asks_for_all(run: RunState, names: list[str]) -> None:
    asked_for = list(all_removals(run, moment(0)))
    assert [removal.name for removal in asked_for] == names
    assert all(removal.retire for removal in asked_for), "none is a loss"


@table("retire", {"retired": True, "lost": False})
def test_an_intended_deletion_is_remembered(retire: bool) -> None:
    run = state(*fleet(2), deleting={name(1): moment(0)})
    after = intended(run, Remove(run=run.run, name=name(2), retire=retire), moment(5))
    assert after.deleting == {name(1): moment(0), name(2): moment(5)}
    assert [slot.retired for slot in after.slots] == [False, retire]
