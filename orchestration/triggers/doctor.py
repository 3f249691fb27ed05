"""What is stuck, why, and the next command."""

from http import HTTPStatus

from ..doctor import examine_app, examine_run
from ..views.diagnosis import Diagnosis
from .operations import Call, NoQuery, Operation, known_run


async def diagnose_app(call: Call[NoQuery, None]) -> Diagnosis:
    """Tell what is stuck in the whole app, why, and what to do."""
    return await examine_app(call.services, call.orchestrations, call.now)


async def diagnose_run(call: Call[NoQuery, None]) -> Diagnosis:
    """Tell what is stuck in a run, or why it failed, and what to do."""
    record = await known_run(call)
    return await examine_run(call.services, call.orchestrations, record, call.now)


OPERATIONS = (
    Operation(*("diagnose_app", "GET", "doctor", diagnose_app), gives=Diagnosis),
    Operation(
        *("diagnose_run", "GET", "runs/{run}/doctor", diagnose_run),
        gives=Diagnosis,
        refusals=(HTTPStatus.NOT_FOUND,),
    ),
)
