"""What the webhook is told, through its outbox, by a receiver that is away or refuses at first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.activities import bury, finish, keep
from support.endpoint import Answer, Endpoint, endpoint
from support.webhooks import SECRET, received

from orchestration.activities.auditing import close
from orchestration.activities.notifying import notify
from orchestration.activities.seeding import prepare
from orchestration.model import (
    Close,
    Control,
    Event,
    Notify,
    Observation,
    Phase,
    Prepare,
    RunState,
    Selection,
    Verdict,
)
from orchestration.outbox import Notice, send_due
from orchestration.services import Services, Webhook
from worker_image.contract import naming

REQUEST = {
    "kind": "generate",
    "dataset": {"dataset": "d", "version": 1},
    "units": 2,
    "notify": {"dead_letters": 1},
    "expected": {"cost": 0.5, "minutes": 2},
}


@pytest.fixture
def receiver() -> Iterator[Endpoint]:
    with endpoint() as running:
        yield running


@pytest.fixture
def told(services: Services, receiver: Endpoint) -> Services:
    """The services with somebody who is told; nothing waits from tests before."""
    services.records.clear("outbox/")
    return replace(services, webhook=Webhook(receiver.url, SECRET))


@pytest.fixture
def now() -> datetime:
    """The time of the test: a receiver takes what was signed just now."""
    return datetime.now(UTC)


def threshold(services: Services, run: str, now: datetime) -> Notify:
    keep(services, run, REQUEST)
    plan = prepare(services, Prepare(run=run)).plan
    state = RunState(
        run=run,
        started=now,
        progressed=now,
        plan=plan,
        observation=Observation(queued=0, dead=1),
    )
    return Notify(event=Event.DEAD_LETTERS, at=now, state=state)


def ended(run: str, now: datetime, phase: Phase = Phase.FAILED) -> Close:
    verdict = Verdict(phase=phase, reason="enough")
    return Close(state=RunState(run=run, started=now, progressed=now, verdict=verdict))


def waiting(services: Services) -> list[str]:
    return [str(blob.name) for blob in services.records.listing(naming.RUNS, "outbox/")]


def outcome(services: Services, run: str, name: str) -> Notice | None:
    return services.records.read_as(Notice, naming.told(run, name))


def test_it_is_told_at_once_and_once(
    told: Services, run: str, now: datetime, receiver: Endpoint
) -> None:
    decision = threshold(told, run, now)
    for _ in range(2):
        assert notify(told, decision, now).count == 1
    send_due(told, now + timedelta(seconds=3_600))
    (asked,) = receiver.asked
    name, news = received(asked)
    assert name == f"{run}-dead-letters-0"
    assert asked.headers["content-type"] == "application/json"
    assert (news["type"], news["timestamp"]) == ("run.threshold", f"{now:%Y-%m-%dT%H:%M:%S.%fZ}")
    assert news["data"]["dead"] == 1
    assert news["data"]["cost_expected"] == 0.5
    assert waiting(told) == []
    kept = outcome(told, run, name)
    assert kept
    assert (kept.state, kept.tries, kept.said) == ("taken", 1, "status 204")


def test_a_receiver_that_refuses_is_told_again_under_the_same_id(
    told: Services, run: str, now: datetime, receiver: Endpoint
) -> None:
    elsewhere = {"Location": receiver.url, "Retry-After": "60"}
    receiver.script = [Answer(500), Answer(302, headers=elsewhere), Answer(0)]
    notify(told, threshold(told, run, now), now)
    send_due(told, now + timedelta(seconds=4))
    assert len(receiver.asked) == 1, "it waits for some seconds"
    send_due(told, now + timedelta(seconds=6))
    send_due(told, now + timedelta(seconds=65))
    assert len(receiver.asked) == 2, "as long as the receiver asked for"
    send_due(told, now + timedelta(seconds=67))
    send_due(told, now + timedelta(seconds=1_000))
    assert len(receiver.asked) == 4
    assert {asked.headers["webhook-id"] for asked in receiver.asked} == {f"{run}-dead-letters-0"}
    assert {asked.body for asked in receiver.asked} == {receiver.asked[0].body}
    stamps = [int(asked.headers["webhook-timestamp"]) for asked in receiver.asked]
    assert [stamp - int(now.timestamp()) for stamp in stamps] == [0, 6, 67, 1_000]
    kept = outcome(told, run, f"{run}-dead-letters-0")
    assert kept
    assert (kept.state, kept.tries) == ("taken", 4)


def test_a_receiver_that_is_away_for_a_day_is_given_up(
    services: Services, run: str, now: datetime
) -> None:
    services.records.clear("outbox/")
    with endpoint() as gone:
        away = replace(services, webhook=Webhook(gone.url, SECRET))
    assert notify(away, threshold(away, run, now), now).count == 1
    send_due(away, now + timedelta(seconds=86_399))
    assert waiting(away) == [f"outbox/{run}-dead-letters-0.json"]
    send_due(away, now + timedelta(seconds=2 * 86_400))
    assert waiting(away) == []
    kept = outcome(away, run, f"{run}-dead-letters-0")
    assert kept
    assert (kept.state, kept.tries, kept.said) == ("given up", 3, "ConnectionError")


def test_the_end_of_a_run_is_told_with_its_account(
    told: Services, run: str, now: datetime, receiver: Endpoint
) -> None:
    keep(told, run, REQUEST)
    prepare(told, Prepare(run=run))
    finish(told, run, 0)
    bury(told, run, 1)
    for _ in range(2):  # the answer of the first was lost
        assert close(told, ended(run, now, Phase.COMPLETED_WITH_FAILURES), now).count == 1
    (asked,) = receiver.asked
    name, news = received(asked)
    assert name == f"{run}-finished-0"
    assert news["type"] == "run.finished"
    expected = {"state": "CompletedWithFailures", "units": 2, "done": 1, "dead": 1, "rows": 10}
    assert {key: news["data"][key] for key in expected} == expected
    assert (news["data"]["reason"], news["data"]["cost_expected"]) == ("enough", 0.5)


def test_each_round_of_a_run_has_an_end_of_its_own(
    told: Services, run: str, now: datetime, receiver: Endpoint
) -> None:
    keep(told, run, REQUEST)
    prepare(told, Prepare(run=run))
    close(told, ended(run, now), now)
    told.records.edit_control(run, lambda _: Control(redrives=(Selection(),)))
    again = threshold(told, run, now)
    notify(told, again, now)
    close(told, ended(run, now), now)
    ids = [received(asked)[0] for asked in receiver.asked]
    assert ids == [f"{run}-finished-0", f"{run}-dead-letters-1", f"{run}-finished-1"]


def test_where_nobody_listens_nothing_is_kept(services: Services, run: str, now: datetime) -> None:
    services.records.clear("outbox/")
    decision = threshold(services, run, now)
    assert decision.state.plan
    assert decision.state.plan.notify is None
    close(services, ended(run, now), now)
    assert waiting(services) == []
