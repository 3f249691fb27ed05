"""Calls of the doctor: each is bounded in time, and one that fails becomes evidence itself."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from azure.core.exceptions import AzureError

from ..orchestrations import Orchestration, Orchestrations
from ..services import Services
from ..services.refusals import words
from .evidence import Service, Trouble

T = TypeVar("T")

PATIENCE = 10.0
WORDS = 500


@dataclass(frozen=True)
class Looks:
    """All looks of one diagnosis, at one time; `troubles` are those that brought no answer."""

    services: Services
    orchestrations: Orchestrations
    now: datetime
    patience: float = PATIENCE
    troubles: list[Trouble] = field(default_factory=list)

    async def find(self, run: str) -> Orchestration | None:
        """What the runtime knows of a run; None also where it does not answer."""
        return await self.wait("runtime", self.orchestrations.find(run), None)

    async def ask(self, service: Service, call: Callable[[], T], otherwise: T) -> T:
        """What a blocking call answers within the patience, else `otherwise` and a trouble."""
        return await self.wait(service, asyncio.to_thread(call), otherwise)

    async def wait(self, service: Service, answer: Awaitable[T], otherwise: T) -> T:
        """The same for an answer that is awaited."""
        try:
            return await asyncio.wait_for(answer, self.patience)
        except TimeoutError:
            self._met(service, f"no answer within {self.patience:g} s")
        except AzureError as error:
            self._met(service, words(error))
        except Exception as error:  # the runtime's SDK raises plain ones
            if service != "runtime":
                raise
            self._met(service, f"{type(error).__name__}: {error}")
        return otherwise

    def _met(self, service: Service, said: str) -> None:
        self.troubles.append(Trouble(service, said[:WORDS]))
