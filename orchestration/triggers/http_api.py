"""The HTTP API: which call is answered by whom. Each is behind a function key."""

import azure.durable_functions as df
import azure.functions as func

from ..services import Services
from .answers import Handler, answered
from .dead_letters import DeadLetters
from .plans import Plans
from .runs import Runs
from .wishes import Wishes


def blueprint(services: Services) -> df.Blueprint:
    """The routes under the names that an operator finds in the Portal."""
    bp = df.Blueprint()
    runs, wishes, dead_letters = Runs(services), Wishes(services), DeadLetters(services)
    plans = Plans(services)
    for name, method, route, handler in (
        ("plan_run", "POST", "plan", plans.plan),
        ("start_run", "POST", "runs", runs.start),
        ("list_runs", "GET", "runs", runs.list),
        ("show_run", "GET", "runs/{run}", runs.show),
        ("cancel_run", "POST", "runs/{run}/cancel", wishes.cancel),
        ("pause_run", "POST", "runs/{run}/pause", wishes.pause),
        ("resume_run", "POST", "runs/{run}/resume", wishes.resume),
        ("scale_run", "POST", "runs/{run}/scale", wishes.scale),
        ("redrive_run", "POST", "runs/{run}/redrive", wishes.redrive),
        ("list_dead_letters", "GET", "runs/{run}/dead-letters", dead_letters.list),
        ("show_dead_letter", "GET", "runs/{run}/dead-letters/{stage}/{unit}", dead_letters.show),
    ):
        _register(bp, name, method, route, handler)
    return bp


def _register(bp: df.Blueprint, name: str, method: str, route: str, handler: Handler) -> None:
    async def trigger(req: func.HttpRequest, client: str) -> func.HttpResponse:
        return await answered(handler, req, client)

    trigger.__name__ = name
    bp.route(route=route, methods=[method])(bp.durable_client_input(client_name="client")(trigger))
