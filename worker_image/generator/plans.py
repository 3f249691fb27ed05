"""Record types while they are built: what is known of them before and after their fields."""

from collections.abc import Callable
from dataclasses import dataclass

from . import combining, samplers
from .dataset import Record
from .frame import Field, Frame, Mask
from .language import CountOptions, RecordSpec
from .problems import Refusal
from .randomness import ROWS_LIMIT

_BYTES_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True)
class Counted:
    """The step in which rows are counted, and which rows of the parent have any."""

    when: Callable[[Frame], Mask] | None


class Plan:
    """A record type being built; a field that cannot be had is None."""

    def __init__(self, name: str, spec: RecordSpec, parent: "Plan | None") -> None:
        self.name, self.spec, self.parent = name, spec, parent
        self.count = _count(spec.count)
        self.siblings_limit = max(1, self.count.high)
        self.rows_limit: int = self.siblings_limit * (parent.rows_limit if parent else 1)
        self.sure = self.count.low > 0 and spec.when is None
        self.fewest: int = self.count.low * self.sure * (parent.fewest if parent else 1)
        self.lineage: dict[str, Plan] = {name: self, **(parent.lineage if parent else {})}
        self.counted: dict[str, Counted | None] = {}
        self.fields: dict[str, Field | None] = {}
        if self.rows_limit > ROWS_LIMIT:
            reason = f"a unit could have {self.rows_limit} rows; at most {ROWS_LIMIT} are allowed"
            raise Refusal(reason, self.count.high, "count")
        if spec.shared and parent and not parent.spec.shared:
            raise Refusal(f"{parent.name} is not shared, so this cannot be", True, "shared")

    def record(self) -> Record:
        """The finished record type."""
        made = {name: field for name, field in self.fields.items() if field}
        together = combining.combined(self.spec.unique, made, self.limits())
        made.update(together.fields)
        fields = tuple(made[name] for name in self.spec.fields)
        width = sum(f.spelling.width + len(name) + 6 for name, f in made.items() if not f.hidden)
        if width * self.rows_limit > _BYTES_LIMIT:
            reason = f"a unit could have {width * self.rows_limit} bytes; allowed: {_BYTES_LIMIT}"
            raise Refusal(reason, self.count.high, "count")
        if all(field.hidden for field in fields):
            raise Refusal("one field at least must not be hidden", list(made), "fields")
        counted = self.counted["rows"]
        lasting = (f.units for f in fields if f.units and f.column.unique)
        return Record(
            self.name,
            self.parent.name if self.parent else None,
            self.spec.shared,
            self.count,
            counted.when if counted else None,
            self.rows_limit,
            fields,
            tuple(map(tuple, self.spec.unique)),
            min([together.units, *lasting]),
        )

    def limits(self) -> dict[str | None, int]:
        """Rows that a unit, or one row of each ancestor, has at most; the nearest comes first.

        A row of a shared ancestor has more of them in each unit: it does not count.
        """
        limits: dict[str | None, int] = {}
        for plan in self.lineage.values():
            if plan is not self and plan.spec.shared == self.spec.shared:
                limits[plan.name] = self.rows_limit // plan.rows_limit
        return {**limits, None: self.rows_limit}


def _count(written: int | CountOptions) -> samplers.Sampler:
    if isinstance(written, int):
        return samplers.constant(written)
    if (written.poisson is None) == (written.uniform is None):
        reason = "allowed: a number, or one of poisson and uniform"
        raise Refusal(reason, written.model_dump(exclude_none=True), "count")
    if written.poisson is not None:
        return samplers.poisson(written.poisson)
    low, high = written.uniform or (0, 0)
    if low > high:
        raise Refusal("the fewest rows come first", written.uniform, "count", "uniform")
    return samplers.uniform(low, high)
