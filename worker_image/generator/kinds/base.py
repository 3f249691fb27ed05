"""What all kinds share."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from ...tables import Reference
from .. import frame as frames
from ..expressions import Term
from ..frame import Source
from ..instants import Moment
from ..problems import instead

TAG = "\0"
"""Opens the names of union members in pydantic's paths; no name in a document can have it."""


_FORMS = {
    "short": "a single value",
    "mapping": "a mapping of options",
    "list": "a list",
    "weights": "a mapping of values to weights",
    "column": "a column of a list",
}
_REASONS = {"missing": "this is needed", "model_type": "a mapping is needed"}


class Options(BaseModel):
    """A mapping with known names; an unknown one is answered with those that are allowed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True
    )

    @model_validator(mode="wrap")
    @classmethod
    def _known_names(cls, data: Any, handler: ModelWrapValidatorHandler["Options"]) -> "Options":
        try:
            return handler(data)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                cls.__name__, [_explained(line, cls) for line in error.errors()]
            ) from None


def _explained(line: Any, model: type[BaseModel]) -> InitErrorDetails:
    reason, value = _REASONS.get(line["type"], line["msg"]), line["input"]
    if line["type"] == "extra_forbidden":
        names = [info.alias or name for name, info in model.model_fields.items()]
        reason = f"unknown; {instead(line['loc'][0], names)}"
    elif line["type"] == "union_tag_invalid":
        tags = str(line["ctx"]["expected_tags"]).replace(repr(TAG)[1:-1], "").replace("'", "")
        reason = f"allowed: {', '.join(_FORMS.get(tag, tag) for tag in tags.split(', '))}"
    elif line["type"] == "missing":
        value = None
    kind = PydanticCustomError("refused", "{reason}", {"reason": reason})
    return InitErrorDetails(type=kind, loc=line["loc"], input=value)


def shape(value: object) -> str:
    """Tell the members of a union apart: a mapping of options or its short form."""
    if isinstance(value, dict):
        return f"{TAG}mapping"
    return f"{TAG}list" if isinstance(value, list) else f"{TAG}short"


@dataclass(frozen=True, slots=True)
class Target:
    """A key that can be referred to: of an ancestor, of the own record type, or of another one.

    A unit has `fewest` to `rows_limit` rows of it; a `shared` one is the same in all units.
    """

    source: Source
    key: frames.Field
    ancestor: bool
    own: bool
    shared: bool
    rows_limit: int
    fewest: int


@dataclass(frozen=True)
class Scope(ABC):
    """What a kind may ask while it is built. Each method refuses what is not there."""

    record: str
    field: str
    locale: str
    rows_limit: int
    siblings_limit: int
    """Rows of one parent, or of a unit without one, at most."""

    @abstractmethod
    def source(self, path: str) -> tuple[Source, frames.Field]:
        """A field: of this record type (`name`), of an ancestor (`ancestor.name`), or through a
        reference (`reference.name`, `ancestor.reference.name`).
        """

    @abstractmethod
    def reference(self, source: Source) -> Reference | None:
        """What a copy of a field refers to: what the field does or, of a key, the field itself."""

    @abstractmethod
    def nullable(self, source: Source) -> bool:
        """Whether it may be null."""

    @abstractmethod
    def target(self, path: str) -> Target:
        """The key `record.field` of an ancestor or of a record type that comes before."""

    @abstractmethod
    def children(self, record: str) -> tuple["Scope", bool, int]:
        """The scope of a record type that belongs to this one; whether each row has a row there
        at least, and how many at most.
        """

    @abstractmethod
    def term(self, text: str) -> Term:
        """An expression over the fields that `source` finds."""

    @abstractmethod
    def moment(self, text: str) -> Moment:
        """A point in time, absolute or relative."""

    @abstractmethod
    def capacity(self, size: int) -> int:
        """For how many units `size` different values last."""


class FieldSpec(Options):
    """A field as it is written: one member names the kind, the others hold for every kind."""

    description: str | None = Field(None, description="What the field means")
    null: float = Field(0.0, ge=0, le=1, description="The share of rows without a value")
    unique: bool = Field(False, description="No value occurs twice in the whole run")
    when: str | None = Field(
        None, description="A condition on other fields; where it is not met there is no value"
    )
    hidden: bool = Field(False, description="Made for the use of other fields, and not written")

    kind: ClassVar[str]
    examples: ClassVar[tuple[str, ...]]
    """Fields of this kind as they are written; the reference shows them and the tests run them."""
    unique_needs: ClassVar[str] = (
        "allowed for key, uuid, pattern and template, and where values are alike likely for"
        " integer, decimal, choice, date, datetime, duration and ref"
    )

    def build(self, scope: Scope) -> frames.Field:
        """Make the field.

        Raises:
            Refusal: what is written cannot be had.
        """
        raise NotImplementedError
