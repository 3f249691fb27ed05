"""What a run tells of itself to somebody who is away at first."""

import json
from typing import Any

import pytest
from support.endpoint import Endpoint, endpoint
from support.runs import Ground, until
from support.webhooks import received

pytestmark = pytest.mark.long


def told(receiver: Endpoint, run: str) -> list[tuple[str, dict[str, Any]]]:
    """The ids and payloads of a run, as they came, each verified."""
    news = map(received, list(receiver.asked))
    return [(name, payload) for name, payload in news if payload["data"]["run"] == run]


def test_a_receiver_that_was_away_hears_of_dead_letters_a_stall_and_the_end(
    ground: Ground, webhook_port: int
) -> None:
    container = f"landing-{ground.schema.replace('_', '-')}"
    ground.store(container, "bad.ndjson", b"{")
    request = {
        "kind": "ingest",
        "source": {"container": container},
        "sink": {"schema": ground.schema},
        "instances": {"count": 1, "cpu": 0.5, "memory_gb": 1},
        "notify": {"dead_letters": 1, "stalled": 0.1},
        "expected": {"cost": 2.5},
    }
    run = ground.client.start(request)
    shown = ground.finish(run)
    assert shown["state"] == "CompletedWithFailures", "nobody listens, and the run goes its way"
    assert shown["status"]["cost_expected"] == 2.5
    assert shown["report"]["expected"] == {"cost": 2.5, "minutes": None}

    names = {f"{run}-{event}-0" for event in ("dead-letters", "stalled", "finished")}
    with endpoint(webhook_port) as receiver:

        def all_are_told() -> bool:
            ground.trigger("send_notifications")
            return {name for name, _ in told(receiver, run)} == names and _all_are_taken(
                ground, run
            )

        until(all_are_told)
        news = dict(told(receiver, run))
    assert {name: payload["type"] for name, payload in news.items()} == {
        f"{run}-dead-letters-0": "run.threshold",
        f"{run}-stalled-0": "run.stalled",
        f"{run}-finished-0": "run.finished",
    }
    end = news[f"{run}-finished-0"]["data"]
    assert (end["state"], end["units"], end["dead"]) == ("CompletedWithFailures", 1, 1)
    assert end["link"] == f"{ground.app.url}/api/runs/{run}"
    assert ground.client.show(run)["links"]["self"] == end["link"]


def _all_are_taken(ground: Ground, run: str) -> bool:
    blobs = ground.blobs.get_container_client("runs")
    kept = [
        json.loads(blobs.download_blob(blob.name).readall())
        for blob in blobs.list_blobs(name_starts_with=f"{run}/told/")
    ]
    taken = [notice for notice in kept if notice["state"] == "taken"]
    assert all(notice["tries"] > 1 for notice in taken), "the first time nobody was there"
    return len(taken) == 3
