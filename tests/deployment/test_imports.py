"""The package runs on its requirements alone, and says which setting is missing."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.functions_worker import environment, unpacked
from support.tables import table

from local_host.services.process import base_environment
from local_host.system import EXAMPLE_SETTINGS
from orchestration.triggers.http_api import OPERATIONS

pytestmark = pytest.mark.deployed

EXAMPLE: dict[str, str] = json.loads(EXAMPLE_SETTINGS.read_text())["Values"]
OURS = ("function_app", "orchestration", "worker_image")
# Indexes the app as the worker does, and tells where each module of it came from.
PROGRAM = f"""
import json, sys
sys.path.insert(0, sys.argv[1])
import function_app
functions = [function.get_function_name() for function in function_app.app.get_functions()]
modules = [(n, m.__file__) for n, m in sys.modules.items() if n.split(".")[0] in {OURS}]
print(json.dumps({{"functions": functions, "modules": modules}}))
"""
STORAGE = "ACI_JOBS_STORAGE_CONNECTION_STRING"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, unpacked where nothing else is."""
    return unpacked(tmp_path_factory.mktemp("package"))


def imported(package: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Import and index the app in a process that knows nothing but its settings."""
    command = [str(environment("1")), "-I", "-c", PROGRAM, str(package)]
    variables = {**base_environment(), **settings}
    return subprocess.run(
        command, cwd=package, env=variables, capture_output=True, text=True, check=False
    )


def test_it_starts_with_the_settings_of_the_example(package: Path) -> None:
    done = imported(package, EXAMPLE)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert {operation.name for operation in OPERATIONS} < set(found["functions"])
    elsewhere = [
        module for module, file in found["modules"] if not Path(file).is_relative_to(package)
    ]
    assert elsewhere == []
    assert {module for module, _ in found["modules"]} > set(OURS)


def test_it_starts_by_identity(package: Path) -> None:
    """As in Azure: endpoints, and no connection string."""
    endpoints = {
        "ACI_JOBS_BLOB_ENDPOINT": "https://a.blob.core.windows.net",
        "ACI_JOBS_QUEUE_ENDPOINT": "https://a.queue.core.windows.net",
    }
    done = imported(package, {**EXAMPLE, STORAGE: "", **endpoints})
    assert (done.returncode, done.stderr) == (0, "")


@table(
    "setting, named",
    {
        "the subscription": ("ACI_JOBS_SUBSCRIPTION_ID", "SUBSCRIPTION_ID"),
        "the workers' resource group": ("ACI_JOBS_RESOURCE_GROUP", "RESOURCE_GROUP"),
        "the region": ("ACI_JOBS_LOCATION", "LOCATION"),
        "the image": ("ACI_JOBS_WORKER_IMAGE", "WORKER_IMAGE"),
        "the storage account": (STORAGE, "ACI_JOBS_BLOB_ENDPOINT"),
    },
)
def test_a_missing_setting_is_named(package: Path, setting: str, named: str) -> None:
    settings = {name: value for name, value in EXAMPLE.items() if name != setting}
    done = imported(package, settings)
    assert done.returncode != 0
    _, _, message = done.stderr.rpartition("  File ")
    assert named in message.upper()


def test_no_other_setting_of_the_example_is_required(package: Path) -> None:
    needed = (
        "ACI_JOBS_SUBSCRIPTION_ID",
        "ACI_JOBS_RESOURCE_GROUP",
        "ACI_JOBS_LOCATION",
        "ACI_JOBS_WORKER_IMAGE",
        STORAGE,
    )
    done = imported(package, {name: EXAMPLE[name] for name in needed})
    assert (done.returncode, done.stderr) == (0, "")
