"""Combinations of fields that never come twice: `unique: [[a, b]]` of a record type.

Where one of the fields is unique, so is the combination. Otherwise references to ancestors say
among which rows it has to be, and the fields that can be counted are drawn together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .frame import Field
from .problems import Refusal, instead, located
from .randomness import UNITS_LIMIT
from .uniqueness import Numbering, across, combinations, together, within

_NEEDS = (
    "needs a field that is unique by itself, or such as can be counted: references and numbers"
    " without a distribution, choices without weights, patterns, times between fixed moments"
)


@dataclass(frozen=True, slots=True)
class Combined:
    """Fields that are drawn anew, and how many units their combinations last for."""

    fields: Mapping[str, Field]
    units: int = UNITS_LIMIT


def combined(
    groups: Sequence[Sequence[str]],
    fields: Mapping[str, Field],
    limits: Mapping[str | None, int],
) -> Combined:
    """Make the combinations of a record type unique.

    `limits` has the rows that one row of each ancestor, the nearest first, or a unit (None) has
    at most.

    Raises:
        Refusal: a combination names what is not there, overlaps another, or cannot be had.
    """
    changed: dict[str, Field] = {}
    units = UNITS_LIMIT
    for group in groups:
        with located("unique"):
            _check(group, fields, changed)
            one = _drawn(group, {name: fields[name] for name in group}, limits)
        changed |= one.fields
        units = min(units, one.units)
    return Combined(changed, units)


def _check(group: Sequence[str], fields: Mapping[str, Field], changed: Mapping[str, Field]) -> None:
    for place, name in enumerate(group):
        if name in group[:place]:
            raise Refusal("a field is in a combination once", name)
        if name not in fields:
            raise Refusal(instead(name, fields), name)
        if fields[name].hidden or fields[name].column.nullable:
            raise Refusal("a field that is hidden or may be null cannot be part of it", name)
        if name in changed:
            raise Refusal("a field may be in one combination", name)


def _drawn(
    group: Sequence[str], members: Mapping[str, Field], limits: Mapping[str | None, int]
) -> Combined:
    fixed = {field.ancestor for field in members.values()}
    parent = next(iter(limits))
    numbered = (
        parent is not None and parent in fixed and any(field.numbered for field in members.values())
    )
    if numbered or any(field.column.unique for field in members.values()):
        return Combined({})
    free = [name for name, field in members.items() if field.enumeration]
    if not free:
        raise Refusal(_NEEDS, list(group))
    ancestor = next((name for name in limits if name is not None and name in fixed), None)
    drawn = [members[name] for name in free]
    size = combinations(drawn, limits[ancestor])
    if ancestor or any(f.enumeration and f.enumeration.local for f in drawn):
        return _together(free, drawn, within(free[0], ancestor))
    return replace(_together(free, drawn, across(free[0])), units=size // limits[None])


def _together(names: Sequence[str], drawn: Sequence[Field], number: Numbering) -> Combined:
    return Combined(dict(zip(names, together(drawn, number), strict=True)))
