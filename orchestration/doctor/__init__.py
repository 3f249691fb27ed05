"""What is stuck, why, and the next command: one answer for the whole app, or for one run.

The evidence is collected by bounded calls, of which each may fail by itself; the causes are found
in it by pure rules.
"""

from datetime import datetime

from ..model import RunRecord
from ..orchestrations import Orchestrations
from ..services import Services
from ..views.diagnosis import Diagnosis, diagnosis
from . import rules
from .collecting import run_evidence
from .looks import Looks
from .surveying import app_evidence


async def examine_app(
    services: Services, orchestrations: Orchestrations, now: datetime
) -> Diagnosis:
    """What is stuck anywhere: services, schedules, timers, orphans, and all runs that go on."""
    evidence = await app_evidence(Looks(services, orchestrations, now))
    return diagnosis(rules.of_app(evidence), now)


async def examine_run(
    services: Services, orchestrations: Orchestrations, record: RunRecord, now: datetime
) -> Diagnosis:
    """What keeps a run from going on; of one that has ended, why it failed and what is left."""
    evidence = await run_evidence(Looks(services, orchestrations, now), record)
    return diagnosis(rules.of_run(evidence), now)


__all__ = ["examine_app", "examine_run"]
