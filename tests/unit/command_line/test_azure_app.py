"""An app that is found by its Azure resource, on an endpoint that answers as Azure does."""

import json
from typing import Any

import pytest
import typer
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from support.command_line import answers, called
from support.endpoint import Answer, endpoint
from support.tables import table

from command_line.azure_app import find
from command_line.client import Client, RefusedError, UnreachableError

APP = (
    "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/rg-jobs"
    "/providers/Microsoft.Web/sites/jobs"
)
SITE = {"properties": {"defaultHostName": "jobs.azurewebsites.net"}}
KEYS = {
    "masterKey": "master-key",
    "functionKeys": {"ci": "ci-key", "default": "function-key"},
    "systemKeys": {"durabletask_extension": "system-key"},
}
FORBIDDEN = Answer(
    403, json.dumps({"error": {"code": "AuthorizationFailed", "message": "may not list keys"}})
)


class SignedIn:
    """The credential of a person who is signed in; it remembers what it was asked for."""

    def __init__(self) -> None:
        self.scopes: tuple[str, ...] = ()

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes = scopes
        return AccessToken("the-token", 4_000_000_000)


class SignedOut:
    """The credential of nobody."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        raise ClientAuthenticationError("no credential found\nmore and more")


def found(*script: Any, app: str = APP) -> tuple[Client, list[tuple[str, str, str]]]:
    """The app, and each request with its authorization."""
    with endpoint() as azure:
        azure.script = [item if isinstance(item, Answer) else answers(item)[0] for item in script]
        credential = SignedIn()
        client = find(app, credential, f"http://{azure.host}")
        assert credential.scopes == (f"http://{azure.host}/.default",)
        return client, [(a.method, a.path, a.headers["Authorization"]) for a in azure.asked]


@table(
    "app",
    {"an app": APP, "a slot of it": f"{APP}/slots/staging", "in any case": APP.upper()},
)
def test_address_and_key_come_from_azure(app: str) -> None:
    client, asked = found(SITE, KEYS, app=app)
    assert (client.url, client.key) == ("https://jobs.azurewebsites.net", "function-key")
    assert asked == [
        ("GET", f"{app}?api-version=2023-12-01", "Bearer the-token"),
        ("POST", f"{app}/host/default/listkeys?api-version=2023-12-01", "Bearer the-token"),
    ]
    assert "function-key" not in repr(client)


def test_any_function_key_will_do_where_there_is_no_default_one() -> None:
    client, _ = found(SITE, KEYS | {"functionKeys": {"ci": "ci-key"}})
    assert client.key == "ci-key"


@table(
    "script, error, message",
    {
        "keys that may not be listed": (
            [SITE, FORBIDDEN],
            RefusedError,
            "403 Azure says AuthorizationFailed: may not list keys",
        ),
        "no such app": ([404], RefusedError, "404 Azure says Not Found"),
        "no function key": ([SITE, {"functionKeys": None}], RefusedError, "has no function key"),
        "no answer": ([Answer(0)], UnreachableError, "does not answer"),
    },
)
def test_what_azure_refuses_is_said_in_its_words(
    script: list[Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        found(*script)
    assert "the-token" not in str(caught.value)


def test_nobody_is_signed_in() -> None:
    with pytest.raises(RefusedError, match=r"`az login`: no credential found$"):
        find(APP, SignedOut(), "http://127.0.0.1:1")


@pytest.mark.parametrize(
    "app", ["jobs", f"{APP}/../other", f"{APP}?x=1", APP.replace("Microsoft.Web", "Other")]
)
def test_only_the_id_of_a_function_app_is_asked_for(app: str) -> None:
    with pytest.raises(typer.BadParameter, match="sites/NAME is needed"):
        find(app, SignedIn(), "http://127.0.0.1:1")


@table(
    "options, message",
    {
        "named twice": (["--url", "http://x", "--app", APP], "the app is named twice"),
        "no address": (["--url", "localhost:7071"], "http://HOST or https://HOST is needed"),
        "a password in it": (["--url", "http://me:secret@x"], "http://HOST or https://HOST"),
        "a key in it": (["--url", "http://x/api?code=secret"], "the key is for --key"),
        "no id": (["--app", "jobs"], "'jobs': /subscriptions/"),
    },
)
def test_an_app_that_is_named_wrong(options: list[str], message: str) -> None:
    result = called(*options, "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.parametrize("suffix", ["", "/", "/api", "/api/"])
def test_the_address_of_the_api_is_one_of_the_app(suffix: str) -> None:
    with endpoint() as api:
        api.script = answers({"runs": [], "next": None})
        result = called("--url", f"http://{api.host}{suffix}", "--key", "k", "list", "--json")
        (asked,) = api.asked
    assert (result.exit_code, json.loads(result.stdout)["runs"]) == (0, [])
    assert asked.path == "/api/runs?limit=20"
    assert asked.headers["x-functions-key"] == "k"
