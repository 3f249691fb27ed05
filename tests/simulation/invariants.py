"""What must hold of every run, at every turn and at its end."""

from collections.abc import Iterator

from orchestration.model import Phase
from orchestration.policy import spent

from .agenda import moment
from .ledger import LAST
from .workers import FINISH
from .world import World

LONG_ENOUGH = 3_600.0
"""Seconds from the deadline to the end: what the slowest deletions and refusals can take."""
LOOKED_AT = 1_000
DISTURBED = {"throttle", "neighbour", "broken_activity", "broken_look", "outage", "clock"}


def at_a_turn(world: World, longest_turn: float) -> Iterator[str]:
    """What is wrong now."""
    yield from world.azure.breaches
    yield from _lost_units(world)
    yield from _disobedience(world)
    yield from _pressure(world)
    yield from _repetitions(world)
    plan = world.scenario.plan
    late = world.agenda.now - plan.limits.deadline
    if world.rounds == 0 and late > LONG_ENOUGH + 3 * longest_turn:
        yield f"the run goes on {late:.0f} s after its deadline"
    disturbed = {
        "duplicate",
        "late",
        "vanish",
        "stale_count",
        "twice",
        "redrive",
        "broken_activity",
    }
    if not disturbed & world.scenario.faults and world.rounds == 0:
        most = plan.window * len(plan.stages) + world.scenario.plan.units * (len(plan.stages) - 1)
        if world.queue.deepest > most:
            yield f"{world.queue.deepest} messages are outstanding, {plan.window} are allowed"


def _disobedience(world: World) -> Iterator[str]:
    """Soon after a wish no more groups run than it allows."""
    control = world.control
    most = 0 if control.cancel or control.paused else control.count
    running = sum(group.running for group in world.azure.groups.values())
    soon = _soon(world, world.looks_since_wish, world.wished)
    if most is not None and not soon and running > most:
        yield f"{running} groups run, {most} are wished"


def _soon(world: World, looks: int, since: float) -> bool:
    """Whether nothing can be expected yet."""
    few, seconds = (20, 900) if DISTURBED & world.scenario.faults else (6, 120)
    return looks < few or world.agenda.now - since < seconds


def _pressure(world: World) -> Iterator[str]:
    """Soon after a target asks for less half of the groups run, and a minute brings one more."""
    pressed = world.pressed
    if pressed.most is None or _soon(world, pressed.looks, pressed.began):
        return
    # The clocks of app and world differ by the length of a look.
    minutes = int((world.agenda.now - pressed.began - 115) // 55) + 1
    running, most = sum(group.running for group in world.azure.groups.values()), pressed.most
    if "clock" not in world.scenario.faults and running > most + minutes:
        yield f"{running} groups run, the target was to have {most} and {minutes} more by now"


def _repetitions(world: World) -> Iterator[str]:
    """What was told of is told of again only where the answer was lost."""
    for event, times in world.told.items():
        if times > 1 + world.broken:
            yield f"{event} was told {times} times"


def _lost_units(world: World) -> Iterator[str]:
    """A unit that was seeded is done, dead, or on the queue, unless a fault took its message."""
    if world.report is not None:
        return
    scenario = world.scenario
    if "vanish" in scenario.faults or scenario.vanishing or world.control.redrives:
        return
    if world.scenario.plan.units > LOOKED_AT:  # the account at the end must do
        return
    known = world.workers.done | world.workers.dead.keys() | world.queue.units()
    for unit in world.ledger.seeded:
        if not any((stage, unit) in known for stage in scenario.plan.stages):
            yield f"unit {unit} is lost"


def at_the_end(world: World, failure: str | None, longest_turn: float) -> Iterator[str]:
    """What is wrong with a run that has ended by itself."""
    if failure and "could not be cleaned up" in failure:
        yield f"the run gave up cleaning: {failure}"
        return
    state = world.report
    if state is None or state.verdict is None:
        yield "the run ended without closing"
        return
    if world.azure.groups:
        yield f"container groups are left: {sorted(world.azure.groups)}"
    if len(world.queue):
        yield "the work queue is left"
    yield from _account(world)
    yield from _money(world, longest_turn)


def _account(world: World) -> Iterator[str]:
    """The account adds up, and says the truth."""
    state = world.report
    assert state
    assert state.verdict
    if state.plan is None or not state.plan.units:
        return
    if state.account is None:
        yield "the run has no account"
        return
    units, stages = range(state.plan.units), state.plan.stages
    missing = {stage: len(left) for stage, left in world.ledger.missing(units).items()}
    done = {stage: sum((stage, u) in world.workers.done for u in units) for stage in stages}
    if state.account.done != done or state.account.missing != missing:
        yield f"the account says {state.account}, but {done} are done and {missing} missing"
    total = state.account.done[stages[0]] + state.account.dead[stages[0]]
    if total + state.account.missing[stages[0]] != state.plan.units:
        yield "the account does not add up: a unit is both done and dead, or neither"
    proven = state.verdict.phase in (Phase.SUCCEEDED, Phase.COMPLETED_WITH_FAILURES)
    if proven and any(missing.values()):
        yield f"{state.verdict.phase} with units missing: {missing}"
    if state.verdict.phase is Phase.SUCCEEDED and done[stages[-1]] != state.plan.units:
        yield f"Succeeded with {done} done"
    if proven and state.plan.finish:
        yield from _last_step(world, state.verdict.phase)


def _last_step(world: World, phase: Phase) -> Iterator[str]:
    """It comes after all units, and a run that has succeeded has its receipt."""
    committed, receipt = world.workers.committed, LAST in world.workers.done
    if not receipt and (phase is Phase.SUCCEEDED or LAST not in world.workers.dead):
        yield f"{phase} without its last step"
    last = max((at for stage, at in committed.items() if stage != FINISH), default=0.0)
    if receipt and committed[FINISH] < last:
        yield "a unit was done after the last step"


def _money(world: World, longest_turn: float) -> Iterator[str]:
    state, plan = world.report, world.scenario.plan
    assert state
    if world.rounds:
        return
    each = plan.instances.cpu * plan.prices.vcpu_second
    each += plan.instances.memory_gb * plan.prices.gb_second
    # A deletion that Azure refuses three times is beyond anybody's power.
    refused = 120 if "throttle" in world.scenario.faults else 10
    one_look = each * max(1, world.azure.most_at_once) * (longest_turn + refused)
    true, cap = world.azure.money(), plan.limits.cost
    if cap is not None and true > cap + one_look:
        yield f"the run cost {true:.3f}, its cap is {cap}, and a look is worth {one_look:.3f}"
    if spent(state, moment(world.agenda.now)) < true - one_look:
        yield f"the run cost {true:.3f} and says {spent(state, moment(world.agenda.now)):.3f}"
