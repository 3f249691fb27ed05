"""The JSON that a durable client binding receives: where the SDK's client finds this host."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import quote

WEBHOOK_PATH = "/runtime/webhooks/durabletask"


def rpc_path(system_key: str) -> str:
    """The path of the SDK's client, which sends no key: only who has one can tell it."""
    return f"/durabletask/{hashlib.sha256(f'rpc {system_key}'.encode()).hexdigest()}"


def client_binding(origin: str, hub: str, system_key: str) -> str:
    """Return the binding's JSON; the SDK replaces the id INSTANCEID in the addresses."""
    base = f"{origin}{WEBHOOK_PATH}"
    new = f"{base}/orchestrators/{{functionName}}[/{{instanceId}}]"
    wait = "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}"
    return json.dumps(
        {
            "taskHubName": hub,
            "creationUrls": {
                "createNewInstancePostUri": f"{new}?code={system_key}",
                "createAndWaitOnNewInstancePostUri": f"{new}?{wait}&code={system_key}",
            },
            "managementUrls": management_urls(origin, "INSTANCEID", hub, system_key),
            "baseUrl": base,
            "requiredQueryStringParameters": f"code={system_key}",
            "rpcBaseUrl": f"{origin}{rpc_path(system_key)}/",
        }
    )


def management_urls(origin: str, instance_id: str, hub: str, system_key: str) -> dict[str, str]:
    """Return the management addresses of one instance under the names the extension uses."""
    instance = f"{origin}{WEBHOOK_PATH}/instances/{quote(instance_id, safe='')}"
    query = f"taskHub={quote(hub)}&connection=Storage&code={system_key}"
    return {
        "id": instance_id,
        "statusQueryGetUri": f"{instance}?{query}",
        "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{query}",
        "terminatePostUri": f"{instance}/terminate?reason={{text}}&{query}",
        "rewindPostUri": f"{instance}/rewind?reason={{text}}&{query}",
        "purgeHistoryDeleteUri": f"{instance}?{query}",
        "restartPostUri": f"{instance}/restart?{query}",
        "suspendPostUri": f"{instance}/suspend?reason={{text}}&{query}",
        "resumePostUri": f"{instance}/resume?reason={{text}}&{query}",
    }
