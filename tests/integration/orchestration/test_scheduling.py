"""A look at the schedules that are stored."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.runtime import Runtime
from support.tables import table

from orchestration.scheduling import SCHEDULES, start_due, state_path
from orchestration.services import Noun, Services

REQUEST: dict[str, Any] = {"kind": "command", "command": {"program": ["true"]}, "payloads": [1]}
STORED = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture
def name(services: Services, run: str) -> Iterator[str]:
    """The name of a schedule, and nothing of it afterwards."""
    services.records.create_container(SCHEDULES)
    yield run
    services.records.definitions(Noun.SCHEDULE).delete(run)
    services.records.delete(state_path(run))


@table(
    "due, looked_at, starts",
    {
        "it was due before it was stored": (-20, -19, 0),
        "and that is looked at later": (-20, 10, 0),
        "it is due": (20, 20, 1),
        "it was due while the app was away": (20, 70, 1),
        "that was too long ago": (20, 81, 0),
    },
)
def test_only_what_is_due_since_a_schedule_was_stored_is_started(
    services: Services, name: str, due: int, looked_at: int, starts: int
) -> None:
    moment, runtime = STORED + timedelta(minutes=due), Runtime()
    schedule = {"cron": f"{moment.minute} {moment.hour} * * *", "request": REQUEST}
    services.records.definitions(Noun.SCHEDULE).put(name, json.dumps(schedule).encode())
    asyncio.run(start_due(services, runtime, STORED + timedelta(minutes=looked_at)))
    assert len(runtime.started) == starts
