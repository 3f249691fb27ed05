"""Functions routes as router paths."""

from __future__ import annotations

import pytest
from aiohttp.web import Request, Response, UrlDispatcher

from local_host.functions.app_index import AppError
from local_host.functions.http_triggers import route_paths


async def _answer(_: Request) -> Response:
    return Response()


def match(route: str, path: str) -> dict[str, str] | None:
    """Return the route parameters of a path, None when the route does not take it."""
    router = UrlDispatcher()
    for pattern in route_paths("api", route):
        found = router.add_resource(pattern).get_info()
        whole = found["pattern"].fullmatch(path) if "pattern" in found else None
        if whole:
            return dict(whole.groupdict())
        if found.get("path") == path:
            return {}
    return None


@pytest.mark.parametrize(
    ("route", "path", "parameters"),
    [
        ("runs", "/api/runs", {}),
        ("runs/{id}", "/api/runs/a.b", {"id": "a.b"}),
        ("runs/{id}", "/api/runs/a/b", None),
        ("runs/{id:int}/log", "/api/runs/17/log", {"id": "17"}),
        ("runs/{id:int}/log", "/api/runs/x/log", None),
        ("runs/{id:alpha}", "/api/runs/x1", None),
        ("runs/{id:guid}", "/api/runs/0b4c2a5e-0000-4000-8000-000000000000", {"id": "0b4c"}),
        ("files/{*rest}", "/api/files/a/b", {"rest": "a/b"}),
        ("runs/{id?}", "/api/runs", {}),
        ("runs/{id?}", "/api/runs/7", {"id": "7"}),
        ("runs/{id:int?}", "/api/runs/x", None),
    ],
)
def test_a_route_takes_the_paths_that_the_real_host_takes(
    route: str, path: str, parameters: dict[str, str] | None
) -> None:
    found = match(route, path)
    if parameters is None:
        assert found is None
    else:
        assert found is not None
        assert found.keys() == parameters.keys()
        assert all(found[name].startswith(value) for name, value in parameters.items())


def test_an_empty_prefix_adds_no_slash() -> None:
    assert route_paths("", "runs") == ["/runs"]


def test_a_constraint_that_is_not_known_is_refused() -> None:
    with pytest.raises(AppError, match=r"\{id:range\(1,9\)\}: the constraint is not supported"):
        route_paths("api", "runs/{id:range(1,9)}")
