"""What a field that is built may ask of the others."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..tables import Reference
from . import expressions, instants
from .expressions import Term
from .frame import Field, Source
from .instants import Moment
from .kinds.base import Scope, Target
from .plans import Plan
from .problems import Refusal, instead

if TYPE_CHECKING:
    from .building import Build

_CIRCULAR = "allowed: ancestors, and record types that neither belong nor refer to this one"


@dataclass(frozen=True)
class BuildScope(Scope):
    """A scope of one field in a build."""

    _build: "Build"
    _plan: Plan

    def source(self, path: str) -> tuple[Source, Field]:
        """See `Scope`."""
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

    def _through(self, owner: Plan, link: str, name: str, path: str) -> tuple[Source, Field]:
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
        """See `Scope`."""
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
        """See `Scope`."""
        plan = self._build.plan(source.record)
        if source.link is None:
            return self._build.field(plan, source.field).column.nullable
        link = self._build.field(plan, source.link)
        assert link.link
        target = self._build.field(self._build.plan(link.link), source.field)
        return link.column.nullable or target.column.nullable

    def target(self, path: str) -> Target:
        """See `Scope`."""
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
        """See `Scope`."""
        plan = self._build.plan(record) if record in self._build.spec.records else None
        descends = plan is not None and self._plan.name in plan.lineage and plan is not self._plan
        if plan is None or not descends:
            below = instead(record, self._descendants())
            raise Refusal(f"rows that belong to this one are needed; {below}", record)
        if self._plan.spec.shared and not plan.spec.shared:
            raise Refusal(f"{record} differs by unit, and this record type does not", record)
        self._build.rows(plan)
        sure, step = True, plan
        while step is not self._plan and step.parent:
            sure, step = sure and step.sure, step.parent
        limit = plan.rows_limit // self._plan.rows_limit
        return self._build.scope(plan, self.field), sure, limit

    def _descendants(self) -> set[str]:
        """Record types whose rows belong to those of this one, as they are written."""
        parents = {name: spec.parent for name, spec in self._build.spec.records.items()}
        found, more = set[str](), {self.record}
        while more := {name for name, parent in parents.items() if parent in more} - found:
            found |= more
        return found - {self.record}

    def term(self, text: str) -> Term:
        """See `Scope`."""
        return expressions.term(self, text)

    def moment(self, text: str) -> Moment:
        """See `Scope`."""
        path, seconds = instants.read(text, self._build.as_of)
        if path is None:
            return instants.fixed(seconds)
        source, field = self.source(path)
        if field.reading is None or not field.column.type.is_time:
            raise Refusal(f"{path} is neither a date nor a datetime", text)
        return instants.following(source, field.reading, seconds)

    def capacity(self, size: int) -> int:
        """See `Scope`."""
        if size < self.rows_limit:
            reason = f"unique: {size} values are possible, a unit may need {self.rows_limit}"
            raise Refusal(reason, size)
        return size // self.rows_limit

    def _names(self) -> Iterator[str]:
        for plan in self._plan.lineage.values():
            own = plan is self._plan
            yield from (name if own else f"{plan.name}.{name}" for name in plan.spec.fields)
