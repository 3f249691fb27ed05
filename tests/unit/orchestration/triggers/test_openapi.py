"""The OpenAPI document, beside its operations."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from support.webhooks import blocks

from orchestration.triggers.http_api import OPERATIONS, VERSION
from orchestration.triggers.openapi import document

DOCUMENT: dict[str, Any] = document(OPERATIONS, VERSION)


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
