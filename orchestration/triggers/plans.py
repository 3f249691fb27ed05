"""What a run would come to."""

import asyncio

import azure.durable_functions as df
import azure.functions as func

from ..plans import plan
from ..services import Services
from ..starting import validated
from .answers import answer
from .calls import body


class Plans:
    """Answers of what a start would do, which do nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def plan(
        self, req: func.HttpRequest, _: df.DurableOrchestrationClient
    ) -> func.HttpResponse:
        """Units, messages, container groups, time, money and the first rows of the same request."""
        asked = body(self._services, req)
        request = await asyncio.to_thread(validated, self._services, asked)
        return answer(await asyncio.to_thread(plan, self._services, request))
