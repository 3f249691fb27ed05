"""The app's HTTP API as its callers use it."""

import json
from typing import Any

import httpx

from local_host.loopback import request

TIMEOUT = 60.0


class RefusedError(Exception):
    """The app answered with problem details."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        errors = (f"{item['field']}: {item['reason']}" for item in problem.get("errors", []))
        super().__init__("; ".join((f"{status} {problem.get('detail', '')}", *errors)))
        self.status = status
        self.problem = problem


class Client:
    """Start, watch and steer runs; every call may raise `httpx.HTTPError` while the app is away."""

    def __init__(self, url: str, key: str) -> None:
        self._url = f"{url}/api"
        self._key = key

    def start(self, wanted: Any, idempotency_key: str | None = None) -> str:
        """Start a run and return its id."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return str(self.call("POST", "/runs", wanted, headers)["run"])

    def show(self, run: str) -> dict[str, Any]:
        """How a run stands."""
        return self.call("GET", f"/runs/{run}")

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """One call; no body is sent where `body` is None.

        Raises:
            RefusedError: the answer was not a success.
        """
        answer = request(
            method,
            f"{self._url}{path}",
            headers={"x-functions-key": self._key, **(headers or {})},
            content=None if body is None else json.dumps(body),
            timeout=TIMEOUT,
        )
        if not answer.is_success:
            raise RefusedError(answer.status_code, _problem(answer))
        members: dict[str, Any] = answer.json()
        return members


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        problem: dict[str, Any] = answer.json()
    except ValueError:
        return {"detail": answer.text[:500]}
    return problem
