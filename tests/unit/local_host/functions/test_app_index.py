"""What the host accepts as an app, and how it says no."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from local_host.functions.app_index import ACTIVITY, HTTP, TIMER, AppError, load_app

pytestmark = pytest.mark.usefixtures("clean_modules")

GOOD = """
import azure.functions as func
import azure.durable_functions as df
app = df.DFApp()
also_app = app

@app.route(route="x")
@app.durable_client_input(client_name="starter")
async def http(req, starter, context):
    return "ok"

@app.activity_trigger(input_name="value", activity="other_name")
def work(value):
    return value
"""
ONE = "@app.route(route='x')\ndef {}(req): return 'ok'\n"
APP = "import azure.functions as func\napp = func.FunctionApp()\n"
QUEUE = "@app.queue_trigger(arg_name='m', queue_name='q', connection='C')\ndef f(m): pass\n"


def folder(path: Path, code: str | None, host: str | None = None) -> Path:
    if code is not None:
        (path / "function_app.py").write_text(code, "utf-8")
    if host is not None:
        (path / "host.json").write_text(host, "utf-8")
    return path


def test_functions_are_found_with_their_bindings(tmp_path: Path) -> None:
    app = load_app(folder(tmp_path, GOOD), None)
    http = app.of_kind(HTTP)["http"]
    assert (http.parameter, http.clients, http.wants_context) == ("req", ("starter",), True)
    assert list(app.of_kind(ACTIVITY)) == ["other_name"]
    assert app.of_kind(TIMER) == {}


def test_host_json_and_the_environment_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable = {"hubName": "hub", "maxConcurrentActivityFunctions": 3}
    host = {"extensions": {"http": {"routePrefix": ""}, "durableTask": durable}}
    monkeypatch.setenv("PYTHON_THREADPOOL_THREAD_COUNT", "5")
    settings = load_app(folder(tmp_path, GOOD, json.dumps(host)), None).settings
    assert (settings.route_prefix, settings.hub_name) == ("", "hub")
    assert (settings.max_activities, settings.threads) == (3, 5)
    assert settings.max_orchestrators > 1


def test_settings_are_there_before_the_import_and_overrule_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEN", "outside")
    monkeypatch.delenv("FREE", raising=False)
    file = tmp_path / "local.settings.json"
    file.write_text(json.dumps({"Values": {"FREE": "inside", "TAKEN": "inside"}}), "utf-8")
    code = "import os\nassert os.environ['FREE'] == 'inside'\n" + GOOD
    load_app(folder(tmp_path, code), file)
    assert os.environ["TAKEN"] == "outside"


@pytest.mark.parametrize(
    ("code", "host", "message"),
    [
        (None, None, "no function_app.py in"),
        ("import nothing_like_it", None, "ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("x = 1", None, "one function app, not 0"),
        (f"{APP}\nsecond = func.FunctionApp()", None, "one function app, not 2"),
        (APP, None, "defines no functions"),
        (APP + ONE.format("f") + ONE.format("f"), None, "unique function name"),
        (APP + QUEUE, None, "function f: the local host does not support queueTrigger"),
        (GOOD, "{", "cannot read"),
        (
            GOOD,
            '{"extensions": {"durableTask": {"maxConcurrentActivityFunctions": 0}}}',
            "maxConcurrentActivityFunctions must be a whole number above 0, not 0",
        ),
    ],
)
def test_an_app_that_cannot_be_hosted_is_refused_with_the_reason(
    tmp_path: Path, code: str | None, host: str | None, message: str
) -> None:
    with pytest.raises(AppError) as refusal:
        load_app(folder(tmp_path, code, host), None)
    assert message in str(refusal.value)


def test_two_activities_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = GOOD + '\n@app.activity_trigger(input_name="v")\ndef other_name(v): return v\n'
    with pytest.raises(AppError, match="two functions are named other_name"):
        load_app(folder(tmp_path, twice), None)
