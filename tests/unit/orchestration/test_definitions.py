"""Stored definitions: which version is expected, what one run changes of a job, who names what."""

from typing import Any

import pytest
from support.tables import table

from orchestration.definitions import JobChanges, changed, used
from orchestration.model import RunRequest
from orchestration.problems import InvalidRequestError
from orchestration.services import Noun
from orchestration.services.definitions import Expected
from orchestration.triggers import http_api, openapi

A, B = '"0xA"', '"0xB"'


@table(
    "match, none_match, etag, met",
    {
        "nothing is expected, and nothing is there": (None, None, None, True),
        "nothing is expected": (None, None, A, True),
        "the version that is there": (A, None, A, True),
        "one of two": (f"{B}, {A}", None, A, True),
        "any version": ("*", None, A, True),
        "another version": (B, None, A, False),
        "a version where none is there": (A, None, None, False),
        "any version where none is there": ("*", None, None, False),
        "a weak etag promises too little": (f"W/{A}", None, A, False),
        "no etag at all": ("", None, A, False),
        "none, and none is there": (None, "*", None, True),
        "none, and one is there": (None, "*", A, False),
        "not this one": (None, A, A, False),
        "not this one, weakly": (None, f"W/{A}", A, False),
        "not another one": (None, B, A, True),
        "both hold": (A, B, A, True),
        "one of both does not hold": (A, A, A, False),
    },
)
def test_what_is_expected_is_met_or_not(
    match: str | None, none_match: str | None, etag: str | None, met: bool
) -> None:
    assert Expected(match, none_match).met_by(etag) == met


JOB: dict[str, Any] = {
    "kind": "pipeline",
    "dataset": "retail",
    "units": 10,
    "sink": {"schema": "shop", "mode": "upsert"},
    "instances": {"count": 8, "spot": True},
}


@table(
    "changes, members",
    {
        "nothing": ({}, {}),
        "a number": ({"units": 100}, {"units": 100}),
        "a whole member": ({"instances": {"count": 2}}, {"instances": {"count": 2}}),
        "as by default": ({"instances": None}, {"instances": {}}),
        "another kind": (
            {"kind": "generate", "sink": None},
            {"kind": "generate", "sink": None},
        ),
    },
)
def test_members_take_the_place_of_those_of_a_job(
    changes: dict[str, Any], members: dict[str, Any]
) -> None:
    found = changed(RunRequest.model_validate(JOB), JobChanges.model_validate(changes))
    assert found == RunRequest.model_validate({**JOB, **members})


@table(
    "changes, field",
    {
        "a member that is needed": ({"units": None}, "units"),
        "a member that does not fit": ({"kind": "generate"}, "sink"),
        "members that do not fit each other": (
            {"sink": {"schema": "s", "connections": 2}},
            "sink.connections",
        ),
    },
)
def test_a_change_that_makes_a_job_faulty_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        changed(RunRequest.model_validate(JOB), JobChanges.model_validate(changes))
    assert [fault.field for fault in caught.value.faults] == [field]


@table(
    "content, found",
    {
        "a job": (b'{"kind": "generate", "dataset": "d"}', {(Noun.DATASET, "d")}),
        "a job with a dataset of its own": (b'{"dataset": {"dataset": "d"}}', set()),
        "a schedule of a job": (b'{"cron": "x", "job": "j"}', {(Noun.JOB, "j")}),
        "a schedule of a request": (b'{"request": {"dataset": "d"}}', {(Noun.DATASET, "d")}),
        "what is faulty": (
            b'{"job": "j", "request": {"dataset": "d"}, "a": 1}',
            {(Noun.JOB, "j"), (Noun.DATASET, "d")},
        ),
        "other kinds of values": (b'{"job": 1, "dataset": null, "request": []}', set()),
        "a list": (b'["d"]', set()),
        "no JSON": (b"dataset: d", set()),
        "no text": (b"\xff", set()),
    },
)
def test_what_a_definition_names(content: bytes, found: set[tuple[Noun, str]]) -> None:
    assert used(content) == found


@pytest.mark.parametrize("noun", Noun)
def test_what_becomes_of_a_definition_is_described(noun: Noun) -> None:
    """Statuses, headers and bodies in the OpenAPI document."""
    paths = openapi.document(http_api.OPERATIONS, "1")["paths"]
    described = paths[f"/{noun}s/{{{noun}}}"]
    kind = "application/yaml" if noun is Noun.DATASET else "application/json"
    shown, stored, deleted = (described[method]["responses"] for method in ("get", "put", "delete"))
    assert (
        list(shown["200"]["content"]) == list(described["put"]["requestBody"]["content"]) == [kind]
    )
    assert "content" not in shown["304"]
    assert "content" not in deleted["204"]
    for answer in (shown["200"], shown["304"], stored["200"], stored["201"]):
        assert list(answer["headers"]) == ["ETag", "Last-Modified"]
    assert {"400", "412", "413"} < set(stored)
    assert {"404", "409", "412"} < set(deleted)
    sent = [each["name"] for each in described["put"]["parameters"]]
    assert sent == [noun, "If-Match", "If-None-Match"]
