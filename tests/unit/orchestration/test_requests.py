"""A request is refused as a whole, with every fault at its place."""

import json
import re
from typing import Any

import pytest

from orchestration.model import RunRequest
from orchestration.problems import Invalid, InvalidRequestError, Problem, by_place

PIPELINE: dict[str, Any] = {
    "kind": "pipeline",
    "dataset": {"version": 1},
    "units": 10,
    "sink": {"schema": "retail"},
}
INGEST: dict[str, Any] = {
    "kind": "ingest",
    "source": {"container": "landing"},
    "sink": {"schema": "s"},
}
COMMAND: dict[str, Any] = {
    "kind": "command",
    "command": {"program": ["python", "x.py"]},
    "payloads": [{"a": 1}],
}


@pytest.mark.parametrize(
    "body",
    [
        PIPELINE,
        INGEST,
        {**INGEST, "dataset": "retail"},
        COMMAND,
        {**COMMAND, "payloads": "landing/a/b.ndjson"},
        {**COMMAND, "payloads": [None, 1, "text", [], {"é": 1.5}]},
    ],
)
def test_a_request_that_fits_its_kind(body: dict[str, Any]) -> None:
    assert RunRequest.model_validate(body).kind == body["kind"]


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"kind": "paint"}, "kind", "'pipeline' or 'command'"),
        ({"units": None}, "units", "needs it"),
        ({"units": 0}, "units", "greater than or equal to 1"),
        ({"units": "many"}, "units", "valid integer"),
        ({"sink": None}, "sink", "needs it"),
        ({"sink": {"schema": "a; drop table"}}, "sink.schema", "match pattern"),
        ({"sink": {"schema": "s", "kind": "http"}}, "sink.url", "it is missing"),
        ({"sink": {"schema": "s", "key": ["id"]}}, "sink.key", "append has none"),
        ({"sink": {"kind": 5}}, "sink.kind", "valid string"),
        ({"sink": "retail"}, "sink", "valid dictionary"),
        ({"source": {"container": "landing"}}, "source", "has none"),
        ({"notify": {"dead_letters": 0}}, "notify.dead_letters", "greater than or equal to 1"),
        ({"notify": {"url": "https://x"}}, "notify.url", "there is no such member"),
        ({"expected": {"cost": -1}}, "expected.cost", "greater than or equal to 0"),
        ({"instances": {"count": 101}}, "instances.count", "less than or equal to 100"),
        ({"instances": {"cpus": 1}}, "instances.cpus", "member; did you mean cpu?"),
        ({"limits": {"attempts": 0}}, "limits.attempts", "greater than or equal to 1"),
        ({"documents": {"container": "No_Good"}}, "documents.container", "match pattern"),
        ({"documents": {"prefix": "./out"}}, "documents.prefix", "'.' or '..'"),
        ({"documents": {"prefix": "a/../b"}}, "documents.prefix", "'.' or '..'"),
        ({"documents": {"prefix": "a\\b"}}, "documents.prefix", "backslash"),
        ({"documents": {"compression": "rar"}}, "documents.compression", "'none', 'gzip' or"),
        ({"documents": {"format": "xml"}}, "documents.format", "'ndjson', 'csv' or 'parquet'"),
        ({"random_seed": -1}, "random_seed", "greater than or equal to 0"),
        ({"colour": "red"}, "colour", "there is no such member"),
        ({"unit": 3}, "unit", "there is no such member; did you mean units?"),
        ({"sink": {"shema": "s"}}, "sink.shema", "member; did you mean schema?"),
        ({"sink": {"schema": "s", "kind": "postgres"}}, "sink.schema", "there is no such member"),
        ({"sink": {"schema": "s", "index": []}}, "sink.index", "member; did you mean indexes?"),
    ],
)
def test_a_fault_is_named_with_place_and_reason(
    change: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught, by_place(RunRequest):
        RunRequest.model_validate({**PIPELINE, **change})
    faults = caught.value.faults
    assert any(fault.field == field and reason in fault.reason for fault in faults), faults


def test_a_fault_is_told_in_plain_words() -> None:
    with pytest.raises(InvalidRequestError) as caught, by_place(RunRequest):
        RunRequest.model_validate({**COMMAND, "payloads": [], "units": 0, "instances": {"cpu": 9}})
    told = str(caught.value)
    assert not re.search("Value error|Input should|Field required|Extra inputs", told)
    assert "instances.cpu: it should be less than or equal to 4" in told
    assert "payloads: a list of one JSON value a unit is needed" in told


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidRequestError) as caught, by_place(RunRequest):
        RunRequest.model_validate({**PIPELINE, "units": -1, "limits": {"attempts": 99}})
    assert {fault.field for fault in caught.value.faults} == {"units", "limits.attempts"}


def test_a_problem_holds_its_faults() -> None:
    fault = Invalid(field="units", reason="too few", value=0)
    problem = Problem(title="Bad Request", status=400, detail="not valid", errors=(fault,))
    members = json.loads(problem.model_dump_json(exclude_none=True))
    assert members["type"] == "about:blank"
    assert members["errors"] == [{"field": "units", "reason": "too few", "value": 0}]


def test_a_long_value_is_not_sent_back() -> None:
    with pytest.raises(InvalidRequestError) as caught, by_place(RunRequest):
        RunRequest.model_validate({**PIPELINE, "kind": "x" * 1_000})
    assert caught.value.faults[0].value is None
