"""The Bicep of `infra/`: nothing that a compiler would refuse, and parameters that azd can fill."""

import json
import re
import shutil
from pathlib import Path

import pytest
from support import deploy_page
from support.bicep import INFRA, Bicep, reachable
from support.bicep_faults import faults
from support.tables import table

MAIN = INFRA / "main.bicep"
FILES = reachable(MAIN)
AZD = {"environmentName": "AZURE_ENV_NAME", "location": "AZURE_LOCATION"}
NOW = "thisMonth"  # only a default may ask the time


@pytest.mark.parametrize("file", FILES.values(), ids=lambda file: str(file.path.relative_to(INFRA)))
def test_a_file_is_without_a_fault(file: Bicep) -> None:
    assert list(faults(file)) == []


def test_every_file_is_reached_from_the_main_one() -> None:
    used = set(FILES) | {path for file in FILES.values() for path in file.loaded}
    kept = {path for end in ("bicep", "json", "kql") for path in INFRA.rglob(f"*.{end}")}
    assert kept - used == {INFRA / "main.parameters.json"}


@table(
    "old, new, fault",
    {
        "an unknown symbol": ("tags: tags", "tags: label", "label is not declared"),
        "one in a text": ("'id-app-${token}'", "'id-app-${tokens}'", "tokens is not declared"),
        "an unused parameter": ("traceShare\n", "'0'\n", "traceShare is not used"),
        "an unused variable": (": resourceManager", ": ''", "resourceManager is not used"),
        "a missing parameter": ("    tier: registryTier\n", "", "registry: tier is missing"),
        "an unknown parameter": ("    tier: ", "    size: ", "registry: size is unknown"),
        "another type": ("tier: registryTier", "tier: 3", "registry: tier is int, not string"),
        "an unknown output": ("registry.outputs.name", "registry.outputs.id", "no output id"),
        "an unknown type": ("resourceGroups@2024-03-01", "resourceGroups@2024", "is not known"),
        "a missing file": ("'registry.bicep'", "'registries.bicep'", "there is no registries"),
        "a scope": ("  scope: workersGroup\n", "", "workers: its scope is resourceGroup"),
    },
)
def test_a_fault_is_found(old: str, new: str, fault: str, tmp_path: Path) -> None:
    text = MAIN.read_text()
    assert old in text
    copy = Path(shutil.copytree(INFRA, tmp_path / "infra")) / "main.bicep"
    copy.write_text(text.replace(old, new))
    assert fault in "; ".join(faults(Bicep(copy)))


def test_a_value_that_another_file_does_not_take_is_found(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(INFRA, tmp_path / "infra"))
    text = (folder / "registry.bicep").read_text()
    (folder / "registry.bicep").write_text(
        text.replace("param tier", "@allowed(['Basic'])\nparam tier")
    )
    assert list(faults(Bicep(folder / "main.bicep"))) == [
        "registry: tier may be another than ['Basic']"
    ]


def test_azd_fills_every_parameter_and_knows_its_default() -> None:
    filled = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    assert {name: given["value"] for name, given in filled.items()} == {
        name: f"${{{_variable(name)}{_default(name)}}}"
        for name in FILES[MAIN].params
        if name != NOW
    }


def test_every_parameter_says_what_it_is() -> None:
    silent = {
        name
        for name, param in FILES[MAIN].params.items()
        if not any(decorator["type"] == "description" for decorator in param["decorators"])
    }
    assert silent == set()


def test_the_page_has_every_parameter() -> None:
    assert deploy_page.PAGE.read_text() == deploy_page.written(), deploy_page.__doc__


def test_what_azd_is_told_is_not_what_it_asks() -> None:
    asked = {_variable(name): name for name in FILES[MAIN].params}
    assert {asked[output] for output in FILES[MAIN].outputs & set(asked)} == {"budgetStart"}


def _variable(name: str) -> str:
    """Which variable of azd's environment fills a parameter."""
    return AZD.get(name) or "ACI_JOBS_" + re.sub("(?=[A-Z])", "_", name).upper()


def _default(name: str) -> str:
    default = FILES[MAIN].params[name].get("default")
    return f"={default}" if default not in (None, "") else ""
