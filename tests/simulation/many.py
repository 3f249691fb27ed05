"""Many runs on all processors, and what they came to."""

import multiprocessing
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from .orchestrating import Direct
from .playing import play
from .replaying import Recorded

REPLAYED = 20
"""One run in so many goes through the SDK's replay as well."""
BATCH = 50


@dataclass
class Tally:
    """What some runs came to."""

    runs: int = 0
    replayed: int = 0
    turns: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)  # runs whose scenario has the fault
    met: Counter[str] = field(default_factory=Counter)  # times that it happened
    wrong: list[tuple[int, str]] = field(default_factory=list)  # seed, and what is wrong

    def add(self, other: "Tally") -> None:
        """Count other runs as well."""
        self.runs += other.runs
        self.replayed += other.replayed
        self.turns += other.turns
        self.ends += other.ends
        self.drawn += other.drawn
        self.met += other.met
        self.wrong += other.wrong


def tally(seeds: range) -> Tally:
    """Play the runs of some seeds."""
    warnings.simplefilter("ignore")  # the SDK warns of wishes that come before the wait for them
    found = Tally()
    for seed in seeds:
        through_sdk = seed % REPLAYED == 0
        result = play(seed, Recorded if through_sdk else Direct)
        found.runs += 1
        found.replayed += through_sdk
        found.turns += result.turns
        found.ends[result.end] += 1
        found.drawn.update(result.scenario.faults)
        found.met.update(result.world.azure.met)
        found.wrong += [(seed, result.wrong[0])] if result.wrong else []
    return found


def tallies(first: int, runs: int) -> Iterator[Tally]:
    """Play many runs, batch by batch, in a process for each processor."""
    last = first + runs
    batches = [range(n, min(n + BATCH, last)) for n in range(first, last, BATCH)]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(tally, batches)
