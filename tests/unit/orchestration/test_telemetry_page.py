"""The documentation's page on telemetry says what the code says."""

import re
from pathlib import Path

from orchestration.activities import WORK
from orchestration.settings import Settings
from worker_image.contract.telemetry import Attribute, Metric, Span
from worker_image.exporting import INSTRUMENTS, Kind
from worker_image.telemetry import Outcome

PAGE = (Path(__file__).parents[3] / "docs" / "telemetry.md").read_text()


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of the table below a heading, by the name in each row."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in lines}


def test_every_metric_is_there_with_its_shape_and_unit() -> None:
    found = {name: (cells[0], cells[1]) for name, cells in rows("Metrics").items()}
    assert found == {
        metric.value: (instrument.shape.value, instrument.unit)
        for metric, instrument in INSTRUMENTS.items()
    }
    assert set(found) == set(Metric)


def test_what_a_metric_is_told_apart_by_are_attributes() -> None:
    known = {attribute.value.removeprefix("aci_jobs.") for attribute in Attribute}
    for cells in rows("Metrics").values():
        assert set(cells[2].split(", ")) <= known


def test_every_span_is_there() -> None:
    found = rows("Spans")
    assert set(found) == set(Span)
    assert {cells[0].partition(";")[0] for cells in found.values()} == set(Kind)


def test_every_activity_is_there() -> None:
    names = {kind.model_fields["activity"].default for kind in WORK} | {"observe"}
    text = PAGE.split("each activity of the orchestrator")[1].split("The timers")[0]
    assert set(re.findall(r"`(\w+)`", text)) - {"run"} == names


def test_every_attribute_and_every_outcome_is_there() -> None:
    found = rows("Attributes")
    assert set(found) == set(Attribute)
    assert set(found[Attribute.OUTCOME][1].split(", ")) == set(Outcome)


def test_every_setting_is_there() -> None:
    names = Settings.names()
    fields = (
        "applicationinsights_connection_string",
        "otlp_endpoint",
        "otlp_headers",
        "trace_share",
    )
    assert set(rows("Settings")) == {names[field] for field in fields}
