"""What a run would come to."""

import asyncio

from ..model import RunRequest
from ..plans import PlanView, plan
from ..starting import validated
from .operations import Call, NoQuery, Operation


async def plan_run(call: Call[NoQuery, RunRequest]) -> PlanView:
    """Tell units, time, money and first rows of a request; creates nothing."""
    request = await asyncio.to_thread(validated, call.services, call.body)
    return await asyncio.to_thread(plan, call.services, request)


OPERATIONS = (Operation("plan_run", "POST", "plan", plan_run, gives=PlanView, takes=RunRequest),)
