"""Messages, missing units and money."""

from datetime import UTC, datetime
from typing import Any

import pytest
from support.states import RUN
from support.tables import table

from orchestration import planning
from orchestration.model import Instances, Prices, RunRecord, RunRequest
from worker_image.contract import DatasetSource, FinishPayload, Limits, Message, Stage
from worker_image.contract.telemetry import TraceParent, run_span

RETAIL: dict[str, Any] = {
    "kind": "postgresql",
    "schema": "retail",
    "mode": "append",
    "key": None,
    "constraints": "inline",
    "indexes": [],
    "repeat": False,
    "on_bad_row": "fail",
    "reject_limit": 100,
}


def record(**changes: object) -> RunRecord:
    request = {
        "kind": "pipeline",
        "dataset": {"version": 1},
        "units": 10,
        "sink": {"schema": "retail"},
        "random_seed": 42,
        "limits": {"attempts": 3, "unit_timeout": 30},
    }
    return RunRecord(
        run=RUN,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        request=RunRequest.model_validate({**request, **changes}),
    )


def test_a_message_carries_all_that_its_unit_needs() -> None:
    source = DatasetSource(inline={"version": 1})
    message = planning.generate_message(record(), 7, source)
    assert Message.decode(message.encode()) == message
    assert message.unit == 7
    assert message.random_seed == 42
    assert (message.limits.attempts, message.limits.timeout_seconds) == (3, 30)
    assert message.then == {"stage": "ingest", "sink": RETAIL}


def test_an_ingest_message_has_no_next_stage() -> None:
    message = planning.ingest_message(record(), 3, "documents", "a/b.ndjson", None)
    assert message.stage is Stage.INGEST
    assert message.then is None
    assert message.payload["sink"] == RETAIL
    assert message.payload["etag"] is None
    assert message.limits == Limits(attempts=3, timeout_seconds=30)


def test_the_last_message_has_a_time_of_its_own() -> None:
    long = record(limits={"attempts": 2, "unit_timeout": 30, "finish_timeout": 7_200})
    message = planning.finish_message(long, DatasetSource(blob="x"))
    assert Message.decode(message.encode()) == message
    assert (message.stage, message.unit, message.then) == (Stage.FINISH, 0, None)
    assert message.limits == Limits(attempts=2, timeout_seconds=7_200)
    assert FinishPayload.read(message.payload) == FinishPayload(RETAIL, DatasetSource(blob="x"))


def finishing(sink: dict[str, Any], **record_types: dict[str, Any]) -> dict[str, Any]:
    dataset = {"version": 1, "records": record_types}
    return {"sink": sink, "dataset": dataset}


INDEXES = [{"table": "a", "columns": ["b"]}]


@table(
    "changes, needed",
    {
        "nothing is left": (finishing({"schema": "s"}, a={"count": 3}), False),
        "keys come after": (finishing({"schema": "s", "constraints": "after"}), True),
        "indexes": (finishing({"schema": "s", "indexes": INDEXES}), True),
        "a shared record type is referred to": (
            finishing({"schema": "s"}, a={}, b={"shared": True}),
            True,
        ),
        "one that says it is not": (finishing({"schema": "s"}, a={"shared": False}), False),
        "a sink that knows no step": (
            finishing({"kind": "odd"}, a={"shared": True}),
            False,
        ),
        "documents of nobody's dataset": (
            {
                "kind": "ingest",
                "dataset": None,
                "units": None,
                "source": {"container": "landing"},
                "sink": {"schema": "s", "indexes": INDEXES},
            },
            True,
        ),
        "no sink at all": ({"kind": "generate", "sink": None}, False),
    },
)
def test_whether_a_run_has_a_last_step(changes: dict[str, Any], needed: bool) -> None:
    assert planning.finishes(record(**changes).request) is needed


@pytest.mark.parametrize(("size", "inline"), [(100, True), (20_000, False)])
def test_a_large_dataset_travels_by_reference(size: int, inline: bool) -> None:
    source = planning.dataset_source(RUN, "x" * size, {"a": 1}, "digest")
    assert (source.inline is not None) is inline
    assert (source.blob == f"{RUN}/datasets/digest.json") is not inline


@pytest.mark.parametrize(
    ("done", "dead", "missing"),
    [
        ({"generate": {0, 1, 2}, "ingest": {0, 1, 2}}, {}, {"generate": [], "ingest": []}),
        ({"generate": {0, 1}, "ingest": {0}}, {}, {"generate": [2], "ingest": [1]}),
        ({"generate": {0, 1}, "ingest": {0, 1}}, {"generate": {2}}, {"generate": [], "ingest": []}),
        ({"generate": {0, 1, 2}, "ingest": {0}}, {"ingest": {2}}, {"generate": [], "ingest": [1]}),
        # Done and dead is done: the dead letter is of a delivery that came late.
        ({"generate": {0, 1, 2}, "ingest": set()}, {"generate": {0}}, {"ingest": [0, 1, 2]}),
    ],
)
def test_what_is_missing(
    done: dict[str, set[int]], dead: dict[str, set[int]], missing: dict[str, list[int]]
) -> None:
    every_dead = {"generate": dead.get("generate", set()), "ingest": dead.get("ingest", set())}
    found = planning.missing_units(range(3), ("generate", "ingest"), done, every_dead)
    assert found == {"generate": [], "ingest": [], **missing}


def test_done_wins_over_dead_in_the_account() -> None:
    account = planning.account({"generate": [5]}, {"generate": {1, 2}}, {"generate": {2, 3}})
    assert account.done == {"generate": 2}
    assert account.dead == {"generate": 1}
    assert account.sample == ("generate/5",)


def test_cost_is_seconds_times_the_price_of_the_size() -> None:
    instances, prices = Instances(), Prices(vcpu_second=0.001, gb_second=0.0001, spot_discount=0.5)
    each = 1.0 * 0.001 + 1.5 * 0.0001
    assert planning.cost(instances, prices, 100) == pytest.approx(100 * each)
    assert planning.cost(instances, prices, 100, spot_seconds=40) == pytest.approx(80 * each)


# ------------------------------------------------------------------------------ traces

TRACE = TraceParent("4bf92f3577b34da6a3ce929d0e0e4736", run_span(RUN))


def traced(share: float) -> RunRecord:
    return record().model_copy(update={"traceparent": str(TRACE), "trace_share": share})


def test_without_a_trace_no_message_has_one() -> None:
    source = DatasetSource(inline={})
    messages = [
        planning.generate_message(record(), 1, source),
        planning.ingest_message(record(), 1, "c", "p", source),
        planning.finish_message(record(), source),
    ]
    assert {message.traceparent for message in messages} == {None}


def test_all_messages_of_a_unit_are_in_the_trace_or_none_is() -> None:
    kept, source = traced(0.5), DatasetSource(inline={})
    for unit in range(50):
        first = planning.generate_message(kept, unit, source)
        again = planning.ingest_message(kept, unit, "c", "p", source)
        assert first.traceparent == again.traceparent
        assert first.traceparent == str(TRACE.of_unit("generate", unit, 0.5))


def test_the_share_of_units_is_in_the_trace() -> None:
    def told(share: float) -> int:
        parents = (planning.traceparent(traced(share), unit) for unit in range(1_000))
        return sum(str(parent).endswith("-01") for parent in parents)

    assert (told(0.0), told(1.0)) == (0, 1_000)
    assert 150 < told(0.2) < 250
