"""One episode: a ground, jobs in a storm, all healed, and what must hold at the end."""

import shutil
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from . import invariants
from .asking import aci_fault
from .courses import Course, Follower
from .ground import EpisodeGround
from .jobs import Work
from .scenario import STORM, Scenario
from .storm import Happening, Storm

END_SECONDS = 240.0  # from the end of the storm to those of all runs


@dataclass
class Result:
    """What an episode came to; its folder is there only if something is wrong."""

    scenario: Scenario
    folder: Path
    courses: list[Course]
    happenings: list[Happening] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def met(self) -> Counter[str]:
        """How often each fault has met somebody."""
        return Counter(str(each.fault) for each in self.happenings if each.met)

    @property
    def ends(self) -> Counter[str]:
        """The ends of runs, each with those that were mended before it."""
        return Counter(
            ", then ".join(state for state, _ in course.ends) or "no end" for course in self.courses
        )


def play(scenario: Scenario, folder: Path) -> Result:
    """Play an episode in a new folder; whatever ends it, nothing is left running.

    What cannot be played is wrong as well. The folder stays if anything is wrong.
    """
    began = monotonic()
    result = Result(scenario, folder, [Course(Work(job)) for job in scenario.jobs])
    ground = EpisodeGround(folder)
    try:
        ground.start()
        ride(ground, result)
        result.wrong += invariants.of_the_runs(ground, result.courses, result.happenings)
    except Exception:
        result.wrong.append(traceback.format_exc())
    except KeyboardInterrupt:
        ground.stop()
        shutil.rmtree(folder)
        raise
    finally:
        ground.stop()
    result.wrong += invariants.of_the_ground(ground)
    result.seconds = monotonic() - began
    if not result.wrong:
        shutil.rmtree(folder)
    return result


def ride(ground: EpisodeGround, result: Result) -> None:
    """Start the jobs in the storm, heal everything, and follow the runs to their ends."""
    for course in result.courses:
        view = ground.view(course.work.schema)
        course.work.prepare(view)
        view.close()
    began, over = monotonic(), Event()
    follower = Follower(
        client=lambda: ground.client,
        began=began,
        deadline=began + STORM + END_SECONDS,
        over=over,
    )
    storm = Storm(ground, result.scenario.faults, began)
    with ThreadPoolExecutor(len(result.courses)) as pool:
        try:
            followed = [pool.submit(follower.follow, course) for course in result.courses]
            result.happenings = storm.wait()
            _note_unmet(result.happenings, ground.heal())
            for each in followed:
                each.result()
        finally:
            over.set()
            storm.end()


def _note_unmet(happenings: Sequence[Happening], unspent: Sequence[Mapping[str, Any]]) -> None:
    """Faults that the stand-in was asked for in vain have met nobody."""
    for happening in happenings:
        if happening.fault.target == "aci":
            wanted = aci_fault(happening.fault.kind)
            untouched = {**wanted, "left": wanted["count"]}.items()
            if any(untouched <= fault.items() for fault in unspent):
                happening.met = ""
