"""Plans where not everything can be known."""

import pytest

from orchestration.model import RunRequest
from orchestration.plans import DocumentsFound, plan
from orchestration.problems import InvalidRequestError
from orchestration.services import Services
from worker_image.contract import naming


@pytest.mark.parametrize(("listed", "count", "more"), [(4, 4, True), (5, 5, False), (6, 5, False)])
def test_a_long_listing_is_cut_and_says_so(
    services: Services, run: str, listed: int, count: int, more: bool
) -> None:
    services.records.create_container(run)
    for number in range(5):
        services.records._service.get_blob_client(run, f"{number}.csv.gz").upload_blob(b"x" * 10)
    rejected = services.records._service.get_blob_client(run, f"0.csv.gz{naming.REJECTED}")
    rejected.upload_blob(b"x")
    request = {"kind": "ingest", "source": {"container": run}, "sink": {"schema": "s"}}
    found = plan(services, RunRequest.model_validate(request), listed)
    assert found.documents == DocumentsFound(count=count, bytes=10 * count, at_least=more)
    assert ["more than" in warning for warning in found.warnings] == [True] * more


def test_a_dataset_that_cannot_be_tried_is_planned_without_figures(services: Services) -> None:
    request = {"kind": "generate", "dataset": {"dataset": "d"}, "units": 9}
    found = plan(services, RunRequest.model_validate(request))
    assert found.messages == {"generate": 9}
    assert found.cost is None
    [warning] = found.warnings
    assert warning.endswith("units are not made here")


@pytest.mark.parametrize(("sink", "told"), [({}, False), ({"constraints": "after"}, True)])
def test_a_plan_tells_what_it_does_not_reckon(
    services: Services, run: str, sink: dict[str, str], told: bool
) -> None:
    services.records.create_container(run)
    services.records._service.get_blob_client(run, "a.csv").upload_blob(b"x" * 10)
    source = {"kind": "ingest", "source": {"container": run}, "dataset": {"dataset": "d"}}
    request = RunRequest.model_validate({**source, "sink": {"schema": "s", **sink}})
    assumptions = plan(services, request).assumptions
    assert any("take no time" in assumption for assumption in assumptions) is told


def command(payloads: object) -> RunRequest:
    request = {"kind": "command", "command": {"program": ["true"]}, "payloads": payloads}
    return RunRequest.model_validate(request)


@pytest.mark.parametrize(("listed", "units", "more"), [(2, 2, True), (3, 3, False)])
def test_the_payloads_of_a_program_are_counted(
    services: Services, run: str, listed: int, units: int, more: bool
) -> None:
    services.records.create_container(run)
    blob = services.records._service.get_blob_client(run, "lines.ndjson")
    blob.upload_blob(b'{"a": 1}\n\n2\n"three"')
    found = plan(services, command(f"{run}/lines.ndjson"), listed)
    assert found.units == units
    assert any("more than" in warning for warning in found.warnings) is more
    assert "not estimated" in found.warnings[-1]
    assert found.cost is None
    assert plan(services, command([1, 2])).messages == {"command": 2}


def test_payloads_that_are_not_there_are_a_fault(services: Services, run: str) -> None:
    with pytest.raises(InvalidRequestError, match="payloads: there is no blob"):
        plan(services, command(f"{run}/nowhere.ndjson"))
