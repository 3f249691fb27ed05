"""A small app that uses every part of the Functions host that the product needs."""

# The decorators of the Durable SDK are not typed.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
bp = df.Blueprint()
TRACE = Path(os.environ.get("TRACE_FILE", os.devnull))


def _trace(line: str) -> None:
    with TRACE.open("a", encoding="utf-8") as trace:
        trace.write(line + "\n")


@app.route(route="start/{name}/{instance_id?}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    payload = req.get_json() if req.get_body() else None
    instance_id = req.route_params.get("instance_id")
    try:
        started = await client.start_new(req.route_params["name"], instance_id, payload)
    except Exception as error:
        return func.HttpResponse(str(error), status_code=409)
    answer: func.HttpResponse = client.create_check_status_response(req, started)
    return answer


@app.route(route="client/{operation}/{instance_id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def operate(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> str:
    """Call one method of the SDK's client and answer what it returns, as JSON."""
    operation, instance_id = req.route_params["operation"], req.route_params["instance_id"]
    payload = req.get_json() if req.get_body() else None
    since, completed = datetime(2020, 1, 1, tzinfo=UTC), df.OrchestrationRuntimeStatus.Completed
    calls: dict[str, Callable[[], Any]] = {
        "raise": lambda: client.raise_event(instance_id, req.params["event"], payload),
        "terminate": lambda: client.terminate(instance_id, "enough"),
        "suspend": lambda: client.suspend(instance_id, "pause"),
        "resume": lambda: client.resume(instance_id, "go on"),
        "status": lambda: client.get_status(instance_id, show_history=True),
        "list": lambda: client.get_status_by(since, instance_id_prefix=instance_id),
        "purge": lambda: client.purge_instance_history(instance_id),
        "purge_all": lambda: client.purge_instance_history_by(since, None, [completed]),
    }
    result = await calls[operation]()
    return json.dumps(result, default=_plain)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Enum | datetime) else vars(value)


@bp.orchestration_trigger(context_name="context")
def one_activity(context: df.DurableOrchestrationContext) -> Any:
    return (yield context.call_activity("double", context.get_input()))


@bp.orchestration_trigger(context_name="context")
def tour(context: df.DurableOrchestrationContext) -> Any:
    """Fan out, call a child, wait on a timer and continue as new until the rounds are over."""
    state = context.get_input()
    calls = [context.call_activity("traced", f"{state['round']}:{n}") for n in range(3)]
    sums = yield context.task_all(calls)
    child = yield context.call_sub_orchestrator("one_activity", state["round"])
    yield context.create_timer(context.current_utc_datetime + timedelta(milliseconds=20))
    context.set_custom_status({"round": state["round"]})
    if state["round"] < state["rounds"]:
        context.continue_as_new({**state, "round": state["round"] + 1})
        return None
    return {"sums": sums, "child": child}


@bp.orchestration_trigger(context_name="context")
def wait_for_go(context: df.DurableOrchestrationContext) -> Any:
    deadline = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    go = context.wait_for_external_event("go")
    winner = yield context.task_any([go, deadline])
    if winner == go:
        deadline.cancel()
        return go.result
    return "late"


@bp.orchestration_trigger(context_name="context")
def held(context: df.DurableOrchestrationContext) -> Any:
    """Wait in an activity until the file that the input names exists."""
    return (yield context.call_activity("wait_for_file", context.get_input()))


@bp.orchestration_trigger(context_name="context")
def held_then_go(context: df.DurableOrchestrationContext) -> Any:
    yield context.call_activity("wait_for_file", context.get_input())
    return (yield context.wait_for_external_event("go"))


@bp.orchestration_trigger(context_name="context")
def nap(context: df.DurableOrchestrationContext) -> Any:
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=5))
    return "rested"


@bp.orchestration_trigger(context_name="context")
def failing(context: df.DurableOrchestrationContext) -> Any:
    yield context.call_activity("refuse", "no such thing")


@bp.orchestration_trigger(context_name="context")
def persistent(context: df.DurableOrchestrationContext) -> Any:
    options = df.RetryOptions(10, 3)
    return (yield context.call_activity_with_retry("third_time", options, context.instance_id))


@bp.activity_trigger(input_name="number")
def double(number: int) -> int:
    return 2 * number


@bp.activity_trigger(input_name="mark")
async def traced(mark: str) -> int:
    _trace(mark)
    return len(mark)


@bp.activity_trigger(input_name="name")
def wait_for_file(name: str) -> str:
    _trace(f"waiting {name}")
    while not Path(name).exists():
        time.sleep(0.01)
    _trace(f"seen {name}")
    return Path(name).read_text(encoding="utf-8")


@bp.activity_trigger(input_name="reason")
def refuse(reason: str) -> None:
    raise ValueError(reason)


@bp.activity_trigger(input_name="key")
def third_time(key: str) -> int:
    _trace(f"try {key}")
    tries = TRACE.read_text(encoding="utf-8").splitlines().count(f"try {key}")
    if tries < 3:
        raise RuntimeError(f"try {tries}")
    return tries


@app.timer_trigger(schedule="0 0 5 1 1 *", arg_name="tick", use_monitor=False)
def yearly(tick: func.TimerRequest) -> None:
    _trace(f"yearly past_due={tick.past_due}")


@app.route(route="echo/{kind:alpha}/{*rest}", methods=["GET", "POST"], auth_level="anonymous")
def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    seen = {
        "method": req.method,
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().decode(),
        "header": req.headers.get("X-Test"),
        "function": context.function_name,
        "trace": context.trace_context.trace_parent,
        "greeting": os.environ.get("GREETING"),
    }
    return func.HttpResponse(json.dumps(seen), status_code=201, headers={"X-Answer": "yes"})


@app.route(route="admin-only", auth_level="admin")
def admin_only(req: func.HttpRequest) -> str:
    return "ok"


@app.route(route="with-key")
def with_key(req: func.HttpRequest) -> str:
    return "ok"


@app.route(route="exit", auth_level="anonymous")
def leave(req: func.HttpRequest) -> str:
    sys.exit(3)


@app.route(route="nothing-returned", auth_level="anonymous")
def nothing_returned(req: func.HttpRequest) -> None:
    return None


@app.route(route="broken", auth_level="anonymous")
async def broken(req: func.HttpRequest) -> str:
    raise ValueError("a secret of the code")


app.register_functions(bp)
