"""The app's HTTP API as its callers use it."""

import json
import urllib.error
import urllib.request
from typing import Any

TIMEOUT = 60.0


class RefusedError(Exception):
    """The app answered with problem details."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        errors = (f"{item['field']}: {item['reason']}" for item in problem.get("errors", []))
        super().__init__("; ".join((f"{status} {problem.get('detail', '')}", *errors)))
        self.status = status
        self.problem = problem


class Client:
    """Start, watch and steer runs; every call may raise `OSError` while the app is away."""

    def __init__(self, url: str, key: str) -> None:
        self._url = f"{url}/api"
        self._key = key

    def start(self, request: Any, idempotency_key: str | None = None) -> str:
        """Start a run and return its id."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return str(self.call("POST", "/runs", request, headers)["run"])

    def show(self, run: str) -> dict[str, Any]:
        """How a run stands."""
        return self.call("GET", f"/runs/{run}")

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """One call.

        Raises:
            RefusedError: the answer was not a success.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310  # an address of the caller's own app
            f"{self._url}{path}",
            data=data,
            method=method,
            headers={"x-functions-key": self._key, **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                members: dict[str, Any] = json.load(answer)
                return members
        except urllib.error.HTTPError as error:
            raise RefusedError(error.code, _problem(error.read())) from None


def _problem(content: bytes) -> dict[str, Any]:
    try:
        problem: dict[str, Any] = json.loads(content)
    except ValueError:
        return {"detail": content.decode(errors="replace")[:500]}
    return problem
