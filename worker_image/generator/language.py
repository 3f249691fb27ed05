"""The language in which a dataset is written, as models: what may stand where."""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)
from pydantic_core import PydanticCustomError

from .kinds import nested
from .kinds.base import TAG, FieldSpec, Options, shape
from .kinds.choices import ChoiceField, ConstantField
from .kinds.expressions import ExpressionField
from .kinds.keys import KeyField, RefField
from .kinds.nested import ArrayField, ObjectField
from .kinds.numbers import BooleanField, DecimalField, IntegerField, SequenceField
from .kinds.patterns import PatternField, UuidField
from .kinds.templates import TemplateField
from .kinds.texts import FakerField, TextField
from .kinds.times import DateField, DatetimeField, DurationField
from .problems import instead
from .randomness import ROWS_LIMIT

KINDS: dict[str, type[FieldSpec]] = {
    kind.kind: kind
    for kind in (
        KeyField, RefField, ConstantField, SequenceField, IntegerField, DecimalField, BooleanField,
        ChoiceField, DateField, DatetimeField, DurationField, UuidField, PatternField,
        TemplateField, FakerField, TextField, ExpressionField, ObjectField, ArrayField,
    )
}  # fmt: skip
"""Every kind of field by its name."""

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]


def _kind(value: object) -> str:
    return TAG + next(name for name in value if name in KINDS) if isinstance(value, dict) else ""


def _one_kind(value: object) -> object:
    """Refuse a field that is not a mapping with the name of exactly one kind in it."""
    if not isinstance(value, dict):
        raise PydanticCustomError("kind", "a mapping such as {integer: ...} is needed")
    kinds = [name for name in value if name in KINDS]
    if len(kinds) > 1:
        raise PydanticCustomError("kind", "one kind is allowed")
    if not kinds:
        unknown = next((name for name in value if name not in FieldSpec.model_fields), "")
        raise PydanticCustomError(
            "kind", "{reason}", {"reason": f"no kind; {instead(unknown, KINDS)}"}
        )
    return value


if TYPE_CHECKING:
    AnyField: TypeAlias = FieldSpec
else:  # a union that a type checker cannot read: it is made from the list of kinds
    AnyField = Annotated[
        reduce(or_, (Annotated[kind, Tag(TAG + name)] for name, kind in KINDS.items())),
        Discriminator(_kind),
        BeforeValidator(_one_kind),
    ]

    nested.AnyField = AnyField  # pydantic looks a name up where it stands, once it is needed


Rows: TypeAlias = Annotated[int, Field(ge=0, le=ROWS_LIMIT)]


class CountOptions(Options):
    """A number of rows that differs: one of these."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    poisson: float | None = Field(None, gt=0, le=100_000, description="Rows on average")
    uniform: list[Rows] | None = Field(
        None, min_length=2, max_length=2, description="Fewest and most rows"
    )


class RecordSpec(Options):
    """A record type: how many rows for each row of its parent, or in each unit without one."""

    description: str | None = Field(None, description="What a record is")
    parent: str | None = Field(None, description="The record type that its rows belong to")
    count: Annotated[
        Annotated[Rows, Tag(f"{TAG}short")] | Annotated[CountOptions, Tag(f"{TAG}mapping")],
        Discriminator(shape),
    ] = Field(description="Rows for each row of the parent, or in each unit without one")
    when: str | None = Field(
        None, description="A condition on the parent's fields; where it is not met it has no rows"
    )
    shared: bool = Field(
        False, description="The same rows for all units; they are written with unit 0"
    )
    unique: list[Annotated[list[Name], Field(min_length=1, max_length=5)]] = Field(
        [], max_length=10, description="Combinations of fields that never occur twice"
    )
    fields: dict[Name, AnyField] = Field(
        min_length=1, max_length=100, description="The fields by name, in the order of documents"
    )


class DatasetSpec(Options):
    """A dataset: groups of related records, one group a unit."""

    version: Literal[1] = Field(description="Of the language")
    dataset: Name = Field(description="The name of the dataset")
    description: str | None = Field(None, description="What the dataset is")
    as_of: str | None = Field(
        None, description="The day or moment, ISO 8601, that relative times are counted from"
    )
    locale: str = Field("en_US", description="The language and country of names, places, texts")
    records: dict[Name, RecordSpec] = Field(
        min_length=1, max_length=50, description="The record types by name"
    )
