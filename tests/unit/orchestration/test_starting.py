"""What a request may ask for that its app cannot give. No service is called."""

from dataclasses import replace
from typing import Any

import pytest
from support.composed import services
from support.tables import table

from orchestration.model import RunRequest
from orchestration.problems import Invalid, InvalidRequestError
from orchestration.starting import validated

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/w"


WANTED = {"kind": "ingest", "source": {"container": "landing"}, "sink": {"schema": "s"}}


def request(*regions: str) -> RunRequest:
    return RunRequest.model_validate({**WANTED, "instances": {"count": 1, "regions": regions}})


@table(
    "subnet, regions",
    {
        "no region is named": (SUBNET, ()),
        "that of the subnet": (SUBNET, ("westeurope",)),
        "others, without a subnet": ("", ("westeurope", "northeurope")),
    },
)
def test_regions_that_groups_can_be_in(subnet: str, regions: tuple[str, ...]) -> None:
    app = services(location="westeurope", subnet_id=subnet)
    assert validated(app, request(*regions)).instances.regions == regions


def test_a_region_that_the_subnet_is_not_in_is_refused() -> None:
    app = services(location="westeurope", subnet_id=SUBNET)
    with pytest.raises(InvalidRequestError) as refused:
        validated(app, request("northeurope", "westeurope", "eastus"))
    reason = "container groups join a subnet here, which is in westeurope alone"
    assert refused.value.faults == (
        Invalid(field="instances.regions", reason=reason, value="eastus, northeurope"),
    )


@pytest.mark.parametrize("container", ["runs", "datasets", "jobs", "schedules"])
def test_documents_do_not_lie_among_the_apps_own_things(container: str) -> None:
    wanted = {**WANTED, "documents": {"container": container}}
    with pytest.raises(InvalidRequestError) as refused:
        validated(services(), RunRequest.model_validate(wanted))
    [fault] = refused.value.faults
    assert (fault.field, fault.value) == ("documents.container", container)


@table(
    "members, written",
    {
        "generate": ({"kind": "generate", "units": 1, "documents": {"format": "csv"}}, "csv"),
        "pipeline": ({"kind": "pipeline", "units": 1, "sink": {"schema": "s"}}, "ndjson"),
        "ingest": (
            {"kind": "ingest", "source": {"container": "landing"}, "sink": {"schema": "s"}},
            None,
        ),
    },
)
def test_a_dataset_is_checked_for_the_format_that_the_run_writes(
    members: dict[str, Any], written: str | None
) -> None:
    def read(source: Any, units: object, written: str | None, read_list: object) -> Any:
        return source, [("records.row", str(written))]

    asked = RunRequest.model_validate({**members, "dataset": {"dataset": "d"}})
    with pytest.raises(InvalidRequestError) as refused:
        validated(replace(services(), read_dataset=read), asked)
    assert [(fault.field, fault.reason) for fault in refused.value.faults] == [
        ("dataset.records.row", str(written))
    ]
