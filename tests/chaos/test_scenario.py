"""A seed means one thing; which ends and dead letters its faults justify."""

from collections import Counter
from typing import Any

import pytest
from support.tables import table

from .courses import Course
from .explaining import unexplained
from .jobs import Work
from .scenario import ACI_FAULTS, LINKS, SERVICES, STORM, WEATHERS, WISHES, WORKER_HARMS, Job, draw

pytestmark = pytest.mark.long


def test_a_seed_is_one_schedule() -> None:
    assert draw(11) == draw(11)
    assert draw(11) != draw(12)


def test_every_fault_is_drawn_and_all_are_over_when_the_storm_is() -> None:
    drawn: Counter[str] = Counter()
    for seed in range(500):
        faults = draw(seed).faults
        assert all(0 <= fault.at < fault.at + fault.seconds <= STORM for fault in faults)
        for number, fault in enumerate(faults):
            others = [other for other in faults[:number] if other.parts & fault.parts]
            assert all(other.at + other.seconds < fault.at for other in others), seed
        drawn.update(map(str, faults))
    assert drawn.keys() == {
        *(f"{kind} worker" for kind in WORKER_HARMS),
        *(f"{kind} {service}" for kind in ("kill", "stop", "pause") for service in SERVICES),
        *(f"{weather} {link}" for weather in WEATHERS for link in LINKS),
        *(f"{kind} aci" for kind in ACI_FAULTS),
        *(f"{wish} run" for wish in WISHES),
        "kill postgresql backend",
        "double messages",
    }


def course(attempts: int = 3, **members: Any) -> Course:
    members.setdefault("ends", [("Succeeded", "")])
    return Course(Work(Job("command", 0, 0.0, 1, attempts)), **members)


def letter(kind: str) -> dict[str, Any]:
    return {"type": kind, "error": "x"}


@table(
    "told, faults, wrong",
    {
        "all went well": (course(), {"kill"}, ""),
        "an image could not be pulled": (
            course(ends=[("Failed", "InaccessibleImage: …"), ("Succeeded", "")]),
            {"bad_image"},
            "",
        ),
        "nobody touched the image": (
            course(ends=[("Failed", "InaccessibleImage: …")]),
            {"kill", "cut"},
            "no fault ends a run so: Failed",
        ),
        "it gave up": (
            course(ends=[("Failed", "no progress")]),
            {"bad_image"},
            "no fault ends a run so: Failed",
        ),
        "nobody cancelled": (course(ends=[("Cancelled", "")]), {"kill"}, "no fault ends a run so"),
        "a worker was killed": (course(letters=[letter("WorkerDied")]), {"kill"}, ""),
        "no worker was killed": (
            course(letters=[letter("WorkerDied")]),
            {"delay"},
            "a dead letter that no fault explains",
        ),
        "nothing happened at all": (
            course(letters=[letter("ValueError")]),
            set(),
            "a dead letter that no fault explains",
        ),
        "attempts were many": (
            course(20, letters=[letter("WorkerDied")]),
            {"kill"},
            "dead letters in spite of 20 attempts",
        ),
        "a worker was heard": (
            course(notes=["g: no word from its worker for 40 s"]),
            {"shift clock"},
            "a worker was given up as silent",
        ),
        "a worker was gone": (
            course(notes=["g: no word from its worker for 40 s"]),
            {"stale_state"},
            "",
        ),
    },
)
def test_ends_and_dead_letters_are_explained_by_faults(
    told: Course, faults: set[str], wrong: str
) -> None:
    found = list(unexplained(told, faults))
    assert [each[: len(wrong)] for each in found] == ([wrong] if wrong else [])
