"""The activities: decode, one call, encode. Each is safe to run twice."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import azure.durable_functions as df

from worker_image.contract import about, naming

from ..model import (
    Audit,
    Close,
    Finish,
    Look,
    Notify,
    Observation,
    Outcome,
    Prepare,
    Provision,
    Redrive,
    Remove,
    Seed,
    Value,
)
from ..services import Services
from ..telemetry import Telemetry
from .auditing import audit, close
from .finishing import finish
from .fleet import provision, remove
from .notifying import notify
from .redriving import redrive
from .seeding import prepare, seed
from .watching import observe

log = logging.getLogger(__name__)


def _close(services: Services, decision: Close) -> Outcome:
    return close(services, decision, datetime.now(UTC))


def _notify(services: Services, decision: Notify) -> Outcome:
    return notify(services, decision, datetime.now(UTC))


def _observe(services: Services, look: Look) -> Observation:
    return observe(services, look, datetime.now(UTC))


WORK: dict[type[Value], Callable[[Services, Any], Outcome]] = {
    Prepare: prepare,
    Seed: seed,
    Provision: provision,
    Remove: remove,
    Redrive: redrive,
    Audit: audit,
    Finish: finish,
    Notify: _notify,
    Close: _close,
}


def blueprint(services: Services) -> df.Blueprint:
    """An activity for each kind of decision, named as the decision says, and `observe`."""
    bp = df.Blueprint()
    for kind, work in WORK.items():
        _register(bp, kind, partial(work, services), services.telemetry)
    _register(bp, Look, partial(_observe, services), services.telemetry)
    return bp


def _register(
    bp: df.Blueprint, kind: type[Value], work: Callable[[Any], Value], telemetry: Telemetry
) -> None:
    name = kind.model_fields["activity"].default

    def activity(work_item: dict) -> dict:  # type: ignore[type-arg]  # the SDK wants bare types
        return carry_out(kind, work, work_item, telemetry)

    activity.__name__ = name
    bp.activity_trigger(input_name="work_item", activity=name)(activity)


def carry_out(
    kind: type[Value],
    work: Callable[[Any], Value],
    members: dict[str, Any],
    telemetry: Telemetry,
) -> dict[str, Any]:
    """Run one activity on JSON; an error of a decision is an outcome with its cause."""
    decision = kind.carried(members)
    name, about_whom = kind.model_fields["activity"].default, subject(decision)
    with about(activity=name, **about_whom):
        try:
            with telemetry.activity(name, members.get("traceparent"), about_whom.get("run")):
                outcome = work(decision).brief()
        except Exception as error:
            log.exception("%s failed", name)
            if kind is Look:
                raise
            return Outcome(error=f"{name}: {_cause(error)}").brief()
        if kind is not Look:
            log.info("%s is done", name)
        return outcome


def subject(decision: Value) -> dict[str, object]:
    """Whom the lines of a decision are about; a worker has the name of its container group."""
    match decision:
        case Close() | Notify():
            return {"run": decision.state.run}
        case Provision():
            worker = naming.container_group(decision.run, decision.ordinal, decision.attempt)
            return {"run": decision.run, "worker": worker}
        case Remove():
            return {"run": decision.run, "worker": decision.name}
        case _:
            return {"run": getattr(decision, "run", None)}


def _cause(error: Exception) -> str:
    text = str(getattr(error, "message", "") or error)
    return f"{type(error).__name__}: {text}"[:1_000]
