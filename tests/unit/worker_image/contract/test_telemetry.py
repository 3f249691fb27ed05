"""The names and the trace context that both sides share."""

import tomllib
from pathlib import Path

from support.tables import table

from worker_image.contract import telemetry
from worker_image.contract.telemetry import TraceParent

CHECKOUT = Path(__file__).parents[4]
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@table(
    "text, read",
    {
        "sampled": (f"00-{TRACE}-{PARENT}-01", TraceParent(TRACE, PARENT)),
        "not sampled": (f"00-{TRACE}-{PARENT}-00", TraceParent(TRACE, PARENT, sampled=False)),
        "other flags": (f"00-{TRACE}-{PARENT}-03", TraceParent(TRACE, PARENT)),
        "none": (None, None),
        "no trace": (f"00-{'0' * 32}-{PARENT}-01", None),
        "no parent": (f"00-{TRACE}-{'0' * 16}-01", None),
        "another version": (f"cc-{TRACE}-{PARENT}-01", None),
        "upper case": (f"00-{TRACE.upper()}-{PARENT}-01", None),
        "more behind it": (f"00-{TRACE}-{PARENT}-01-what", None),
        "nonsense": ("<script>", None),
    },
)
def test_reading(text: str | None, read: TraceParent | None) -> None:
    assert TraceParent.read(text) == read


def test_writing_and_reading_again() -> None:
    for sampled in (True, False):
        parent = TraceParent(TRACE, PARENT, sampled=sampled)
        assert TraceParent.read(str(parent)) == parent


def test_the_share_of_units_is_about_what_is_asked_for_and_the_same_each_time() -> None:
    parent = TraceParent(TRACE, PARENT)
    units = [parent.of_unit("generate", unit, 0.05) for unit in range(20_000)]
    assert 800 < sum(unit.sampled for unit in units) < 1_200
    assert units == [parent.of_unit("generate", unit, 0.05) for unit in range(20_000)]
    assert not any(parent.of_unit("ingest", unit, 0.0).sampled for unit in range(100))
    assert all(parent.of_unit("ingest", unit, 1.0).sampled for unit in range(100))


def test_the_run_span_is_known_from_the_run() -> None:
    span = telemetry.run_span("r261124-013205-0qap0")
    assert TraceParent.read(str(TraceParent(TRACE, span)))
    assert span == telemetry.run_span("r261124-013205-0qap0")
    assert span != telemetry.run_span("r261124-013205-0qap1")


def test_the_span_of_the_start_is_another_one() -> None:
    assert len(telemetry.start_span("r261124-013205-0qap0")) == 16
    assert telemetry.start_span("r") != telemetry.run_span("r")


def test_the_version_is_that_of_the_product() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert project["version"] == telemetry.VERSION


@table(
    "text, headers, secrets",
    {
        "none": ("", {}, set()),
        "one": ("api-key=0123456789", {"api-key": "0123456789"}, {"0123456789"}),
        "a token": (
            "Authorization=Bearer%20abcdefgh",
            {"Authorization": "Bearer abcdefgh"},
            {"Bearer abcdefgh", "abcdefgh"},
        ),
        "several, of which one is too short for a secret": (
            " a=12345678 , b = x=y ",
            {"a": "12345678", "b": "x=y"},
            {"12345678"},
        ),
        "nonsense": ("what", {}, set()),
    },
)
def test_headers(text: str, headers: dict[str, str], secrets: set[str]) -> None:
    assert telemetry.headers(text) == headers
    assert set(telemetry.header_secrets(text)) == secrets
