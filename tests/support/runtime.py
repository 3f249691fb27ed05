"""The Durable runtime as an app sees it, for tests of what the app makes of its answers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestration.model import RunRecord
from orchestration.orchestrations import Orchestration, Orchestrations, UnknownError

SILENT = UnknownError("a storage timeout")


def orchestration(status: str, **told: Any) -> Orchestration:
    """An orchestration in a runtime status that has told this of its run, a moment ago."""
    return Orchestration(status, datetime.now(UTC) + timedelta(seconds=1), told, None)


class Runtime(Orchestrations):
    """A runtime that answers of a run what it was told, or with an error; others are not there."""

    def __init__(self, answers: Mapping[str, Orchestration | Exception] | None = None) -> None:
        self.answers = dict(answers or {})
        self.started: list[str] = []

    async def find(self, run: str) -> Orchestration | None:
        answer = self.answers.get(run)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def start(self, record: RunRecord, _: datetime) -> None:
        self.started.append(record.run)
        self.answers[record.run] = orchestration("Running")

    async def wake(self, run: str) -> None:
        pass

    async def purge(self, run: str) -> None:
        await self.find(run)
        self.answers.pop(run, None)
