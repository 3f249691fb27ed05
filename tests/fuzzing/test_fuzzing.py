"""A short share of the fuzzing: what once was a fault, what is sound, and what is near that."""

from itertools import islice

import pytest

from fuzzing.mutating import mutated
from fuzzing.samples import kept
from fuzzing.targets import TARGETS

SHARE = 400  # of the inputs of `make fuzz`


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_near_a_sound_input_is_read_or_refused(name: str) -> None:
    target = TARGETS[name]
    samples = [*target.samples(), *kept(name)]
    for data in (*samples, *islice(mutated(samples, seed=1), target.runs // SHARE)):
        target.read(data)


def test_a_million_inputs_are_tried() -> None:
    assert sum(target.runs for target in TARGETS.values()) >= 1_000_000


def test_every_kept_input_is_one_of_a_target() -> None:
    assert sum(1 for name in TARGETS for _ in kept(name)) >= 12
