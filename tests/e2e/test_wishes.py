"""Wishes over HTTP: each is kept, may come twice, and is refused once the run has ended."""

from typing import Any

import pytest
from support.runs import Ground, done, until

from command_line.client import RefusedError
from orchestration.model import Control
from worker_image.contract import naming

pytestmark = pytest.mark.long

WISHES: list[tuple[str, Any, dict[str, Any]]] = [
    ("pause", None, {"paused": True}),
    ("pause", None, {"paused": True}),
    ("scale", {"count": 3}, {"paused": True, "count": 3}),
    ("resume", None, {"paused": False, "count": 3}),
    ("scale", {"count": None}, {"paused": False, "count": None}),
    ("pause", {}, {"paused": True}),
    ("cancel", {"reason": "enough"}, {"cancel": True, "reason": "enough", "paused": True}),
    ("cancel", None, {"cancel": True, "reason": "cancelled on request"}),
]


def kept(ground: Ground, run: str) -> Control:
    blob = ground.blobs.get_blob_client(naming.RUNS, naming.control(run))
    return Control.model_validate_json(blob.download_blob().readall())


def test_a_wish_is_kept_until_the_run_has_ended(ground: Ground) -> None:
    run = ground.client.start(ground.pipeline(units=12))
    for wish, body, expected in WISHES:
        answer = ground.client.call("POST", f"/runs/{run}/{wish}", body)
        found = kept(ground, run)
        assert {name: getattr(found, name) for name in expected} == expected
        assert answer == {"run": run, "wishes": found.model_dump(exclude={"redrives", "closed"})}
    assert ground.finish(run)["state"] == "Cancelled"
    for wish, body, _ in WISHES:
        with pytest.raises(RefusedError, match="has ended") as caught:
            ground.client.call("POST", f"/runs/{run}/{wish}", body)
        assert caught.value.status == 409

    ground.client.call("POST", f"/runs/{run}/redrive", {})
    found = kept(ground, run)
    assert (found.cancel, found.paused) == (False, False), "a redrive takes their place"
    assert ground.finish(run)["state"] == "Succeeded"
    assert ground.count("aci_jobs_ledger") == 12


def test_a_paused_run_has_no_groups_and_goes_on_as_it_is_scaled(ground: Ground) -> None:
    units = 180  # more than are done before the pause is seen
    run = ground.client.start(ground.pipeline(units=units))
    ground.wait(run, done(5))
    ground.client.call("POST", f"/runs/{run}/pause")
    ground.wait(run, lambda shown: shown["status"]["waits"] == "paused")
    until(lambda: (ground.groups(run), ground.processes(run)) == ([], []))
    paused = ground.client.show(run)
    assert paused["state"] == "Paused"

    ground.client.call("POST", f"/runs/{run}/scale", {"count": 1})
    ground.client.call("POST", f"/runs/{run}/resume")
    until(lambda: len(ground.groups(run)) == 1)
    shown = ground.finish(run)
    assert shown["state"] == "Succeeded"
    assert shown["report"]["groups_used"] == 2 + 1, "the third alone after the pause"
    assert ground.count("aci_jobs_ledger") == units


FAULTY = [
    ("scale", None, "count"),
    ("scale", {"count": 0}, "count"),
    ("scale", {"count": 101}, "count"),
    ("scale", {"count": 2, "spot": True}, "spot"),
    ("cancel", {"reason": "x" * 501}, "reason"),
    ("redrive", {"units": "all"}, "units"),
]


def test_a_faulty_wish_changes_nothing(ground: Ground) -> None:
    run = ground.client.start(ground.nothing())
    for wish, body, field in FAULTY:
        with pytest.raises(RefusedError) as caught:
            ground.client.call("POST", f"/runs/{run}/{wish}", body)
        assert caught.value.status == 400
        assert [error["field"] for error in caught.value.problem["errors"]] == [field]
    assert not ground.blobs.get_blob_client(naming.RUNS, naming.control(run)).exists()
    ground.finish(run)
