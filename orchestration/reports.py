"""The account of a finished run: pure, from what its audits wrote down and its dead letters."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from pydantic import ConfigDict

from .model import Account, Expected, Finished, Phase, RunState, Value
from .policy import spent
from .summaries import PartSummary, StageSummary


class StageReport(Value):
    """What a stage did; `seconds` are p50, p95 and max of one unit, the first two within 1 %.

    `rejected` rows are not among the others.
    """

    units: int
    rows: int
    bytes: int
    records: dict[str, int]
    seconds: dict[str, float]
    slowest: list[dict[str, Any]]
    rejected: int = 0


class FinishReport(Value):
    """What became of the finishing step: not needed | not done | done | failed."""

    state: str
    seconds: float = 0.0
    error: str = ""


class FailureGroup(Value):
    """Dead letters of one cause; `at_least` so many units where not all were looked at."""

    fingerprint: str
    type: str
    error: str
    units: int
    at_least: bool = False


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
    finish: FinishReport | None = None  # older reports do not tell
    expected: Expected | None = None  # what a plan said that it would come to

    @property
    def seconds(self) -> float:
        """Wall time of the run."""
        return (self.ended - self.started).total_seconds()


def stage_report(stage: StageSummary) -> StageReport:
    """What a report says of a stage."""
    seconds = {
        "p50": stage.quantile(0.5),
        "p95": stage.quantile(0.95),
        "max": stage.longest,
    }
    return StageReport(
        units=stage.units,
        rows=stage.rows,
        bytes=stage.bytes,
        records=stage.records,
        seconds=seconds if stage.units else {},
        slowest=list(stage.slowest),
        rejected=stage.rejected,
    )


def failure_groups(
    dead: Iterable[Mapping[str, str]], most: int | None = None
) -> list[FailureGroup]:
    """Dead letters by fingerprint, the commonest first; from the metadata of their records.

    Only the first `most` of them are looked at.
    """
    rest = iter(dead)
    kept = list(islice(rest, most))
    at_least = next(rest, None) is not None
    counts = Counter(metadata.get("fingerprint", "") for metadata in kept)
    first = {metadata.get("fingerprint", ""): metadata for metadata in reversed(kept)}
    return [
        FailureGroup(
            fingerprint=fingerprint,
            type=first[fingerprint].get("type", ""),
            error=first[fingerprint].get("error", ""),
            units=count,
            at_least=at_least,
        )
        for fingerprint, count in counts.most_common()
    ]


def report(
    state: RunState,
    total: PartSummary,
    failures: list[FailureGroup],
    last: Report | None,
    now: datetime,
    *,
    finish: FinishReport | None = None,
    expected: Expected | None = None,
) -> Report:
    """The account of a run whose verdict is known; `total` is the sum of all its parts.

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
        units=total.count,
        account=total.account,
        stages={name: stage_report(stage) for name, stage in total.stages.items()},
        failures=failures,
        retries=state.observation.retries if state.observation else 0,
        groups_used=state.groups_used + (earlier.groups_used if earlier else 0),
        billed_seconds=state.billed_seconds + (earlier.billed_seconds if earlier else 0),
        cost=spent(state, now) + (earlier.cost if earlier else 0),
        redrives=state.redrives_done,
        notes=list(state.notes),
        earlier=earlier,
        finish=finish,
        expected=expected,
    )


def in_short(report: Report) -> dict[str, Any]:
    """What a list of runs shows of a report."""
    done = report.account.done if report.account else {}
    dead = report.account.dead if report.account else {}
    last = list(report.stages.values())[-1:]
    return {
        "units": report.units,
        "done": list(done.values())[-1] if done else 0,
        "dead": sum(dead.values()),
        "rows": sum(stage.rows for stage in last),
        "cost": round(report.cost, 6),
        "ended": report.ended.isoformat(),
        "text": report.reason[:300],
    }


def finish_report(finished: Finished | None, *, needed: bool) -> FinishReport:
    """What a report says of the finishing step."""
    if not needed:
        return FinishReport(state="not needed")
    if finished is None:
        return FinishReport(state="not done")
    state = "failed" if finished.error else "done"
    return FinishReport(state=state, seconds=finished.seconds, error=finished.error)


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
