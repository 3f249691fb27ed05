"""The functions of an app, found through the SDK's own index."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.functions.decorators.core import Trigger
from azure.functions.decorators.function_app import Function, FunctionRegister

HTTP = "httpTrigger"
TIMER = "timerTrigger"
ORCHESTRATION = "orchestrationTrigger"
ACTIVITY = "activityTrigger"
_CLIENT = "durableClient"
_SUPPORTED = {HTTP, "http", TIMER, ORCHESTRATION, ACTIVITY, _CLIENT}


class AppError(Exception):
    """The app cannot be hosted; the message says why."""


@dataclass(frozen=True, slots=True)
class IndexedFunction:
    """A function with what the host must know to call it.

    `parameter` takes the trigger's value, each of `clients` the durable client binding.
    """

    name: str
    kind: str
    call: Callable[..., Any]
    trigger: Trigger
    parameter: str
    clients: tuple[str, ...]
    wants_context: bool


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What the host reads of host.json and of the environment."""

    route_prefix: str
    hub_name: str
    max_activities: int
    max_orchestrators: int
    threads: int


@dataclass(frozen=True, slots=True)
class App:
    """An app folder, read once."""

    folder: Path
    settings: HostSettings
    functions: tuple[IndexedFunction, ...]

    def of_kind(self, kind: str) -> dict[str, IndexedFunction]:
        """Return the functions with that trigger by name."""
        return {item.name: item for item in self.functions if item.kind == kind}


def load_app(folder: Path, settings: Path | None) -> App:
    """Import `function_app` of the folder and index it; changes this process for good.

    `settings` has the shape of local.settings.json; its values enter the environment before the
    import, without overruling what is set there. Raises AppError.
    """
    if settings:
        for name, value in _read_json(settings).get("Values", {}).items():
            os.environ.setdefault(name, str(value))
    host_file = folder / "host.json"
    host = _settings(_read_json(host_file) if host_file.exists() else {})
    return App(folder, host, _index(_import(folder)))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise AppError(f"cannot read {path}: {error}") from error
    return content


def _settings(host: dict[str, Any]) -> HostSettings:
    extensions = host.get("extensions", {})
    durable = extensions.get("durableTask", {})
    per_core = 10 * (os.cpu_count() or 1)
    return HostSettings(
        route_prefix=extensions.get("http", {}).get("routePrefix", "api").strip("/"),
        hub_name=durable.get("hubName", "TestHubName"),
        max_activities=_count(durable, "maxConcurrentActivityFunctions", per_core),
        max_orchestrators=_count(durable, "maxConcurrentOrchestratorFunctions", per_core),
        threads=_count(os.environ, "PYTHON_THREADPOOL_THREAD_COUNT", 8),
    )


def _count(settings: Mapping[str, Any], name: str, default: int) -> int:
    value = str(settings.get(name, default))
    if not value.isdecimal() or int(value) < 1:
        raise AppError(f"{name} must be a whole number above 0, not {value}")
    return int(value)


def _import(folder: Path) -> FunctionRegister:
    if not (folder / "function_app.py").is_file():
        raise AppError(f"no function_app.py in {folder}")
    sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module("function_app")
    except Exception as error:
        raise AppError(f"function_app.py fails: {type(error).__name__}: {error}") from error
    values = vars(module).values()
    apps = {id(value): value for value in values if isinstance(value, FunctionRegister)}
    if len(apps) != 1:
        raise AppError(f"function_app.py must define one function app, not {len(apps)}")
    return apps.popitem()[1]


def _index(app: FunctionRegister) -> tuple[IndexedFunction, ...]:
    try:
        functions = tuple(_indexed(item) for item in app.get_functions())
    except ValueError as error:
        raise AppError(str(error)) from error
    if not functions:
        raise AppError("function_app.py defines no functions")
    (name, count), *_ = Counter(item.name for item in functions).most_common(1)
    if count > 1:
        raise AppError(f"two functions are named {name}")
    return functions


def _indexed(function: Function) -> IndexedFunction:
    name, trigger = str(function.get_function_name()), function.get_trigger()
    kinds = [str(binding.type) for binding in function.get_bindings()]
    for kind in kinds:
        if kind not in _SUPPORTED:
            raise AppError(f"function {name}: the local host does not support {kind}")
    if trigger is None:
        raise AppError(f"function {name} has no trigger")
    # An orchestrator or activity may be called by a name of its own.
    alias = getattr(trigger, "orchestration", None) or getattr(trigger, "activity", None)
    parameters = inspect.signature(function.get_user_function()).parameters
    return IndexedFunction(
        name=alias or name,
        kind=str(trigger.type),
        call=function.get_user_function(),
        trigger=trigger,
        parameter=trigger.name,
        clients=tuple(item.name for item in function.get_bindings() if item.type == _CLIENT),
        wants_context=trigger.name != "context" and "context" in parameters,
    )
