"""The timers: schedules and notifications every minute, the sweep every five."""

import asyncio
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from ..orchestrations import Orchestrations
from ..outbox import send_due
from ..rounds import came_round
from ..scheduling import start_due
from ..services import Services
from ..sweeping import sweep

EVERY_MINUTE = "0 * * * * *"
EVERY_FIVE_MINUTES = "0 */5 * * * *"


def blueprint(services: Services) -> df.Blueprint:
    """The timer functions, named as an operator finds them in the Portal."""
    bp = df.Blueprint()

    @bp.timer_trigger(schedule=EVERY_MINUTE, arg_name="timer", use_monitor=True)
    @bp.durable_client_input(client_name="client")
    async def start_schedules(
        timer: func.TimerRequest,  # noqa: ARG001  # the binding hands it in by name
        client: df.DurableOrchestrationClient,
        context: func.Context,
    ) -> None:
        caller = context.trace_context.trace_parent
        await start_due(services, Orchestrations(client), datetime.now(UTC), caller)
        await asyncio.to_thread(came_round, services.records, "start_schedules")

    @bp.timer_trigger(schedule=EVERY_MINUTE, arg_name="timer", use_monitor=True)
    def send_notifications(
        timer: func.TimerRequest,  # noqa: ARG001  # the binding hands it in by name
    ) -> None:
        send_due(services, datetime.now(UTC))
        came_round(services.records, "send_notifications")

    @bp.timer_trigger(schedule=EVERY_FIVE_MINUTES, arg_name="timer", use_monitor=True)
    @bp.durable_client_input(client_name="client")
    async def sweep_orphans(
        timer: func.TimerRequest,  # noqa: ARG001  # the binding hands it in by name
        client: df.DurableOrchestrationClient,
    ) -> None:
        await sweep(services, Orchestrations(client), datetime.now(UTC))
        await asyncio.to_thread(came_round, services.records, "sweep_orphans")

    return bp
