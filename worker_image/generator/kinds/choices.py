"""One of a list, and always the same."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, TypeAlias

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
from ..frame import Frame
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
    listed = isinstance(value, dict) and isinstance(value.get("values"), list)
    return shape(value) if listed or not isinstance(value, dict) else f"{TAG}weights"


Scalar: TypeAlias = Annotated[bool | int | float | str, WrapValidator(_scalar)]


class ChoiceOptions(Options):
    """Values of any type, each with its weight."""

    values: list[Scalar] = Field(min_length=1)
    weights: list[Weight] | None = None


class ChoiceField(FieldSpec):
    """One of a list: `[a, b]`, `{a: 3, b: 1}` or `{values: [1, 2], weights: [3, 1]}`."""

    kind: ClassVar[str] = "choice"
    choice: Annotated[
        Annotated[list[Scalar], Field(min_length=1), Tag(f"{TAG}list")]
        | Annotated[dict[str, Weight], Field(min_length=1), Tag(f"{TAG}weights")]
        | Annotated[ChoiceOptions, Tag(f"{TAG}mapping")],
        Discriminator(_shape),
    ]

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        column, texts = _written(scope.field, self._values())
        weights = self._weights() or [1] * len(texts)
        if len(weights) != len(texts):
            raise Refusal(f"{len(texts)} weights are needed, one a value", weights, "weights")
        shares = samplers.whole(weights)
        if min(shares) < sum(shares) * samplers.WEIGHT_SHARE:
            raise Refusal("a weight must be a millionth of their sum at least", min(weights))
        sampler = samplers.weighted(samplers.fine_deal(shares))

        def draw(_: Frame, words: Words) -> Value:
            return (sampler.draw(words[0]),)

        return frames.Field(column, picked(texts), draw, streams=1)

    def _values(self) -> list[Scalar]:
        return list(self.choice.values if isinstance(self.choice, ChoiceOptions) else self.choice)

    def _weights(self) -> list[float] | None:
        if isinstance(self.choice, dict):
            return list(self.choice.values())
        return self.choice.weights if isinstance(self.choice, ChoiceOptions) else None


class ConstantField(FieldSpec):
    """The same text, number or boolean in every row."""

    kind: ClassVar[str] = "constant"
    constant: Scalar

    def build(self, scope: Scope) -> frames.Field:
        """See `FieldSpec`."""
        column, texts = _written(scope.field, [self.constant])
        return frames.Field(column, picked(texts), lambda _, __: (0,))


def _written(name: str, values: Sequence[Scalar]) -> tuple[Column, list[str]]:
    """The column for values of one type, and how each is spelt."""
    types = {type(value) for value in values}
    if types <= {bool}:
        return Column(name, ColumnType.BOOLEAN), [str(value).lower() for value in values]
    if types <= {str}:
        return Column(name, ColumnType.TEXT), [str(value) for value in values]
    if types <= {int}:
        return Column(name, ColumnType.INTEGER), [str(value) for value in values]
    if not types <= {int, float}:
        raise Refusal("values of one type are allowed: texts, numbers or booleans", list(values))
    scale = max(max(0, -int(Decimal(str(value)).as_tuple().exponent)) for value in values)
    numbers = [int(Fraction(str(value)) * 10**scale) for value in values]
    column = decimal_column(name, (min(numbers), max(numbers)), scale)
    return column, [plain(number, scale) for number in numbers]
