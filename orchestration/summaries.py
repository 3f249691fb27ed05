"""What an audit writes down of the units that it has looked at: pure; summaries add up."""

from collections import Counter
from collections.abc import Collection, Iterable
from math import ceil, log
from typing import Any

from worker_image.contract import Receipt

from .model import Account, Value
from .model.state import added

SLOWEST = 10
SHORTEST = 0.0001  # seconds, as receipts are rounded
# Times within a bucket differ by 2 per cent, so its middle is off by less than one.
GROWTH = 1.02


class StageSummary(Value):
    """What a stage has done with some units; `times` counts the units in each bucket of time.

    `rejected` rows are not among the others.
    """

    units: int
    rows: int
    bytes: int
    records: dict[str, int]
    times: dict[int, int]
    slowest: tuple[dict[str, Any], ...]
    rejected: int = 0

    @classmethod
    def of(cls, receipts: Collection[Receipt]) -> "StageSummary":
        """Sum up receipts."""
        records: Counter[str] = Counter()
        for receipt in receipts:
            records.update(receipt.records)
        return cls(
            units=len(receipts),
            rows=records.total(),
            bytes=sum(receipt.bytes for receipt in receipts),
            records=dict(records),
            times=dict(Counter(_bucket(receipt.seconds) for receipt in receipts)),
            slowest=_slowest(
                {"unit": receipt.unit, "seconds": receipt.seconds, "worker": receipt.worker}
                for receipt in receipts
            ),
            rejected=sum(receipt.rejected for receipt in receipts),
        )

    def plus(self, other: "StageSummary") -> "StageSummary":
        """The summary of the units of both."""
        return StageSummary(
            units=self.units + other.units,
            rows=self.rows + other.rows,
            bytes=self.bytes + other.bytes,
            records=added(self.records, other.records),
            times=added(self.times, other.times),
            slowest=_slowest((*self.slowest, *other.slowest)),
            rejected=self.rejected + other.rejected,
        )

    def quantile(self, share: float) -> float:
        """The seconds that this share of the units took at most, within a per cent.

        Times below a tenth of a millisecond are given as that.
        """
        seen = 0
        for bucket in sorted(self.times):
            seen += self.times[bucket]
            if seen >= share * self.units:
                return round(min(_middle(bucket), self.longest), 4)
        return 0.0

    @property
    def longest(self) -> float:
        """The most seconds that a unit took, exactly."""
        return float(self.slowest[0]["seconds"]) if self.slowest else 0.0


class PartSummary(Value):
    """What the report needs of `count` units from `first` on; `documents` are in the manifest."""

    first: int
    count: int
    documents: int
    account: Account
    stages: dict[str, StageSummary]

    @classmethod
    def nothing(cls, stages: Iterable[str]) -> "PartSummary":
        """The summary of no units."""
        none = dict.fromkeys(stages, 0)
        return cls(
            first=0,
            count=0,
            documents=0,
            account=Account(done=none, dead=none, missing=none),
            stages={stage: StageSummary.of(()) for stage in none},
        )

    def plus(self, other: "PartSummary") -> "PartSummary":
        """The summary of this part and the one behind it."""
        return PartSummary(
            first=self.first,
            count=self.count + other.count,
            documents=self.documents + other.documents,
            account=self.account.plus(other.account),
            stages={name: self.stages[name].plus(other.stages[name]) for name in self.stages},
        )


def _bucket(seconds: float) -> int:
    return ceil(log(max(seconds, SHORTEST), GROWTH))


def _middle(bucket: int) -> float:
    return float(2 * GROWTH**bucket / (1 + GROWTH))


def _slowest(units: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    return tuple(sorted(units, key=lambda unit: (-unit["seconds"], unit["unit"]))[:SLOWEST])
