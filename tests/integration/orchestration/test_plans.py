"""Plans where not everything can be known."""

import pytest

from orchestration.model import RunRequest
from orchestration.plans import plan
from orchestration.services import Services


@pytest.mark.parametrize(("listed", "count", "more"), [(4, 4, True), (5, 5, False), (6, 5, False)])
def test_a_long_listing_is_cut_and_says_so(
    services: Services, run: str, listed: int, count: int, more: bool
) -> None:
    services.records.create_container(run)
    for number in range(5):
        services.records._service.get_blob_client(run, f"{number}.csv.gz").upload_blob(b"x" * 10)
    request = {"kind": "ingest", "source": {"container": run}, "sink": {"schema": "s"}}
    found = plan(services, RunRequest.model_validate(request), listed)
    assert found["documents"] == {"count": count, "bytes": 10 * count, "atLeast": more}
    assert ["more than" in warning for warning in found["warnings"]] == [True] * more


def test_a_dataset_that_cannot_be_tried_is_planned_without_figures(services: Services) -> None:
    request = {"kind": "generate", "dataset": {"dataset": "d"}, "units": 9}
    found = plan(services, RunRequest.model_validate(request))
    assert found["messages"] == {"generate": 9}
    assert "cost" not in found
    [warning] = found["warnings"]
    assert warning.endswith("units are not made here")
