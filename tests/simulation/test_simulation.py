"""Thousands of runs with faults, in virtual time: what must hold of a run holds of each."""

from itertools import count, islice

import pytest
from typer.testing import CliRunner

from simulation import many
from simulation.__main__ import cli
from simulation.mutations import MUTATIONS, Mutation
from simulation.orchestrating import Direct
from simulation.playing import play
from simulation.replaying import Recorded, Replayed
from simulation.scenario import FAULTS, draw

RUNS = 2_000
SEEDS_FOR_A_MUTATION = 300


@pytest.mark.timeout(600)  # they take a minute of a processor that others may want as well
def test_every_invariant_holds_in_thousands_of_runs() -> None:
    found = many.Tally()
    for part in many.tallies(0, RUNS):
        found.add(part)
    assert found.wrong == [], "PYTHONPATH=tests python -m simulation story SEED tells it"
    assert found.runs == RUNS
    assert found.replayed >= RUNS / 20
    assert min(found.drawn[fault] for fault in FAULTS) > RUNS / 40
    assert min(found.met[fault] for fault in FAULTS) > 0, found.met
    ends = {"Succeeded", "CompletedWithFailures", "Failed", "Cancelled", "Terminated"}
    assert set(found.ends) == ends


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")
def test_a_run_is_the_same_through_the_sdk(seed: int) -> None:
    """Episode by episode as in production, and its history as a whole."""
    direct, replayed, recorded = (play(seed, kind) for kind in (Direct, Replayed, Recorded))
    assert direct.calls == replayed.calls == recorded.calls
    assert direct.statuses == replayed.statuses == recorded.statuses
    assert direct.end == replayed.end == recorded.end
    assert direct.story == replayed.story == recorded.story
    assert direct.wrong == replayed.wrong == recorded.wrong == []


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_a_faulty_policy_is_found(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation.apply(monkeypatch)
    seeds = (seed for seed in count() if mutation.concerns(draw(seed)))
    assert any(play(seed).wrong for seed in islice(seeds, SEEDS_FOR_A_MUTATION))


def test_a_seed_tells_its_story() -> None:
    told = CliRunner().invoke(cli, ["story", "11"])
    assert told.exit_code == 0
    assert told.output == f"{play(11).story}\n", "the same at every time"
    assert "Provision" in told.output
    assert "end: " in told.output
