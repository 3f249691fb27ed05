"""One of a list, and always the same."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from pydantic import (
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from ...tables import Column, ColumnType
from .. import frame as frames
from .. import samplers
from ..frame import Enumeration, Frame, Reading
from ..problems import Refusal
from ..randomness import Words
from ..spelling import Value, picked, plain
from .base import TAG, FieldSpec, Options, Scope, shape
from .numbers import decimal_column

Weight: TypeAlias = Annotated[float, Field(gt=0, le=1e12)]


def _scalar(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    """One error for a value that is none of the types, not one for each."""
    try:
        return handler(value)
    except ValidationError:
        raise PydanticCustomError("scalar", "allowed: texts, numbers, booleans") from None


def _shape(value: object) -> str:
    if not isinstance(value, dict):
        return shape(value)
    if isinstance(value.get("of"), str):
        return f"{TAG}column"
    return shape(value) if isinstance(value.get("values"), list) else f"{TAG}weights"


Scalar: TypeAlias = Annotated[bool | int | float | str, WrapValidator(_scalar)]


class ListColumn(Options):
    """Values from a column of a CSV file with a line of names: a blob, or a file beside this one.

    It is read once, when a run is started or a command is given, and becomes part of the dataset.
    """

    of: str = Field(description="Where it is: container/path of a blob, or the path of a file")
    column: str = Field(description="The name of the column that has the values")
    weights: str | None = Field(None, description="The name of a column with their weights")
    in_order: bool = Field(False, description="The n-th row has the n-th value, over and over")


class ChoiceOptions(Options):
    """Values of any type, each with its weight, or one after the other."""

    values: list[Scalar] = Field(min_length=1, description="Texts, numbers or booleans")
    weights: list[Weight] | None = Field(
        None, description="One a value, of any size; without them all are alike likely"
    )
    in_order: bool = Field(False, description="The n-th row has the n-th value, over and over")


class ChoiceField(FieldSpec):
    """One of a list: `[a, b]`, `{a: 3, b: 1}` or `{values: [1, 2], weights: [3, 1]}`, or of the
    column of a file: `{of: lists/cities.csv, column: name, weights: population}`.
    """

    kind: ClassVar[str] = "choice"
    examples: ClassVar[tuple[str, ...]] = (
        "{choice: [S, M, L, XL]}",
        "{choice: {delivered: 80, open: 15, cancelled: 5}}",
        "{choice: {values: [0, 0.05, 0.1], weights: [70, 20, 10]}}",
        "{choice: {values: [mon, tue, wed], in_order: true}}",
    )
    choice: Annotated[
        Annotated[list[Scalar], Field(min_length=1), Tag(f"{TAG}list")]
        | Annotated[dict[str, Weight], Field(min_length=1), Tag(f"{TAG}weights")]
        | Annotated[ChoiceOptions, Tag(f"{TAG}mapping")]
        | Annotated[ListColumn, Tag(f"{TAG}column")],
        Discriminator(_shape),
    ]

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        if isinstance(self.choice, ListColumn):
            raise Refusal("lists in other files are read before: see resolve", self.choice.of)
        column, texts, reading = _written(scope.field, self._values())
        weights = self._weights() or [1] * len(texts)
        if len(weights) != len(texts):
            raise Refusal(f"{len(texts)} weights are needed, one a value", weights, "weights")
        shares = samplers.whole(weights)
        if min(shares) < sum(shares) * samplers.WEIGHT_SHARE:
            raise Refusal("a weight must be a millionth of their sum at least", min(weights))
        if isinstance(self.choice, ChoiceOptions) and self.choice.in_order:
            return _in_order(column, texts, reading)
        sampler = samplers.weighted(samplers.fine_deal(shares))

        def draw(_: Frame, words: Words) -> Value:
            return (sampler.draw(words[0]),)

        alike = len(set(weights)) == 1 and len(set(texts)) == len(texts)
        return frames.Field(
            column,
            picked(texts),
            draw,
            streams=1,
            reading=reading,
            enumeration=_enumeration(len(texts)) if alike else None,
        )

    def _values(self) -> list[Scalar]:
        if isinstance(self.choice, ChoiceOptions):
            return list(self.choice.values)
        return list(self.choice) if isinstance(self.choice, list | dict) else []

    def _weights(self) -> list[float] | None:
        if isinstance(self.choice, dict):
            return list(self.choice.values())
        return self.choice.weights if isinstance(self.choice, ChoiceOptions) else None


class ConstantField(FieldSpec):
    """The same text, number or boolean in every row."""

    kind: ClassVar[str] = "constant"
    examples: ClassVar[tuple[str, ...]] = ("{constant: EUR}", "{constant: 1.5}")
    constant: Scalar

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        column, texts, reading = _written(scope.field, [self.constant])
        return frames.Field(column, picked(texts), lambda _, __: (0,), reading=reading)


def _in_order(column: Column, texts: Sequence[str], reading: Reading) -> frames.Field:
    size = len(texts)
    return frames.Field(
        column, picked(texts), lambda frame, _: (frame.numbers % size,), reading=reading
    )


def _enumeration(size: int) -> Enumeration:
    return Enumeration(size, lambda _: size, lambda _, __, codes: (codes,))


def _written(name: str, values: Sequence[Scalar]) -> tuple[Column, list[str], Reading]:
    """The column for values of one type, how each is spelt, and how it is read."""
    types = {type(value) for value in values}
    if types <= {bool}:
        column = Column(name, ColumnType.BOOLEAN)
        return column, [str(value).lower() for value in values], _listed([int(v) for v in values])
    if types <= {str}:
        texts = [str(value) for value in values]
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        reading = _listed([places[text] for text in texts], texts=tuple(places))
        return Column(name, ColumnType.TEXT), texts, reading
    if types <= {int}:
        numbers = [int(value) for value in values]
        return Column(name, ColumnType.INTEGER), list(map(str, numbers)), _listed(numbers)
    if not types <= {int, float}:
        raise Refusal("values of one type are allowed: texts, numbers or booleans", list(values))
    scale = max(max(0, -int(Decimal(str(value)).as_tuple().exponent)) for value in values)
    numbers = [int(Fraction(str(value)) * 10**scale) for value in values]
    column = decimal_column(name, (min(numbers), max(numbers)), scale)
    return column, [plain(number, scale) for number in numbers], _listed(numbers, scale=scale)


def _listed(numbers: Sequence[int], scale: int = 0, texts: tuple[str, ...] = ()) -> Reading:
    """Values are places in a list, and read as the numbers there."""
    if max(map(abs, numbers)) >= 1 << 63:
        raise Refusal("a number must fit 64 bits with all digits after the point", list(numbers))
    table = np.array(numbers, dtype=np.int64)
    return Reading(
        min(numbers), max(numbers), scale, texts, read=lambda value: table.take(value[0])
    )
