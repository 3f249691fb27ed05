"""Builds record types and fields as they are asked for, so that dependencies always come first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from . import instants, samplers, vocabulary
from .dataset import Record
from .frame import Field, Source
from .instants import Moment
from .kinds.base import Scope, Target
from .kinds.keys import KeyField
from .language import CountOptions, DatasetSpec, RecordSpec
from .problems import Problem, Refusal, instead, located
from .randomness import ROWS_LIMIT

_BYTES_LIMIT = 1 << 30
_CHAIN_LIMIT = 60
_RESERVED = ("as_of", "type")

T = TypeVar("T")


class _Broken(Exception):  # noqa: N818 - a signal: the problem itself is on the list already
    """What is asked for has a problem."""


class _Plan:
    """A record type being built; a field that cannot be had is None."""

    def __init__(self, name: str, spec: RecordSpec, parent: "_Plan | None") -> None:
        self.name, self.spec, self.parent = name, spec, parent
        self.count = _count(spec.count)
        self.siblings_limit = max(1, self.count.high)
        self.rows_limit: int = self.siblings_limit * (parent.rows_limit if parent else 1)
        self.always: bool = self.count.low > 0 and (parent is None or parent.always)
        self.lineage: dict[str, _Plan] = {name: self, **(parent.lineage if parent else {})}
        self.fields: dict[str, Field | None] = {}
        if self.rows_limit > ROWS_LIMIT:
            reason = f"a unit could have {self.rows_limit} rows; at most {ROWS_LIMIT} are allowed"
            raise Refusal(reason, self.count.high, "count")

    def record(self) -> Record:
        """The finished record type."""
        made = {name: field for name, field in self.fields.items() if field}
        written = tuple(made[name] for name in self.spec.fields)
        parent = self.parent.name if self.parent else None
        width = sum(field.spelling.width + len(name) + 6 for name, field in made.items())
        if width * self.rows_limit > _BYTES_LIMIT:
            reason = f"a unit could have {width * self.rows_limit} bytes; allowed: {_BYTES_LIMIT}"
            raise Refusal(reason, self.count.high, "count")
        return Record(self.name, parent, self.count, self.rows_limit, written, (*made.values(),))


def _count(written: int | CountOptions) -> samplers.Sampler:
    if isinstance(written, int):
        return samplers.constant(written)
    if (written.poisson is None) == (written.uniform is None):
        raise Refusal("allowed: a number, or one of poisson and uniform", None, "count")
    if written.poisson is not None:
        return samplers.poisson(written.poisson)
    low, high = written.uniform or (0, 0)
    if low > high:
        raise Refusal("the fewest rows come first", written.uniform, "count", "uniform")
    return samplers.uniform(low, high)


class Build:
    """One pass over a specification. `broken` fields have been reported before."""

    def __init__(self, spec: DatasetSpec, broken: set[Source], problems: list[Problem]) -> None:
        self.spec = spec
        self._broken, self._problems = broken, problems
        self.as_of = instants.iso(spec.as_of) if spec.as_of else None
        if spec.as_of and self.as_of is None:
            problems.append(Problem("as_of", spec.as_of, "an ISO 8601 date or time is needed"))
            self.as_of = datetime(2000, 1, 1, tzinfo=UTC)  # so that the rest is checked
        self._plans: dict[str, _Plan | None] = {}
        self._open: list[str] = []

    def records(self) -> tuple[Record, ...]:
        """All record types in an order in which they can be made; problems go to the list."""
        with self._reported("locale"):
            if self.spec.locale != DatasetSpec.model_fields["locale"].default:
                vocabulary.check_locale(self.spec.locale)
            for name in self.spec.records:
                with suppress(_Broken):
                    self.plan(name)
        finished: list[Record] = []
        for plan in filter(None, self._plans.values() if not self._problems else ()):
            with self._reported(f"records.{plan.name}"):
                finished.append(plan.record())
        return tuple(finished)

    def plan(self, name: str) -> _Plan:
        """A record type with all its fields."""
        return self._once(self._plans, name, f"records.{name}", lambda: self._planned(name))

    def field(self, plan: _Plan, name: str) -> Field:
        """A field of a record type."""
        if (plan.name, name) in self._broken:
            raise _Broken
        where = f"records.{plan.name}.fields.{name}"
        return self._once(plan.fields, name, where, lambda: self._built(plan, name))

    def written(self, record: str, field: str) -> bool:
        """Whether the specification has such a field, sound or not."""
        spec = self.spec.records.get(record)
        return (record, field) in self._broken or (spec is not None and field in spec.fields)

    def keys(self) -> Iterator[str]:
        """All keys, as a reference names them."""
        for record, spec in self.spec.records.items():
            for name, field in spec.fields.items():
                if isinstance(field, KeyField):
                    yield f"{record}.{name}"

    def descends(self, record: str | None, ancestor: str) -> bool:
        """Whether `record` is `ancestor` or belongs to it."""
        seen: set[str] = set()
        while record in self.spec.records and record != ancestor and record not in seen:
            seen.add(record)
            record = self.spec.records[record].parent
        return record == ancestor

    def _planned(self, name: str) -> _Plan:
        spec = self.spec.records[name]
        if spec.parent and spec.parent not in self.spec.records:
            raise Refusal(instead(spec.parent, self.spec.records), spec.parent, "parent")
        with located("parent"):
            parent = self.plan(spec.parent) if spec.parent else None
        plan = _Plan(name, spec, parent)
        for field in spec.fields:
            with suppress(_Broken):
                self.field(plan, field)
        return plan

    def _built(self, plan: _Plan, name: str) -> Field:
        spec = plan.spec.fields[name]
        if name in _RESERVED:
            raise Refusal("this name has a meaning of its own; choose another", name)
        with located(spec.kind):
            built: Field = spec.build(self._scope(plan, name))
        if built.column.key and spec.null:
            raise Refusal("a key is never null", spec.null, "null")
        if spec.unique and built.units is None:
            raise Refusal(spec.unique_needs, spec.unique, "unique")
        unique = spec.unique or built.column.key
        column = replace(built.column, nullable=spec.null > 0, unique=unique)
        return replace(built, column=column, null=spec.null)

    def _scope(self, plan: _Plan, field: str) -> "_Scope":
        locale = self.spec.locale
        return _Scope(plan.name, field, locale, plan.rows_limit, plan.siblings_limit, self, plan)

    def _once(self, made: dict[str, T | None], name: str, where: str, make: Callable[[], T]) -> T:
        """What `make` gives, made at most once; a problem with it is reported at most once."""
        if where in self._open:
            circle = " > ".join([*self._open[self._open.index(where) :], where])
            raise Refusal(f"goes in a circle: {circle}", name)
        if len(self._open) > _CHAIN_LIMIT:
            raise Refusal(f"a chain of more than {_CHAIN_LIMIT} dependencies leads here", name)
        if name not in made:
            self._open.append(where)
            found = None
            with suppress(_Broken), self._reported(where):
                found = make()
            made[name] = found
            self._open.pop()
        found = made[name]
        if found is None:
            raise _Broken
        return found

    @contextmanager
    def _reported(self, where: str) -> Iterator[None]:
        try:
            yield
        except Refusal as refusal:
            path = ".".join((where, *refusal.path))
            self._problems.append(Problem(path, refusal.value, refusal.reason))


@dataclass(frozen=True)
class _Scope(Scope):
    """See `Scope`."""

    _build: Build
    _plan: _Plan

    def source(self, path: str) -> tuple[Source, Field]:
        record, _, name = path.rpartition(".")
        plan = self._plan.lineage.get(record or self.record)
        if plan is None or not self._build.written(plan.name, name):
            raise Refusal(instead(path, self._names()), path)
        field = self._build.field(plan, name)
        if field.null:
            raise Refusal("it may be null; only a field that never is can be used", path)
        return (plan.name, name), field

    def target(self, path: str) -> Target:
        record, _, name = path.partition(".")
        if not self._build.written(record, name):
            raise Refusal(f"a key is needed; {instead(path, self._build.keys())}", path)
        ancestor = record != self.record and record in self._plan.lineage
        if not ancestor and self._build.descends(record, self.record):
            reason = "allowed: ancestors, and record types that do not belong to this one"
            raise Refusal(reason, path)
        plan = self._plan.lineage[record] if ancestor else self._build.plan(record)
        key = self._build.field(plan, name)
        if not key.column.key:
            raise Refusal(f"a key is needed; {instead(path, self._build.keys())}", path)
        if not (ancestor or plan.always):
            raise Refusal(f"{record} may have no rows in a unit; one at least is needed", path)
        return Target((record, name), key, ancestor, plan.rows_limit)

    def moment(self, text: str) -> Moment:
        path, seconds = instants.read(text, self._build.as_of)
        if path is None:
            return instants.fixed(seconds)
        source, field = self.source(path)
        if field.times is None:
            raise Refusal(f"{path} is neither a date nor a datetime", text)
        return instants.following(source, field.times, seconds)

    def capacity(self, size: int) -> int:
        if size < self.rows_limit:
            reason = f"unique: {size} values are possible, a unit may need {self.rows_limit}"
            raise Refusal(reason, size)
        return size // self.rows_limit

    def _names(self) -> Iterator[str]:
        for plan in self._plan.lineage.values():
            own = plan is self._plan
            yield from (name if own else f"{plan.name}.{name}" for name in plan.spec.fields)
