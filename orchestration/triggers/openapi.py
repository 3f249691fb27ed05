"""The OpenAPI document of the HTTP API, from the operations that the app serves."""

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter

from ..model import NAME
from ..problems import Problem
from ..views.notifications import Notification
from .operations import HEADER_VALUE, JSON, PROBLEM, Operation

Members = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"
PARTS = {
    "run": ("the id of a run", r"^r\d{6}-\d{6}-[a-z0-9]{5}$"),
    "stage": ("a stage of work", r"^(generate|ingest|command|finish|undecodable)$"),
    "unit": ("the number of a unit", r"^\d{1,7}$"),
    "worker": ("a worker, which is named like its container group", r"^[a-z0-9-]{1,63}$"),
    "dataset": ("the name of a stored dataset", NAME),
    "job": ("the name of a stored job", NAME),
    "schedule": ("the name of a stored schedule", NAME),
    "name": ("a name", r"^[a-z0-9][a-z0-9_-]{0,63}$"),
}
"""By the name of a part of an address, what it is and how it looks."""
ANYWHERE = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE)


def document(operations: Iterable[Operation], version: str) -> Members:
    """OpenAPI 3.1: every operation with what it takes, gives and refuses, and what is told."""
    described = [each for each in operations if each.gives != "text/html"]
    schemas, definitions = TypeAdapter.json_schemas(
        [(key, mode, TypeAdapter(kind)) for key, mode, kind in _kinds(described)],
        ref_template=REFERENCE,
    )
    by_key = {key: schema for (key, _), schema in schemas.items()}
    paths: dict[str, Members] = {}
    for operation in described:
        path = paths.setdefault(f"/{operation.route}", {})
        path[operation.method.lower()] = _operation(operation, by_key)
    return {
        "openapi": "3.1.0",
        "info": {"title": "ACI jobs", "version": version},
        "servers": [{"url": "/api"}],
        "security": [{"key": []}, {"code": []}],
        "paths": paths,
        "webhooks": {"notification": {"post": _told(by_key["notification"])}},
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "code": {"type": "apiKey", "in": "query", "name": "code"},
            },
        },
    }


def _kinds(operations: Iterable[Operation]) -> Iterator[tuple[str, Any, Any]]:
    """Every value of every operation by a key of its own, with the way that it goes."""
    yield "problem", "serialization", Problem
    yield "notification", "serialization", Notification
    for operation in operations:
        yield f"{operation.name} query", "validation", operation.query
        if isinstance(operation.takes, type):
            yield f"{operation.name} takes", "validation", operation.takes
        if isinstance(operation.gives, type):
            yield f"{operation.name} gives", "serialization", operation.gives


def _operation(operation: Operation, schemas: Members) -> Members:
    described: Members = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_parts(operation), *_query(operation), *_headers(operation)],
        "responses": dict(_responses(operation, schemas)),
    }
    if operation.takes:
        described["requestBody"] = _body(operation, schemas)
    return {**described, "security": []} if operation.anonymous else described


def _body(operation: Operation, schemas: Members) -> Members:
    """What a call brings; it may be absent where it needs no member."""
    if isinstance(operation.takes, str):
        return {"required": True, "content": {operation.takes: {"schema": {}}}}
    members = operation.takes.model_fields.values() if operation.takes else ()
    return {
        "required": any(member.is_required() for member in members),
        "content": {JSON: {"schema": schemas[f"{operation.name} takes"]}},
    }


def _told(schema: Members) -> Members:
    """What the app's webhook is told, under the headers of Standard Webhooks."""
    return {
        "summary": "Tell of a run.",
        "parameters": [
            {"name": f"webhook-{name}", "in": "header", "required": True, "schema": kind}
            for name, kind in (
                ("id", {"type": "string"}),
                ("timestamp", {"type": "integer"}),
                ("signature", {"type": "string"}),
            )
        ],
        "requestBody": {"required": True, "content": {JSON: {"schema": schema}}},
        "responses": {"2XX": {"description": "It is taken."}},
    }


def _parts(operation: Operation) -> Iterator[Members]:
    for name in re.findall(r"\{(\w+)\}", operation.route):
        description, pattern = PARTS[name]
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": {"type": "string", "pattern": pattern},
        }


def _query(operation: Operation) -> Iterator[Members]:
    schema = operation.query.model_json_schema(ref_template=REFERENCE)
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        yield {"name": name, "in": "query", "required": name in required, "schema": _one(member)}


def _one(member: Members) -> Members:
    """The schema of a member of the query, which is absent where it has no value."""
    members = {name: value for name, value in member.items() if name != "default"}
    kinds = [kind for kind in member.get("anyOf", ()) if kind != {"type": "null"}]
    return {**members, "anyOf": kinds} if kinds else members


def _headers(operation: Operation) -> Iterator[Members]:
    for name, description in operation.headers.items():
        yield {
            "name": name,
            "in": "header",
            "description": description,
            "schema": {"type": "string", "pattern": f"^{HEADER_VALUE}$"},
        }


def _responses(operation: Operation, schemas: Members) -> Iterator[tuple[str, Members]]:
    if isinstance(operation.gives, str):
        content: Members = {operation.gives: {}} if operation.gives else {}
    else:
        content = {JSON: {"schema": schemas[f"{operation.name} gives"]}}
    for status in (operation.status, *operation.others):
        silent = status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        number, described = _response(status, {} if silent else content)
        yield number, {**described, "headers": _sent(operation)} if operation.sends else described
    sized = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE,) if operation.takes else ()
    for status in dict.fromkeys((*ANYWHERE, *sized, *operation.refusals)):
        # The host itself turns a call without a key away, and says nothing.
        silent = status is HTTPStatus.UNAUTHORIZED
        yield _response(status, {} if silent else {PROBLEM: {"schema": schemas["problem"]}})


def _sent(operation: Operation) -> Members:
    return {
        name: {"description": description, "schema": {"type": "string"}}
        for name, description in operation.sends.items()
    }


def _response(status: HTTPStatus, content: Members) -> tuple[str, Members]:
    described: Members = {"description": status.phrase}
    return str(int(status)), {**described, "content": content} if content else described
