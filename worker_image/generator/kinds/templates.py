"""Other fields in a text."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from string import Formatter
from typing import ClassVar

from pydantic import Field

from ...tables import Column, ColumnType
from .. import frame as frames
from ..frame import Frame, Source
from ..problems import Refusal, instead
from ..randomness import Words
from ..spelling import Spelling, Value, pointed, slug, zero_padded
from .base import FieldSpec, Scope

_PADDED = re.compile("0[1-9][0-9]?")
_PARTS_LIMIT = 500
_CHANGES: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper, "slug": slug}


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a template: a fixed text or, with a source, a field."""

    spelling: Spelling
    source: Source | None = None
    units: int | None = None


class TemplateField(FieldSpec):
    """Other fields in a text: `{first_name:lower}.{id}@example.com`, `{customer.id}-{number}`.

    A name may be followed by `:lower`, `:upper` or `:slug` (ASCII letters and digits alone), that
    of a whole number by `:06` for so many digits.
    """

    kind: ClassVar[str] = "template"
    examples: ClassVar[tuple[str, ...]] = (
        "{template: '{first_name:slug}.{id}@example.com'}",
        "{template: '{customer.id}-{number}'}",
    )
    unique_needs: ClassVar[str] = (
        "a unique template needs a unique field of this record type that always has the same"
        " length, with nothing but such parts before it or after it"
    )
    template: str = Field(min_length=1, max_length=2000)

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        pieces = list(self._pieces(scope))
        parts = [part for piece in pieces for part in piece.spelling.parts]
        if len(parts) > _PARTS_LIMIT:
            reason = f"at most {_PARTS_LIMIT} parts are allowed, those of templates in it included"
            raise Refusal(reason, len(parts))

        def draw(frame: Frame, _: Words) -> Value:
            return tuple(
                number
                for piece in pieces
                if piece.source
                for number in piece.spelling.numbers(frame.value(piece.source))
            )

        column = Column(scope.field, ColumnType.TEXT)
        follows = tuple(piece.source for piece in pieces if piece.source)
        units = _unique_units(pieces)
        return frames.Field(column, pointed(parts), draw, units=units, follows=follows)

    def _pieces(self, scope: Scope) -> Iterator[_Piece]:
        try:
            written = list(Formatter().parse(self.template))
        except ValueError as error:
            reason = f"{error}; a brace that is meant as such is written twice"
            raise Refusal(reason, self.template) from None
        for literal, path, change, conversion in written:
            if literal:
                yield _Piece(pointed([literal]))
            if path is not None:
                yield _field_piece(scope, path, f"{'!' if conversion else ''}{change}")


def _field_piece(scope: Scope, path: str, change: str) -> _Piece:
    padded = _PADDED.fullmatch(change)
    if change and change not in _CHANGES and not padded:
        raise Refusal(f"{instead(change, _CHANGES)}; or 01 to 018", change)
    source, field = scope.source(path)
    if padded:
        field = replace(field, spelling=_zero_padded(field, path, int(change)))
    elif change:
        return _Piece(field.spelling.mapped(_CHANGES[change]), source)
    own = source.record == scope.record and source.link is None
    return _Piece(field.spelling, source, field.units if own else None)


def _zero_padded(field: frames.Field, path: str, size: int) -> Spelling:
    reading = field.reading
    if reading is None or field.column.type is not ColumnType.INTEGER:
        raise Refusal("digits are for whole numbers", path)
    if reading.low < 0 or reading.high >= 10 ** (size + 4):
        reason = f"digits are for whole numbers from 0 on, not from {reading.low}"
        reason = reason if reading.low < 0 else f"{reading.high} needs many more digits"
        raise Refusal(reason, path)
    spelling, read = zero_padded(size, reading.high), reading.read
    return Spelling(spelling.parts, lambda value: spelling.numbers((read(value),)))


def _unique_units(pieces: Sequence[_Piece]) -> int | None:
    """For how many units one unique part makes the whole unique: where it can be read back."""
    fixed = [piece.spelling.fixed for piece in pieces]
    units = [
        piece.units
        for place, piece in enumerate(pieces)
        if piece.units and fixed[place] and (all(fixed[:place]) or all(fixed[place:]))
    ]
    return max(units, default=None)
