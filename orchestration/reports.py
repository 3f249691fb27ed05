"""The account of a finished run: pure, from its receipts and its dead letters."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import quantiles
from typing import Any

from pydantic import ConfigDict

from worker_image.contract import Receipt

from .model import Account, Phase, RunState, Value
from .policy import spent

SLOWEST = 10


class StageReport(Value):
    """What a stage did; `seconds` are p50, p95 and max of one unit."""

    units: int
    rows: int
    bytes: int
    records: dict[str, int]
    seconds: dict[str, float]
    slowest: list[dict[str, Any]]


class FailureGroup(Value):
    """Dead letters of one cause."""

    fingerprint: str
    type: str
    error: str
    units: int


class Totals(Value):
    """What earlier rounds of a redriven run had used up."""

    started: datetime
    groups_used: int
    billed_seconds: float
    cost: float


class Report(Value):
    """What became of a run, kept with it; read again by a newer writer's eyes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    run: str
    state: Phase
    reason: str
    started: datetime
    round_started: datetime
    ended: datetime
    units: int
    account: Account | None
    stages: dict[str, StageReport]
    failures: list[FailureGroup]
    retries: int
    groups_used: int
    billed_seconds: float
    cost: float
    redrives: int
    notes: list[str]
    earlier: Totals | None = None

    @property
    def seconds(self) -> float:
        """Wall time of the run."""
        return (self.ended - self.started).total_seconds()


def stage_report(receipts: Iterable[Receipt]) -> StageReport:
    """Sum up the receipts of one stage."""
    kept = list(receipts)
    records: Counter[str] = Counter()
    for receipt in kept:
        records.update(receipt.records)
    by_time = sorted(kept, key=lambda receipt: receipt.seconds, reverse=True)
    return StageReport(
        units=len(kept),
        rows=records.total(),
        bytes=sum(receipt.bytes for receipt in kept),
        records=dict(records),
        seconds=_spread([receipt.seconds for receipt in kept]),
        slowest=[
            {"unit": receipt.unit, "seconds": receipt.seconds, "worker": receipt.worker}
            for receipt in by_time[:SLOWEST]
        ],
    )


def _spread(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    cuts = quantiles([*seconds, seconds[0]], n=20, method="inclusive")
    return {"p50": round(cuts[9], 4), "p95": round(cuts[18], 4), "max": max(seconds)}


def failure_groups(dead: Iterable[Mapping[str, str]]) -> list[FailureGroup]:
    """Dead letters by fingerprint, the commonest first; from the metadata of their records."""
    kept = list(dead)
    counts = Counter(metadata.get("fingerprint", "") for metadata in kept)
    first = {metadata.get("fingerprint", ""): metadata for metadata in reversed(kept)}
    return [
        FailureGroup(
            fingerprint=fingerprint,
            type=first[fingerprint].get("type", ""),
            error=first[fingerprint].get("error", ""),
            units=count,
        )
        for fingerprint, count in counts.most_common()
    ]


def report(
    state: RunState,
    stages: dict[str, StageReport],
    failures: list[FailureGroup],
    last: Report | None,
    now: datetime,
) -> Report:
    """The account of a run whose verdict is known.

    `last` is the report that is there: of the round before a redrive, or this very one when it
    is written for the second time.
    """
    assert state.verdict
    earlier = _earlier(state, last)
    return Report(
        run=state.run,
        state=state.verdict.phase,
        reason=state.verdict.reason,
        started=earlier.started if earlier else state.started,
        round_started=state.started,
        ended=now,
        units=state.plan.units if state.plan else 0,
        account=state.account,
        stages=stages,
        failures=failures,
        retries=state.observation.retries if state.observation else 0,
        groups_used=state.groups_used + (earlier.groups_used if earlier else 0),
        billed_seconds=state.billed_seconds + (earlier.billed_seconds if earlier else 0),
        cost=spent(state, now) + (earlier.cost if earlier else 0),
        redrives=state.redrives_done,
        notes=list(state.notes),
        earlier=earlier,
    )


def _earlier(state: RunState, last: Report | None) -> Totals | None:
    if last is None:
        return None
    if last.round_started == state.started:
        return last.earlier
    return Totals(
        started=last.started,
        groups_used=last.groups_used,
        billed_seconds=last.billed_seconds,
        cost=last.cost,
    )
