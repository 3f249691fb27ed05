"""HTTP triggers, access levels, timers run by hand and the answers to bad requests."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from support.functions_host import FunctionsHost, wait_until

from worker_image.contract.telemetry import TraceParent

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_host_says_that_it_runs(host: FunctionsHost) -> None:
    answer = httpx.get(f"{host.base_url}/admin/host/status")
    assert (answer.status_code, answer.json()["state"]) == (200, "Running")


def test_a_function_sees_the_request_and_its_context(host: FunctionsHost) -> None:
    url = f"{host.base_url}/api/echo/abc/x/y?q=1&q=2&p=%C3%A4"
    headers = {"X-Test": "h", "traceparent": CALLER}
    answer = httpx.post(url, content="body", headers=headers)
    assert (answer.status_code, answer.headers["X-Answer"]) == (201, "yes")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.json() == {
        "method": "POST",
        "params": {"q": "1,2", "p": "ä"},
        "route": {"kind": "abc", "rest": "x/y"},
        "body": "body",
        "header": "h",
        "function": "echo",
        "trace": CALLER,
        "greeting": "hello",
    }


@pytest.mark.parametrize("headers", [{}, {"traceparent": "nonsense"}])
def test_a_call_without_a_trace_begins_one(host: FunctionsHost, headers: dict[str, str]) -> None:
    url = f"{host.base_url}/api/echo/abc/x"
    told = {httpx.post(url, headers=headers).json()["trace"] for _ in range(2)}
    assert len(told) == 2
    assert all(TraceParent.read(trace) for trace in told)


@pytest.mark.parametrize("path", ["/api/echo/abc1/x", "/api/nothing", "/api/start"])
def test_what_no_route_takes_is_not_found(api: httpx.Client, path: str) -> None:
    assert api.get(path).status_code == 404


def test_a_method_that_the_trigger_does_not_name_is_refused(api: httpx.Client) -> None:
    assert api.put("/api/echo/abc/x").status_code == 405


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/api/echo/a/b", "", 201),
        ("/api/admin-only", "", 401),
        ("/api/admin-only", "wrong", 401),
        ("/api/admin-only", "function_key", 401),
        ("/api/admin-only", "system_key", 401),
        ("/api/admin-only", "master_key", 200),
        ("/api/with-key", "", 401),
        ("/api/with-key", "system_key", 401),
        ("/api/with-key", "function_key", 200),
        ("/api/with-key", "master_key", 200),
        ("/runtime/webhooks/durabletask/instances", "function_key", 401),
        ("/runtime/webhooks/durabletask/instances", "system_key", 200),
    ],
)
@pytest.mark.parametrize("place", ["header", "query"])
def test_access_levels(host: FunctionsHost, path: str, key: str, status: int, place: str) -> None:
    value = getattr(host, key, key)
    headers = {"x-functions-key": value} if place == "header" else {}
    query = {"code": value} if place == "query" else {}
    assert httpx.get(host.base_url + path, params=query, headers=headers).status_code == status


def test_a_failure_shows_its_cause_in_the_log_alone(host: FunctionsHost) -> None:
    answer = httpx.get(f"{host.base_url}/api/broken")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    lines = [line for line in host.log.read_text("utf-8").splitlines() if "broken failed" in line]
    assert "ValueError: a secret of the code" in lines[0]
    assert "Traceback" not in host.log.read_text("utf-8")


def test_a_function_that_exits_does_not_end_the_host(host: FunctionsHost) -> None:
    assert httpx.get(f"{host.base_url}/api/exit").status_code == 500
    assert httpx.get(f"{host.base_url}/api/nothing-returned").status_code == 204


def test_a_body_over_the_limit_is_refused(host: FunctionsHost) -> None:
    megabyte = b"x" * 1024 * 1024
    body = (megabyte for _ in range(101))
    assert httpx.post(f"{host.base_url}/api/echo/a/b", content=body).status_code == 413


def test_the_log_holds_no_key(host: FunctionsHost) -> None:
    log = host.log.read_text("utf-8")
    assert all(key not in log for key in (host.function_key, host.system_key, host.master_key))


def test_a_timer_function_runs_at_once_by_the_master_key(host: FunctionsHost, trace: Path) -> None:
    url = f"{host.base_url}/admin/functions/yearly"
    assert httpx.post(url, headers={"x-functions-key": host.function_key}).status_code == 401
    assert httpx.post(url, headers={"x-functions-key": host.master_key}).status_code == 202
    assert wait_until(lambda: "yearly past_due=False" in trace.read_text("utf-8"))


def test_a_function_that_is_no_timer_cannot_be_run_that_way(host: FunctionsHost) -> None:
    url = f"{host.base_url}/admin/functions/nothing"
    assert httpx.post(url, headers={"x-functions-key": host.master_key}).status_code == 404
