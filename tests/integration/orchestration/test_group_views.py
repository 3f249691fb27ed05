"""What is seen of a container group, from the real states of the stand-in."""

from collections.abc import Callable, Iterator

import pytest
from support.container_instances import LOCATION, StandIn, container_group, until

from orchestration.model import GroupView, Remedy
from orchestration.services import Services
from orchestration.services.group_definition import APP

FOREVER = "import time; time.sleep(600)"


class Watched:
    """One group of a run, and looks at it."""

    def __init__(self, services: Services, stand_in: StandIn, run: str) -> None:
        self._services, self._stand_in, self._run = services, stand_in, run
        self.name = f"{run}-001-02"

    def put(self, code: str = FOREVER, **options: object) -> None:
        tags = {"app": APP, "run": self._run, "ordinal": "1", "attempt": "2"}
        self._stand_in.put(self.name, container_group(code, tags=tags, **options))  # type: ignore[arg-type]

    def fault(self, kind: str, **fault: object) -> None:
        self._stand_in.fault(kind, group=self.name, **fault)

    def look(self) -> GroupView:
        (view,) = self._services.groups.of_run(self._run)
        return view

    def until(self, holds: Callable[[GroupView], bool]) -> GroupView:
        return until(lambda: view if holds(view := self.look()) else None)  # type: ignore[return-value]


@pytest.fixture
def group(services: Services, stand_in: StandIn, run: str) -> Iterator[Watched]:
    watched = Watched(services, stand_in, run)
    yield watched
    stand_in.delete(watched.name)


def test_a_group_that_runs(group: Watched) -> None:
    group.put()
    view = group.until(lambda view: view.state == "Running")
    assert (view.name, view.ordinal, view.attempt) == (group.name, 1, 2)
    assert (view.region, view.spot, view.detail, view.refusal) == (LOCATION, False, "", None)
    assert view.started is not None
    assert (view.ended, view.exit_code, view.over) == (None, None, False)


def test_a_failure_of_the_program_is_its_exit_code_and_no_refusal(group: Watched) -> None:
    group.put("exit(3)")
    view = group.until(lambda view: view.over)
    assert (view.exit_code, view.detail, view.refusal) == (3, "Error", None)


def test_a_creation_that_found_no_capacity_is_a_refusal(group: Watched) -> None:
    group.fault("no_capacity")
    group.put(priority="Spot")
    view = group.until(lambda view: view.over)
    assert view.refusal is not None
    assert (view.refusal.code, view.refusal.remedy) == ("InsufficientCapacity", Remedy.REGION)
    assert view.detail == "Insufficient capacity."
    assert (view.started, view.spot) == (None, True)


def test_an_image_that_cannot_be_pulled_is_told_while_it_is_pending(group: Watched) -> None:
    group.fault("bad_image")
    group.put()
    view = group.until(lambda view: view.refusal is not None)
    assert (view.state, view.over) == ("Pending", True)
    assert view.detail.startswith("ImagePullBackOff; Failed to pull image")
    assert view.refusal is not None
    assert view.refusal.model_dump() == {
        "code": "InaccessibleImage",
        "remedy": "fatal",
        "wait": 60,
        "tries": 1,
    }
    assert view.started is not None, "billed from the first pull"


def test_an_image_that_was_never_pulled_is_a_refusal(group: Watched) -> None:
    group.fault("bad_image", seconds=0.1)
    group.put()
    view = group.until(lambda view: view.over)
    assert view.refusal is not None
    assert (view.refusal.code, view.refusal.remedy) == ("InaccessibleImage", Remedy.FATAL)


@pytest.mark.parametrize("kind", ["stuck_pending", "failed_operation"])
def test_a_creation_that_failed_without_a_word_is_a_refusal(group: Watched, kind: str) -> None:
    group.fault(kind, seconds=0.2)
    group.put()
    view = group.until(lambda view: view.over)
    assert view.refusal is not None
    assert view.refusal.model_dump(exclude={"wait"}) == {
        "code": "ProvisioningFailed",
        "remedy": "region",
        "tries": 3,
    }


def test_a_container_that_has_ended_counts_before_what_its_group_says(group: Watched) -> None:
    group.fault("stale_state")
    group.put("pass")
    view = group.until(lambda view: view.over)
    assert (view.state, view.exit_code) == ("Running", 0)
    assert view.ended is not None


def test_an_eviction_is_told_and_changes_no_start(group: Watched) -> None:
    group.fault("evict", seconds=0.2)
    group.put(priority="Spot")
    before = group.until(lambda view: view.state == "Running")
    after = group.until(lambda view: "run again" in view.detail)
    assert after.detail == "run again 1 times, the last time after exit code 137"
    assert (after.started, after.ended, after.over) == (before.started, None, False)
