"""The settings that the code reads are those that Bicep sets and the example lists; no others."""

import json
from typing import Any

from pydantic import SecretStr
from support.bicep import INFRA, Bicep
from support.tables import table

from orchestration.settings import Settings

EXAMPLE = INFRA.parent / "local.settings.json.example"
MAIN, APP = Bicep(INFRA / "main.bicep"), Bicep(INFRA / "function_app.bicep")
GIVEN = MAIN.modules["app"].params
# What the host reads, or the SDKs, and not the code. Here it is told of a language and an
# emulator. In Azure the plan knows the language, and the host signs in to storage and telemetry as
# the app's identity, which AZURE_CLIENT_ID names for the code's own credential.
HOST_HERE = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage", "PYTHON_THREADPOOL_THREAD_COUNT"}
HOST_IN_AZURE = {
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "AZURE_CLIENT_ID",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
READ = Settings.names()
# For an emulator; and by it nobody sends to an app whose local authentication is off.
EMPTY, KNOWN = "ACI_JOBS_STORAGE_CONNECTION_STRING", "APPLICATIONINSIGHTS_CONNECTION_STRING"


def test_the_example_lists_every_setting() -> None:
    listed = set(json.loads(EXAMPLE.read_text())["Values"])
    assert listed - HOST_HERE == set(READ.values())
    assert listed >= HOST_HERE


def test_bicep_sets_every_setting_once() -> None:
    parts = [GIVEN["settings"], GIVEN["secretSettings"], *map(APP.variables.__getitem__, OWN)]
    names = [name for part in parts for name in part]
    names += [name for part in _united() if isinstance(part, dict) for name in part]
    assert sorted(names) == sorted({*READ.values(), *HOST_IN_AZURE})


OWN = ("hostSettings", "paceSettings")


def _united() -> list[Any]:
    """What the app's settings are put together from."""
    union = APP.resources["appSettings"]["config"]["properties"]["function"]
    assert union["type"] == "union"
    parts: list[Any] = list(union["parameters"].values())
    assert {part for part in parts if isinstance(part, str)} == {*OWN, "settings", "secretSettings"}
    return parts


def test_the_pace_is_the_one_that_the_code_has_by_default() -> None:
    fields = {name: Settings.model_fields[field].default for field, name in READ.items()}
    pace = dict(APP.variables["paceSettings"])
    assert pace.pop(EMPTY) == ""
    assert {name: float(value) for name, value in pace.items()} == {
        name: float(fields[name]) for name in pace
    }


@table(
    "param, field",
    {
        "the traced share": ("traceShare", "trace_share"),
        "the price of a vCPU": ("priceVcpuSecond", "price_vcpu_second"),
        "the price of a GB": ("priceGbSecond", "price_gb_second"),
        "what spot takes off": ("priceSpotDiscount", "price_spot_discount"),
        "the days of a run": ("retentionDays", "retention_days"),
    },
)
def test_a_parameter_has_the_default_of_the_code(param: str, field: str) -> None:
    assert float(MAIN.params[param]["default"]) == float(Settings.model_fields[field].default)


def test_secrets_of_the_code_are_secrets_of_the_deployment() -> None:
    secret = {
        name for field, name in READ.items() if Settings.model_fields[field].annotation is SecretStr
    }
    assert set(GIVEN["secretSettings"]) == secret - {EMPTY, KNOWN}
    assert _is_secure(APP, "secretSettings")
    open_params = {name for name in MAIN.params if not _is_secure(MAIN, name)}
    direct = {value for value in GIVEN["secretSettings"].values() if isinstance(value, str)}
    assert direct & open_params == set()


def _is_secure(file: Bicep, param: str) -> bool:
    return any(decorator["type"] == "secure" for decorator in file.params[param]["decorators"])


def test_the_threads_are_as_many_here_as_in_azure() -> None:
    here = json.loads(EXAMPLE.read_text())["Values"]
    name = "PYTHON_THREADPOOL_THREAD_COUNT"
    host = json.loads((INFRA.parent / "host.json").read_text())["extensions"]["durableTask"]
    assert APP.variables["hostSettings"][name] == here[name]
    assert host["maxConcurrentActivityFunctions"] <= int(here[name])
