"""Builds record types and fields as they are asked for, so that dependencies always come first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from ..tables import Reference
from . import combining, expressions, instants, samplers, vocabulary
from .dataset import Dataset, Record, Step
from .expressions import Term
from .frame import Field, Frame, Mask, Source
from .instants import Moment
from .kinds.base import FieldSpec, Scope, Target
from .kinds.keys import KeyField, RefField
from .language import CountOptions, DatasetSpec, RecordSpec
from .problems import Problem, Refusal, instead, located
from .randomness import ROWS_LIMIT, UNITS_LIMIT
from .uniqueness import alone

_BYTES_LIMIT = 1 << 30
_CHAIN_LIMIT = 60
_CIRCULAR = "allowed: ancestors, and record types that neither belong nor refer to this one"
_RESERVED = ("as_of", "type", "unit")

T = TypeVar("T")


class _Broken(Exception):  # noqa: N818 - a signal: the problem itself is on the list already
    """What is asked for has a problem."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """The step in which rows are counted, and which rows of the parent have any."""

    when: Callable[[Frame], Mask] | None


class _Plan:
    """A record type being built; a field that cannot be had is None."""

    def __init__(self, name: str, spec: RecordSpec, parent: "_Plan | None") -> None:
        self.name, self.spec, self.parent = name, spec, parent
        self.count = _count(spec.count)
        self.siblings_limit = max(1, self.count.high)
        self.rows_limit: int = self.siblings_limit * (parent.rows_limit if parent else 1)
        self.sure = self.count.low > 0 and spec.when is None
        self.fewest: int = self.count.low * self.sure * (parent.fewest if parent else 1)
        self.lineage: dict[str, _Plan] = {name: self, **(parent.lineage if parent else {})}
        self.counted: dict[str, _Counted | None] = {}
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


class Build:
    """One pass over a specification. `broken` fields have been reported before."""

    def __init__(
        self, spec: DatasetSpec, broken: set[tuple[str, str]], problems: list[Problem]
    ) -> None:
        self.spec = spec
        self._broken, self._problems = broken, problems
        self.as_of = instants.iso(spec.as_of) if spec.as_of else None
        if spec.as_of and self.as_of is None:
            problems.append(Problem("as_of", spec.as_of, "an ISO 8601 date or time is needed"))
            self.as_of = datetime(2000, 1, 1, tzinfo=UTC)  # so that the rest is checked
        self._plans: dict[str, _Plan | None] = {}
        self._steps: list[Step] = []
        self._needs: dict[str, dict[str, None]] = {}
        self._open: list[str] = []

    def dataset(self) -> Dataset | None:
        """The dataset; None where there are problems, which go to the list."""
        if all(record.shared for record in self.spec.records.values()):
            reason = "one record type at least must not be shared: what units after the first have"
            self._problems.append(Problem("records", list(self.spec.records), reason))
        with self._reported("locale"):
            if self.spec.locale != DatasetSpec.model_fields["locale"].default:
                vocabulary.check_locale(self.spec.locale)
            for name in self.spec.records:
                with suppress(_Broken):
                    self._all_fields(self.plan(name))
        if self._problems:
            return None
        finished = []
        for name in self._in_order():
            with self._reported(f"records.{name}"):
                finished.append(self.plan(name).record())
        return Dataset(self.spec.dataset, tuple(finished), tuple(self._steps))

    def plan(self, name: str) -> _Plan:
        """A record type, with none of its fields as yet."""
        return self._once(self._plans, name, f"records.{name}", lambda: self._planned(name))

    def rows(self, plan: _Plan) -> None:
        """Count the rows of a record type before all that comes after."""
        self._once(plan.counted, "rows", f"records.{plan.name}", lambda: self._counted(plan))

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

    def needs(self, record: str, other: str) -> bool:
        """Whether `record` is, belongs to or refers to `other`, at any remove."""
        seen: set[str] = set()
        left = [record]
        while left and other not in seen:
            one = left.pop()
            if one not in seen:
                seen.add(one)
                left += self._needs.get(one, ())
        return other in seen

    def refer(self, record: str, other: str) -> None:
        """Note that `record` refers to `other`."""
        self._needs[record][other] = None

    def _in_order(self) -> Iterator[str]:
        """All record types as they are written, but after those that they need."""
        seen: set[str] = set()

        def visit(name: str) -> Iterator[str]:
            if name not in seen:
                seen.add(name)
                for needed in self._needs[name]:
                    yield from visit(needed)
                yield name

        for name in self.spec.records:
            yield from visit(name)

    def _planned(self, name: str) -> _Plan:
        spec = self.spec.records[name]
        if spec.parent and spec.parent not in self.spec.records:
            raise Refusal(instead(spec.parent, self.spec.records), spec.parent, "parent")
        with located("parent"):
            parent = self.plan(spec.parent) if spec.parent else None
        self._needs[name] = {parent.name: None} if parent else {}
        return _Plan(name, spec, parent)

    def _all_fields(self, plan: _Plan) -> None:
        for field in plan.spec.fields:
            with suppress(_Broken):
                self.field(plan, field)

    def _counted(self, plan: _Plan) -> _Counted:
        when = None
        with located("when"):
            if plan.spec.when is not None:
                if plan.parent is None:
                    raise Refusal("allowed where there is a parent", plan.spec.when)
                scope = self._scope(plan.parent, "")
                when = expressions.condition(scope, plan.spec.when)
        if plan.parent:
            self.rows(plan.parent)
        self._steps.append(Step(plan.name, None))
        return _Counted(when)

    def _built(self, plan: _Plan, name: str) -> Field:
        spec = plan.spec.fields[name]
        if name in _RESERVED:
            raise Refusal("this name has a meaning of its own; choose another", name)
        self.rows(plan)
        for other in self._combined_with(plan, name):
            self.rows(other)
        scope = self._scope(plan, name)
        with located(spec.kind):
            built: Field = spec.build(scope)
        if spec.unique and built.units is None:
            if built.enumeration is None:
                raise Refusal(spec.unique_needs, spec.unique, "unique")
            with located(spec.kind):
                units = scope.capacity(built.enumeration.least)
            units = UNITS_LIMIT if built.enumeration.local else units
            built = replace(alone(built, name), units=units)
        finished = self._with_nulls(scope, spec, built)
        self._steps.append(Step(plan.name, name))
        return finished

    def _combined_with(self, plan: _Plan, name: str) -> Iterator[_Plan]:
        """What is referred to by the fields in a combination with one: they are drawn together."""
        for other in {
            other: None for group in plan.spec.unique if name in group for other in group
        }:
            spec = plan.spec.fields.get(other)
            if not isinstance(spec, RefField):
                continue
            to = spec.ref if isinstance(spec.ref, str) else spec.ref.to
            record = to.partition(".")[0]
            if record in self.spec.records:
                found = self.plan(record)
                if not self.needs(record, plan.name):
                    yield found

    def _with_nulls(self, scope: "_Scope", spec: FieldSpec, built: Field) -> Field:
        if built.column.key and (spec.null or spec.when):
            option = "null" if spec.null else "when"
            raise Refusal("a key is in every row", getattr(spec, option), option)
        blank = built.blank
        if spec.when is not None:
            with located("when"):
                when = expressions.condition(scope, spec.when)
            blank = _neither(blank, when)
        follows = tuple(source for source in built.follows if scope.nullable(source))
        column = replace(
            built.column,
            nullable=spec.null > 0 or blank is not None or bool(follows),
            unique=spec.unique or built.column.key,
        )
        return replace(
            built, column=column, null=spec.null, blank=blank, follows=follows, hidden=spec.hidden
        )

    def _scope(self, plan: _Plan, field: str) -> "_Scope":
        return _Scope(
            plan.name, field, self.spec.locale, plan.rows_limit, plan.siblings_limit, self, plan
        )

    def _once(self, made: dict[str, T | None], name: str, where: str, make: Callable[[], T]) -> T:
        """What `make` gives, made at most once; a problem with it is reported at most once."""
        if name not in made and where in self._open:
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


def _neither(
    blank: Callable[[Frame], Mask] | None, when: Callable[[Frame], Mask]
) -> Callable[[Frame], Mask]:
    if blank is None:
        return lambda frame: ~when(frame)
    return lambda frame: ~when(frame) | blank(frame)


@dataclass(frozen=True)
class _Scope(Scope):
    """See `Scope`."""

    _build: Build
    _plan: _Plan

    def source(self, path: str) -> tuple[Source, Field]:
        *way, name = path.split(".")
        if len(way) > 2:
            raise Refusal("allowed: field, record.field, reference.field", path)
        owner = self._plan.lineage.get(way[0]) if way else self._plan
        if len(way) == 1 and owner is None:
            return self._through(self._plan, way[0], name, path)
        if len(way) == 2 and owner is not None:
            return self._through(owner, way[1], name, path)
        if owner is None or not self._build.written(owner.name, name):
            raise Refusal(instead(path, self._names()), path)
        return Source(owner.name, name), self._build.field(owner, name)

    def _through(self, owner: _Plan, link: str, name: str, path: str) -> tuple[Source, Field]:
        if not self._build.written(owner.name, link):
            raise Refusal(instead(path, self._names()), path)
        target = self._build.field(owner, link).link
        if target is None:
            raise Refusal(f"{link} is not a reference; {instead(path, self._names())}", path)
        if not self._build.written(target, name):
            allowed = (f"{link}.{name}" for name in self._build.spec.records[target].fields)
            raise Refusal(instead(path, allowed), path)
        field = self._build.field(self._build.plan(target), name)
        if field.reading:  # what its own row's times are after says nothing of this row's
            field = replace(field, reading=replace(field.reading, after={}))
        return Source(owner.name, name, link), field

    def reference(self, source: Source) -> Reference | None:
        record = source.record
        if source.link is not None:
            record = self._build.field(self._build.plan(record), source.link).link or record
        plan = self._build.plan(record)
        column = self._build.field(plan, source.field).column
        found = Reference(record, column.name) if column.key else column.references
        if found is None or self._build.field(self._build.plan(found.table), found.column).hidden:
            return None
        shared = self._build.plan(found.table).spec.shared and not self._plan.spec.shared
        return replace(found, shared=shared)

    def nullable(self, source: Source) -> bool:
        plan = self._build.plan(source.record)
        if source.link is None:
            return self._build.field(plan, source.field).column.nullable
        link = self._build.field(plan, source.link)
        assert link.link
        target = self._build.field(self._build.plan(link.link), source.field)
        return link.column.nullable or target.column.nullable

    def target(self, path: str) -> Target:
        record, _, name = path.partition(".")
        if not self._build.written(record, name):
            raise Refusal(f"a key is needed; {instead(path, self._build.keys())}", path)
        plan = self._build.plan(record)
        own, ancestor = record == self.record, record in self._plan.lineage
        if not ancestor and self._build.needs(record, self.record):
            reason = _CIRCULAR
            raise Refusal(reason, path)
        if self._plan.spec.shared and not plan.spec.shared:
            raise Refusal(f"a shared record type refers to shared ones; {record} is none", path)
        if not (ancestor or plan.fewest):
            raise Refusal(f"{record} may have no rows in a unit; one at least is needed", path)
        if not own:
            self._build.refer(self.record, record)
        key = self._build.field(plan, name)
        if not key.column.key:
            raise Refusal(f"a key is needed; {instead(path, self._build.keys())}", path)
        shared = plan.spec.shared and not self._plan.spec.shared
        return Target(
            source=Source(record, name),
            key=key,
            ancestor=ancestor and not own,
            own=own,
            shared=shared,
            rows_limit=plan.rows_limit,
            fewest=plan.fewest,
        )

    def children(self, record: str) -> tuple[Scope, bool, int]:
        plan = self._build.plan(record) if record in self._build.spec.records else None
        descends = plan is not None and self._plan.name in plan.lineage and plan is not self._plan
        if plan is None or not descends:
            below = (
                name
                for name in self._build.spec.records
                if name != self.record and self._build.needs(name, self.record)
            )
            raise Refusal(
                f"rows that belong to this one are needed; {instead(record, below)}", record
            )
        if self._plan.spec.shared and not plan.spec.shared:
            raise Refusal(f"{record} differs by unit, and this record type does not", record)
        self._build.rows(plan)
        sure, step = True, plan
        while step is not self._plan and step.parent:
            sure, step = sure and step.sure, step.parent
        limit = plan.rows_limit // self._plan.rows_limit
        return self._build._scope(plan, self.field), sure, limit

    def term(self, text: str) -> Term:
        return expressions.term(self, text)

    def moment(self, text: str) -> Moment:
        path, seconds = instants.read(text, self._build.as_of)
        if path is None:
            return instants.fixed(seconds)
        source, field = self.source(path)
        if field.reading is None or not field.column.type.is_time:
            raise Refusal(f"{path} is neither a date nor a datetime", text)
        return instants.following(source, field.reading, seconds)

    def capacity(self, size: int) -> int:
        if size < self.rows_limit:
            reason = f"unique: {size} values are possible, a unit may need {self.rows_limit}"
            raise Refusal(reason, size)
        return size // self.rows_limit

    def _names(self) -> Iterator[str]:
        for plan in self._plan.lineage.values():
            own = plan is self._plan
            yield from (name if own else f"{plan.name}.{name}" for name in plan.spec.fields)
