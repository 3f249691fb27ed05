"""Builds record types and fields as they are asked for, so that dependencies always come first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from . import expressions, instants, vocabulary
from .dataset import Dataset, Step
from .frame import Field, Frame, Mask
from .kinds.base import FieldSpec
from .kinds.keys import KeyField, RefField
from .language import DatasetSpec
from .plans import Counted, Plan
from .problems import Problem, Refusal, instead, located
from .randomness import UNITS_LIMIT
from .scopes import BuildScope
from .uniqueness import alone

_CHAIN_LIMIT = 60
_RESERVED = ("as_of", "type", "unit")

T = TypeVar("T")


class _Broken(Exception):  # noqa: N818 - a signal: the problem itself is on the list already
    """What is asked for has a problem."""


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
        self._plans: dict[str, Plan | None] = {}
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

    def plan(self, name: str) -> Plan:
        """A record type, with none of its fields as yet."""
        return self._once(self._plans, name, f"records.{name}", lambda: self._planned(name))

    def rows(self, plan: Plan) -> None:
        """Count the rows of a record type before all that comes after."""
        self._once(plan.counted, "rows", f"records.{plan.name}", lambda: self._counted(plan))

    def field(self, plan: Plan, name: str) -> Field:
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

    def _planned(self, name: str) -> Plan:
        spec = self.spec.records[name]
        if spec.parent and spec.parent not in self.spec.records:
            raise Refusal(instead(spec.parent, self.spec.records), spec.parent, "parent")
        with located("parent"):
            parent = self.plan(spec.parent) if spec.parent else None
        self._needs[name] = {parent.name: None} if parent else {}
        return Plan(name, spec, parent)

    def _all_fields(self, plan: Plan) -> None:
        for field in plan.spec.fields:
            with suppress(_Broken):
                self.field(plan, field)

    def _counted(self, plan: Plan) -> Counted:
        when = None
        with located("when"):
            if plan.spec.when is not None:
                if plan.parent is None:
                    raise Refusal("allowed where there is a parent", plan.spec.when)
                scope = self.scope(plan.parent, "")
                when = expressions.condition(scope, plan.spec.when)
        if plan.parent:
            self.rows(plan.parent)
        self._steps.append(Step(plan.name, None))
        return Counted(when)

    def _built(self, plan: Plan, name: str) -> Field:
        spec = plan.spec.fields[name]
        if name in _RESERVED:
            raise Refusal("this name has a meaning of its own; choose another", name)
        self.rows(plan)
        for other in self._combined_with(plan, name):
            self.rows(other)
        scope = self.scope(plan, name)
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

    def _combined_with(self, plan: Plan, name: str) -> Iterator[Plan]:
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

    def _with_nulls(self, scope: "BuildScope", spec: FieldSpec, built: Field) -> Field:
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

    def scope(self, plan: Plan, field: str) -> BuildScope:
        """What a field of a record type may ask."""
        return BuildScope(
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
