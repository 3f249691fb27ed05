"""What a compiler would refuse in a Bicep file, as far as a wrong deployment would come of it."""

from collections.abc import Iterator
from typing import Any

from support.bicep import Bicep, Module

# Type and version of every resource; one is looked up in Azure's reference before it is added.
KNOWN = {
    "Microsoft.Authorization/roleAssignments@2022-04-01",
    "Microsoft.Authorization/roleDefinitions@2022-04-01",
    "Microsoft.Consumption/budgets@2023-11-01",
    "Microsoft.ContainerRegistry/registries@2023-07-01",
    "Microsoft.DBforPostgreSQL/flexibleServers/administrators@2024-08-01",
    "Microsoft.DBforPostgreSQL/flexibleServers/databases@2024-08-01",
    "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2024-08-01",
    "Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01",
    "Microsoft.Insights/actionGroups@2023-01-01",
    "Microsoft.Insights/components@2020-02-02",
    "Microsoft.Insights/scheduledQueryRules@2023-12-01",
    "Microsoft.Insights/workbooks@2023-06-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31",
    "Microsoft.Network/natGateways@2024-05-01",
    "Microsoft.Network/networkSecurityGroups@2024-05-01",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01",
    "Microsoft.Network/privateDnsZones@2020-06-01",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01",
    "Microsoft.Network/privateEndpoints@2024-05-01",
    "Microsoft.Network/publicIPAddresses@2024-05-01",
    "Microsoft.Network/virtualNetworks/subnets@2024-05-01",
    "Microsoft.Network/virtualNetworks@2024-05-01",
    "Microsoft.OperationalInsights/workspaces@2023-09-01",
    "Microsoft.Resources/resourceGroups@2024-03-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01",
    "Microsoft.Storage/storageAccounts/blobServices@2023-05-01",
    "Microsoft.Storage/storageAccounts@2023-05-01",
    "Microsoft.Web/serverfarms@2024-04-01",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01",
    "Microsoft.Web/sites/config@2024-04-01",
    "Microsoft.Web/sites@2024-04-01",
}


def faults(file: Bicep) -> Iterator[str]:
    """Every fault of a file, and of how it calls others."""
    yield from _symbols(file)
    yield from _types(file)
    for path in file.loaded:
        if not path.is_file():
            yield f"there is no {path.name}"
    for name, module in file.modules.items():
        yield from _call(file, name, module)


def _symbols(file: Bicep) -> Iterator[str]:
    heads = {name for name, *_ in file.named}
    for name in sorted(heads - file.declared):
        yield f"{name} is not declared"
    existing = {name for name, resource in file.resources.items() if resource["existing"]}
    for name in sorted({*file.params, *file.variables, *existing} - heads):
        yield f"{name} is not used"


def _types(file: Bicep) -> Iterator[str]:
    for resource in file.resources.values():
        kind = f"{resource['type']}@{resource['api_version']}"
        if kind not in KNOWN:
            yield f"{kind} is not known"


def _call(file: Bicep, name: str, module: Module) -> Iterator[str]:
    if not module.path.is_file():
        yield f"{name}: there is no {module.path.name}"
        return
    called = Bicep(module.path)
    for fault in (*_given(file, module, called), *_taken(file, name, called)):
        yield f"{name}: {fault}"
    if (called.scope == file.scope) == bool(module.scope) and not _elsewhere(module):
        yield f"{name}: its scope is {called.scope}"


def _given(file: Bicep, module: Module, called: Bicep) -> Iterator[str]:
    given, params = set(module.params), called.params
    for param in sorted(called.required - given):
        yield f"{param} is missing"
    for param in sorted(given - set(params)):
        yield f"{param} is unknown"
    for param in sorted(given & set(params)):
        value, wanted = module.params[param], params[param]["type"]
        if (kind := _kind(file, value)) not in ("", wanted):
            yield f"{param} is {kind}, not {wanted}"
        allowed, may_be = _allowed(params[param]), _allowed(file.params.get(str(value), {}))
        if allowed and may_be - allowed:
            yield f"{param} may be another than {sorted(allowed)}"


def _taken(file: Bicep, name: str, called: Bicep) -> Iterator[str]:
    for head, *tail in file.named:
        if head == name and tail[:1] == ["outputs"] and tail[1] not in called.outputs:
            yield f"there is no output {tail[1]}"


def _allowed(param: dict[str, Any]) -> set[Any]:
    found = [each for each in param.get("decorators", ()) if each["type"] == "allowed"]
    return {value for each in found for value in each["argument"]}


def _elsewhere(module: Module) -> bool:
    """Whether it is deployed to another resource group by name."""
    return isinstance(module.scope, dict)


def _kind(file: Bicep, value: Any) -> str:
    """The type of a value where it can be told at sight."""
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case list():
            return "array"
        case str() if value in file.params:
            return str(file.params[value]["type"])
        case str() if value not in file.declared:
            return "string"
        case {"function": _} | {"operator": _}:
            return ""
        case dict():
            return "object"
    return ""
