"""Faults of the policy itself, made on purpose: the simulation must find each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from orchestration.model import Finish, Phase, RunState, SlotStatus, Verdict
from orchestration.policy import (
    auditing,
    deciding,
    finishing,
    judging,
    learning,
    placing,
    removing,
    settling,
)
from orchestration.policy.slots import group_name

from .scenario import Scenario


@dataclass(frozen=True)
class Mutation:
    """Another function in the place of one of the policy's.

    `fault` is what brings it to light, in a run that may have `most` groups, or has a `last_step`.
    """

    module: Any
    name: str
    instead: Any
    fault: str = ""
    most: int = 1
    last_step: bool = False

    def apply(self, patch: pytest.MonkeyPatch) -> None:
        """Put it in."""
        patch.setattr(self.module, self.name, self.instead)

    def concerns(self, scenario: Scenario) -> bool:
        """Whether a scenario may show it: by its faults, and by how many groups it may have."""
        plan = scenario.plan
        large = min(plan.instances.most, plan.window, max(1, plan.units)) >= self.most
        has_it = plan.finish or not self.last_step
        return large and has_it and (not self.fault or self.fault in scenario.faults)


def _same_attempts(state: RunState) -> Any:
    """A replacement takes the name of what it replaces."""
    taken = {slot.ordinal: slot for slot in state.slots}
    for ordinal in range(1, 1000):
        slot = taken.get(ordinal)
        if slot is None or slot.status is SlotStatus.GONE:
            yield ordinal, slot.attempt if slot else 1


def _only_what_is_known(state: RunState) -> set[str]:
    """The cleanup looks at the slots and not at what Azure shows."""
    return {group_name(state.run, slot) for slot in state.slots if slot.status is SlotStatus.LIVE}


def _as_good_as_done(account: Any) -> Verdict:
    """What is missing is not worth a word."""
    return Verdict(phase=Phase.SUCCEEDED)


def _never_afresh(state: RunState) -> Finish:
    """What an earlier time has left passes for the end of the step."""
    return finishing.finish(state).model_copy(update={"afresh": False})


def _freed(state: RunState, gone: Any, _: object) -> RunState:
    changed = (
        slot.model_copy(update={"status": SlotStatus.GONE})
        if (slot.ordinal, slot.attempt) in gone
        else slot
        for slot in state.slots
    )
    return state.model_copy(update={"slots": tuple(changed)})


def _all_but(rule: Callable[..., Any]) -> Any:
    return tuple(other for other in judging.RULES if other is not rule)


def _as_requested(state: RunState, _: object) -> int:
    assert state.plan
    return state.plan.instances.most


MUTATIONS = {
    "a name is used again": Mutation(placing, "open_places", _same_attempts),
    "the cleanup forgets groups": Mutation(deciding, "left", _only_what_is_known),
    "missing units are overlooked": Mutation(auditing, "verdict", _as_good_as_done),
    "the last step is forgotten": Mutation(auditing, "finishes", lambda _: False, last_step=True),
    "the last step is done once": Mutation(
        deciding, "finish", _never_afresh, "redrive", last_step=True
    ),
    "a target's pushback is not heard": Mutation(
        learning, "eased", lambda state, *_: state, "push_back", most=8
    ),
    "the cap is looked at too late": Mutation(judging, "committed", lambda *_: 0.0),
    "the deadline does not count": Mutation(judging, "RULES", _all_but(judging._past_deadline)),
    "nobody listens to a cancel": Mutation(
        judging, "RULES", _all_but(judging._cancelled), "cancel"
    ),
    "a pause is not heard": Mutation(removing, "wanted", _as_requested, "pause"),
    "quotas are not asked": Mutation(placing, "_room", lambda *_: 20),
    "deletions know no pace": Mutation(
        removing, "tokens", lambda *_: 1_000, "slow_delete", most=50
    ),
    "intended creations are forgotten": Mutation(placing, "intended", lambda state, *_: state),
    "what was told of is forgotten": Mutation(settling, "told", lambda state, _: state),
    "groups that are gone cost nothing": Mutation(learning, "vacate", _freed),
}
