"""The Durable client, in the run's words: one module of ours around the SDK's."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import azure.durable_functions as df

from . import orchestrator
from .model import RunRecord, RunState

log = logging.getLogger(__name__)

LIVE = frozenset({"Pending", "Running", "Suspended", "ContinuedAsNew"})


@dataclass(frozen=True)
class Orchestration:
    """What the runtime knows of a run's orchestration; `updated` is when it last did anything."""

    runtime_status: str
    updated: datetime
    custom_status: dict[str, Any]
    output: Any

    @property
    def live(self) -> bool:
        """It goes on, or will."""
        return self.runtime_status in LIVE


class UnknownError(Exception):
    """The runtime does not say how an orchestration is; in the next moment it may."""


class Orchestrations:
    """Starts, wakes and looks at the orchestrations of runs; an instance id is a run id."""

    def __init__(self, client: df.DurableOrchestrationClient) -> None:
        self._client = client

    async def find(self, run: str) -> Orchestration | None:
        """The run's orchestration, None if there is none.

        Raises:
            UnknownError: the runtime could not say.
        """
        status = await self._client.get_status(run)
        if not status:
            # The SDK takes an error of the runtime for an answer. That there is none has no words.
            words = [words for name, words in vars(status).items() if words and name[0] != "_"]
            if words:
                raise UnknownError(f"run {run}: the runtime says {words[0]!r} of its orchestration")
            return None
        custom = status.custom_status
        return Orchestration(
            runtime_status=status.runtime_status.name,
            updated=status.last_updated_time,
            custom_status=custom if isinstance(custom, dict) else {},
            output=status.output,
        )

    async def start(self, record: RunRecord, now: datetime) -> None:
        """Start the run's orchestration unless it goes on; a finished one starts again."""
        run, trace = record.run, record.traceparent
        try:
            state = RunState(run=run, traceparent=trace, started=now, progressed=now)
            await self._client.start_new(orchestrator.NAME, run, state.brief())
        except Exception:  # the SDK raises a plain Exception, with other words in each version
            found = await self.find(run)
            if not (found and found.live):
                raise

    async def wake(self, run: str) -> None:
        """Make the orchestrator look now. A lost wake-up costs one tick, so none is an error."""
        try:
            found = await self.find(run)
            if found and found.live:
                await self._client.raise_event(run, orchestrator.WAKE, {})
        except Exception as error:  # the SDK raises a plain Exception where the run has just ended
            log.warning("run %s was not woken: %s", run, error)

    async def purge(self, run: str) -> None:
        """Delete the history of a finished orchestration."""
        await self._client.purge_instance_history(run)
