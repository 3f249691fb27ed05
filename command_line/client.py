"""The app's HTTP API as its callers use it."""

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

TIMEOUT = 60.0
# By default httpx reads the system's certificates for each call, which takes longer than the call.
_NONE_TRUSTED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class RefusedError(Exception):
    """The app answered with problem details."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        errors = problem.get("errors", [])
        self.faults = [": ".join(filter(None, (e["field"], e["reason"]))) for e in errors]
        self.detail = f"{status} {problem.get('detail', '')}"
        super().__init__("; ".join((self.detail, *self.faults)))
        self.status = status
        self.problem = problem


class UnreachableError(Exception):
    """The app did not answer."""


@dataclass(frozen=True)
class Client:
    """Every call may raise `UnreachableError` while the app is away, and `RefusedError`.

    `hint` is what helps while the app is away.
    """

    url: str
    key: str = field(repr=False)
    timeout: float = TIMEOUT
    hint: str = ""

    def start(self, wanted: Any, idempotency_key: str | None = None) -> str:
        """Start a run and return its id."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return str(self.call("POST", "/runs", wanted, headers=headers)["run"])

    def show(self, run: str) -> dict[str, Any]:
        """How a run stands."""
        return self.call("GET", f"/runs/{run}")

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One call whose answer is JSON; no body is sent where `body` is None.

        Members of the query that are None are left out.
        """
        content = None if body is None else json.dumps(body).encode()
        answer = self.send(method, path, content, headers=headers, query=query)
        return members(answer) if answer.content else {}

    def send(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """One call as it is: bytes there, and the answer whatever it holds."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            answer = httpx.request(
                method,
                f"{self.url}/api{path}",
                headers={"x-functions-key": self.key, **(headers or {})},
                params=given or None,  # an empty query would take the place of the path's
                content=content,
                timeout=self.timeout,
                verify=trusted(self.url),
            )
        except httpx.TransportError as error:
            hint = f"; {self.hint}" if self.hint else ""
            raise UnreachableError(f"{self.url} does not answer: {error}{hint}") from error
        if not answer.is_success:
            raise RefusedError(answer.status_code, _problem(answer))
        return answer

    def pages(
        self, path: str, member: str, query: Mapping[str, Any] | None = None
    ) -> Iterator[Any]:
        """The items of a list from all of its pages, or from those behind an `after`."""
        after = (query or {}).get("after")
        while True:
            page = self.call("GET", path, query={**(query or {}), "after": after})
            yield from page[member]
            after = page.get("next")
            if after is None:
                return


def trusted(url: str) -> ssl.SSLContext | bool:
    """The certificates that a call of this address needs, for httpx."""
    return _NONE_TRUSTED if url.startswith("http://") else True


def members(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object that came.

    Raises:
        UnreachableError: something else came, which is not of the app.
    """
    found = _object(answer)
    if found is None:
        raise UnreachableError(f"{answer.url} does not answer as the app does: no JSON object")
    return found


def _problem(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return {"detail": "the key is missing or wrong"}
    return _object(answer) or {"detail": answer.text[:500]}


def _object(answer: httpx.Response) -> dict[str, Any] | None:
    """The JSON object that came, None if something else did."""
    try:
        found = answer.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
