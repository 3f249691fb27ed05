"""An app that is named by its Azure resource: whoever may list its keys may use it.

Its address and a function key come from Azure Resource Manager each time; no key is stored.
"""

import re
from http import HTTPStatus
from typing import Any

import httpx
import typer
from azure.core.credentials import TokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential

from command_line.client import Client, RefusedError, UnreachableError, trusted

ARM = "https://management.azure.com"
API_VERSION = "2023-12-01"
TIMEOUT = 30.0
_APP = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[-\w.()]{1,90}"
    r"/providers/Microsoft\.Web/sites/[-\w]{1,60}(/slots/[-\w]{1,60})?",
    re.IGNORECASE | re.ASCII,
)


def find(app: str, credential: TokenCredential | None = None, arm: str = ARM) -> Client:
    """The app of a resource id, as the person whose credential it is; by default who is signed in.

    Raises:
        typer.BadParameter: it is no id of a function app.
        RefusedError: nobody is signed in, there is no such app, or its keys may not be listed.
        UnreachableError: Azure did not answer.
    """
    if not _APP.fullmatch(app):
        raise typer.BadParameter(
            f"{app!r}: /subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/NAME is"
            " needed",
            param_hint="--app",
        )
    headers = {"Authorization": f"Bearer {_token(credential or DefaultAzureCredential(), arm)}"}
    with httpx.Client(base_url=arm, headers=headers, timeout=TIMEOUT, verify=trusted(arm)) as azure:
        site = _answer(azure, "GET", app)
        keys = _answer(azure, "POST", f"{app}/host/default/listkeys")
    functions: dict[str, str] = keys.get("functionKeys") or {}
    if not functions:
        raise RefusedError(HTTPStatus.NOT_FOUND, {"detail": f"{app} has no function key"})
    key = functions.get("default") or next(iter(functions.values()))
    return Client(f"https://{site['properties']['defaultHostName']}", key)


def _token(credential: TokenCredential, arm: str) -> str:
    try:
        return credential.get_token(f"{arm}/.default").token
    except ClientAuthenticationError as error:
        first = str(error.message).partition("\n")[0]
        detail = f"nobody is signed in to Azure, as with `az login`: {first}"
        raise RefusedError(HTTPStatus.UNAUTHORIZED, {"detail": detail}) from error


def _answer(azure: httpx.Client, method: str, path: str) -> dict[str, Any]:
    try:
        answer = azure.request(method, path, params={"api-version": API_VERSION})
    except httpx.TransportError as error:
        raise UnreachableError(f"{azure.base_url} does not answer: {error}") from error
    if not answer.is_success:
        raise RefusedError(answer.status_code, {"detail": f"Azure says {_reason(answer)}"})
    members: dict[str, Any] = answer.json()
    return members


def _reason(answer: httpx.Response) -> str:
    """Azure's own words of an error."""
    try:
        error = answer.json()["error"]
        return f"{error['code']}: {error['message']}"
    except (ValueError, LookupError, TypeError):
        return answer.reason_phrase
