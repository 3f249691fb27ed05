"""The OpenAPI document: valid, and of exactly the operations that are served."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from openapi_spec_validator import validate
from support.webhooks import blocks

from local_host.system import CHECKOUT
from orchestration.model import RunRequest
from orchestration.triggers.http_api import OPERATIONS
from orchestration.triggers.openapi import document

DOCUMENT: dict[str, Any] = json.loads(json.dumps(document(OPERATIONS, "1")))


def test_it_is_valid() -> None:
    validate(DOCUMENT)


def test_every_operation_is_described() -> None:
    described = {
        each["operationId"]: (method, path)
        for path, methods in DOCUMENT["paths"].items()
        for method, each in methods.items()
    }
    served = {each.name: (each.method.lower(), f"/{each.route}") for each in OPERATIONS}
    assert described == {name: place for name, place in served.items() if name in described}
    assert {each.name for each in OPERATIONS if each.gives != "text/html"} == described.keys()
    assert all(each.summary.endswith(".") for each in OPERATIONS)


def test_the_page_has_every_operation_and_no_other() -> None:
    page = (CHECKOUT / "docs" / "api.md").read_text()
    calls = re.findall(r"`(GET|POST|PUT|DELETE) (/[^`]*)`", page.partition("## Calls")[2])
    assert sorted(calls) == sorted((each.method, f"/{each.route}") for each in OPERATIONS)


def test_all_but_health_need_a_key() -> None:
    open_to_all = [each.name for each in OPERATIONS if each.anonymous]
    assert open_to_all == ["show_health"]
    without = [
        path
        for path, methods in DOCUMENT["paths"].items()
        for each in methods.values()
        if each.get("security") == []
    ]
    assert without == ["/health"]


def test_the_request_of_the_document_is_the_request_that_is_validated() -> None:
    schema = {"$ref": "#/components/schemas/RunRequest", "components": DOCUMENT["components"]}
    validator = Draft202012Validator(schema)
    sound = {"kind": "ingest", "source": {"container": "landing"}, "sink": {"schema": "s"}}
    RunRequest.model_validate(sound)
    assert validator.is_valid(sound)
    assert not validator.is_valid({**sound, "units": 0})
    assert not validator.is_valid({**sound, "unitz": 1})


def test_what_the_webhook_is_told_fits_its_schema() -> None:
    told = DOCUMENT["webhooks"]["notification"]["post"]
    reference = told["requestBody"]["content"]["application/json"]["schema"]
    schema = Draft202012Validator({**reference, "components": DOCUMENT["components"]})
    examples = [json.loads(block) for block in blocks("json")]
    for example in examples:
        schema.validate(example)
    del examples[0]["data"]["cost"]
    with pytest.raises(ValidationError, match="'cost' is a required property"):
        schema.validate(examples[0])
