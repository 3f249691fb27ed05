"""Every call of the code has its role, every role its calls: the page, the code and Bicep agree."""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from azure.mgmt.containerinstance import operations
from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueServiceClient
from support.bicep import INFRA, Bicep, body, reachable

ROOT = INFRA.parent
PAGE = ROOT / "docs" / "roles.md"
MAIN = Bicep(INFRA / "main.bicep")
STORAGE = "Microsoft.Storage/storageAccounts"
BLOBS, QUEUES = f"{STORAGE}/blobServices/containers", f"{STORAGE}/queueServices/queues"
TABLES = f"{STORAGE}/tableServices/tables"

# What Microsoft's documentation says that these roles allow, as far as the product is concerned.
ALLOWED = {
    "AcrPull": ["Microsoft.ContainerRegistry/registries/pull/read"],
    # Its own pattern has `*/assign`, as Azure names the right to hand out one identity.
    "Managed Identity Operator": [
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    ],
    "Monitoring Metrics Publisher": [
        "Microsoft.Insights/Metrics/Write",
        "Microsoft.Insights/Telemetry/Write",
    ],
    "Storage Blob Data Contributor": [
        *(f"{BLOBS}/{action}" for action in ("read", "write", "delete")),
        *(f"{BLOBS}/blobs/{action}" for action in ("read", "write", "delete", "add/action")),
    ],
    "Storage Blob Data Owner": [f"{BLOBS}/*"],
    "Storage Queue Data Contributor": [
        *(f"{QUEUES}/{action}" for action in ("read", "write", "delete")),
        *(f"{QUEUES}/messages/{action}" for action in ("read", "write", "delete")),
        f"{QUEUES}/messages/process/action",
    ],
    "Storage Table Data Contributor": [
        f"{TABLES}/{action}" for action in ("read", "write", "delete")
    ]
    + [f"{TABLES}/entities/*"],
    "Website Contributor, or any that has these two": ["Microsoft.Web/sites/*"],
}
# Narrower ones, alone or together, would not do.
NARROWER = {
    "Storage Blob Data Contributor": [f"{BLOBS}/read", f"{BLOBS}/blobs/read"],  # Reader
    "Storage Queue Data Contributor": [
        f"{QUEUES}/read",
        f"{QUEUES}/messages/read",  # Reader
        f"{QUEUES}/messages/process/action",  # Message Processor
        f"{QUEUES}/messages/add/action",  # Message Sender
    ],
}
SCOPES = {
    "workerIdentity": "worker's identity",
    "hostStorage": "host storage",
    "dataStorage": "data storage",
    "registry": "registry",
    "telemetry": "Application Insights",
    "workers": "workers' resource group",
    "quotas": "subscription",
    "network": "workers' subnet",
}
CLIENTS = (BlobServiceClient, ContainerClient, BlobClient, QueueServiceClient, QueueClient)
SILENT = {"close", "from_connection_string"}  # send nothing
GROUPS = re.compile(r"self\._(?:groups|containers|locations)\.(\w+)")


@dataclass(frozen=True)
class Row:
    """A row of the page."""

    call: str
    places: frozenset[str]
    actions: tuple[str, ...]
    who: str
    role: str
    scope: str


def read_page() -> Iterator[Row]:
    lines = PAGE.read_text().partition("| call |")[2].partition("\n\n")[0].splitlines()[2:]
    for line in lines:
        call, places, actions, who, role, scope = (cell.strip() for cell in line[1:-1].split("|"))
        yield Row(
            call=call,
            places=frozenset(re.findall("`([^`]+)`", places)),
            actions=tuple(re.sub("^storage/", f"{STORAGE}/", part) for part in actions.split(", ")),
            who=who,
            role=role.strip("*"),
            scope=scope,
        )


PAGE_ROWS = list(read_page())
SDK_ROWS = [row for row in PAGE_ROWS if row.call.startswith("`")]


def sdk_calls() -> set[tuple[str, str]]:
    """Every method of an SDK's client that sends something, with the module that calls it."""
    sending = {
        name
        for client in CLIENTS
        for name, _ in inspect.getmembers(client, callable)
        if not name.startswith("_") and not re.fullmatch("get_[a-z]+_client", name)
    } - SILENT
    folders = ("orchestration", "worker_image", "command_line")
    paths = [ROOT / "function_app.py", *(p for f in folders for p in (ROOT / f).rglob("*.py"))]
    return {
        (name, path.relative_to(ROOT).as_posix()) for path in paths for name in _sent(path, sending)
    }


def _sent(path: Path, sending: set[str]) -> Iterator[str]:
    text = path.read_text()
    called = {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
    if "from azure." not in text:
        return
    yield from called & {*sending, "get_token"}
    if "azure.mgmt" in text:
        yield from GROUPS.findall(text)


def granted() -> Iterator[tuple[str, str, str]]:
    """Who has which role on what, as the main file says."""
    for name, module in MAIN.modules.items():
        for grant in module.params.get("grants", []):
            yield _who(grant["principalId"]), grant["role"], SCOPES[name]
        for param in ("roleDefinitionId", "joinRoleDefinitionId"):
            if param in module.params:
                role = _custom(json.dumps(module.params[param]))
                yield _who(module.params["principalId"]), role, SCOPES[name]


def _who(principal: object) -> str:
    (identity,) = re.findall(r"(app|worker)Identity", json.dumps(principal))
    return str(identity)


def custom_roles() -> dict[str, tuple[str, list[str]]]:
    """Our own roles by the module that makes each: its name and its actions."""
    prefix = "aci-jobs ${environmentName} "
    return {
        name: (module.params["name"].removeprefix(prefix), module.params["actions"])
        for name, module in MAIN.modules.items()
        if module.path.stem == "custom_role"
    }


def _custom(expression: str) -> str:
    (name,) = {role for module, (role, _) in custom_roles().items() if f'"{module}"' in expression}
    return name


def test_every_call_of_an_sdk_is_on_the_page_and_no_other() -> None:
    listed = {(row.call.strip("`"), place) for row in SDK_ROWS for place in row.places}
    assert listed == sdk_calls()


def test_the_management_client_is_used_in_one_module_by_names_that_the_scan_knows() -> None:
    known = {
        name
        for kind in vars(operations).values()
        if inspect.isclass(kind)
        for name, _ in inspect.getmembers(kind, callable)
    }
    calls = {name for name, place in sdk_calls() if place.endswith("/container_groups.py")}
    assert calls <= known
    text = (ROOT / "orchestration/services/container_groups.py").read_text()
    assert set(re.findall(r"self\._(\w+) = client\.", text)) == {
        "groups",
        "containers",
        "locations",
    }
    users = [
        path
        for path in (ROOT / "orchestration").rglob("*.py")
        if "ManagementClient" in path.read_text()
    ]
    assert {path.name for path in users} == {"arm.py", "container_groups.py"}


def test_every_role_on_the_page_is_granted_and_no_other() -> None:
    listed = {(row.who, row.role, row.scope) for row in PAGE_ROWS if row.who != "you"}
    database = ("worker", "Entra administrator", "PostgreSQL server, if there is one")
    assert _who(MAIN.modules["database"].params["administratorPrincipalId"]) == "worker"
    assert listed == {*granted(), database}


def test_no_role_is_assigned_elsewhere() -> None:
    assigning = {
        path.stem
        for path, file in reachable(MAIN.path).items()
        for resource in file.resources.values()
        if resource["type"] == "Microsoft.Authorization/roleAssignments"
    }
    called = {module.path.stem for name, module in MAIN.modules.items() if name in SCOPES}
    assert assigning == called


@pytest.mark.parametrize("row", PAGE_ROWS, ids=lambda row: f"{row.who}: {row.call}")
def test_a_role_allows_what_is_done_by_it(row: Row) -> None:
    if row.role == "Entra administrator":
        return
    own = dict(custom_roles().values())
    allowed = own.get(row.role) or ALLOWED[row.role]
    for action in row.actions:
        assert any(fnmatchcase(action, pattern) for pattern in allowed), action


@pytest.mark.parametrize(("name", "actions"), custom_roles().values())
def test_a_role_of_our_own_allows_nothing_else(name: str, actions: list[str]) -> None:
    assert set(actions) == {
        action for row in PAGE_ROWS if row.role == name for action in row.actions
    }


@pytest.mark.parametrize("who", ["app", "worker"])
@pytest.mark.parametrize("role", NARROWER)
def test_a_narrower_role_would_not_do(who: str, role: str) -> None:
    rows = [row for row in PAGE_ROWS if (row.who, row.role) == (who, role)]
    assert {action for row in rows for action in row.actions} - set(NARROWER[role])


def test_bicep_names_roles_by_the_names_of_the_page() -> None:
    ids = json.loads((INFRA / "roles.json").read_text())
    builtin = {role for _, role, _ in granted()} - {name for name, _ in custom_roles().values()}
    assert set(ids) == builtin
    assert len(set(ids.values())) == len(ids)


def test_the_assignments_are_what_the_grants_say() -> None:
    for path in ("identity", "storage", "registry", "telemetry"):
        file = Bicep(INFRA / f"{path}.bicep")
        assignment = json.dumps(body(file.resources["assignments"]))
        assert (
            file.resources["assignments"]["config"]["loop_type"]["detail"]["array_name"] == "grants"
        )
        for word in ("roleDefinitionId", '"roles"', '"principalId"', '"grant"', '"role"'):
            assert word in assignment
