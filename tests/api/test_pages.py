"""Lists in pages, filters, and the parts of one run, over HTTP."""

from datetime import UTC, datetime

import pytest
from azure.storage.blob import BlobServiceClient
from support.history import GROUPS, History, worker

from command_line.client import Client, RefusedError
from local_host.system import LocalApp
from orchestration.chronicle import SAMPLES
from orchestration.services import Records


@pytest.fixture(scope="module")
def runs(azurite: str) -> list[str]:
    """Runs that have ended, the newest first, each third of them with dead letters."""
    history = History(Records(BlobServiceClient.from_connection_string(azurite)), datetime.now(UTC))
    return [
        history.ended(n, dead=int(n % 3 == 0), dataset={"dataset": "pages"}).run
        for n in range(100, 125)
    ]


@pytest.fixture(scope="module")
def client(app: LocalApp) -> Client:
    return Client(app.url, app.key)


def test_pages_have_each_run_once_the_newest_first(client: Client, runs: list[str]) -> None:
    query = {"dataset": "pages", "limit": 7}
    assert [entry["run"] for entry in client.pages("/runs", "runs", query)] == runs
    first = client.call("GET", "/runs", query=query)
    assert first["next"] == first["runs"][-1]["run"] == runs[6]


def test_filters_go_together(client: Client, runs: list[str]) -> None:
    query = {"dataset": "pages", "state": "CompletedWithFailures", "kind": "generate"}
    shown = client.call("GET", "/runs", query={**query, "text": runs[2][-5:]})["runs"]
    assert [(entry["run"], entry["dead"]) for entry in shown] == [(runs[2], 1)]
    assert client.call("GET", "/runs", query={**query, "kind": "ingest"})["runs"] == []


def test_a_wrong_filter_is_told(client: Client) -> None:
    with pytest.raises(RefusedError, match=r"query\.limit: .* less than or equal to 500"):
        client.call("GET", "/runs", query={"limit": 501})


def test_the_parts_of_a_run(client: Client, run: str) -> None:
    shown = client.show(run)
    assert shown["state"] == "CompletedWithFailures"
    assert shown["links"]["dead_letters"].endswith(f"/api/runs/{run}/dead-letters")
    assert client.call("GET", f"/runs/{run}/report") == shown["report"]
    groups = client.call("GET", f"/runs/{run}/groups")["groups"]
    assert [group["name"] for group in groups] == [worker(run, n + 1) for n in range(GROUPS)]
    assert groups[0]["worker"]["current"] == ["generate/0000001"]
    samples = client.call("GET", f"/runs/{run}/progress")["samples"]
    assert 1 < len(samples) <= SAMPLES
    letters = client.call("GET", f"/runs/{run}/dead-letters")
    whole = client.call("GET", f"/runs/{run}/dead-letters/{letters['dead_letters'][3]['place']}")
    assert whole["message"]["unit"] == 3
    assert whole["error"]["traceback"]


@pytest.mark.parametrize(
    "path",
    ["/runs/nobody", "/runs/r261123-120000-zzzzz/report", "/runs/{run}/dead-letters/x/1", "/x"],
)
def test_what_is_not_there_is_told(client: Client, run: str, path: str) -> None:
    with pytest.raises(RefusedError) as caught:
        client.call("GET", path.replace("{run}", run))
    assert caught.value.status == 404


def test_without_a_key_there_is_health_alone(app: LocalApp) -> None:
    nobody = Client(app.url, "")
    assert nobody.call("GET", "/health") == {"status": "ok"}
    for path in ("/runs", "/openapi.json"):
        with pytest.raises(RefusedError, match="401 the key is missing or wrong"):
            nobody.call("GET", path)
