"""What is wrong with a request, in one JSON shape: problem details after RFC 9457."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from .model import Value

VALUE_LIMIT = 100
Place = Sequence[str | int]
MEMBER = re.compile(r"(?P<member>[a-z_][a-z_.]*): (?P<reason>.*)", re.DOTALL)


class Invalid(Value):
    """One fault of a request: its place, why it is one, and the value if it is short."""

    field: str
    reason: str
    value: Any = None


class InvalidRequestError(Exception):
    """A request that cannot be accepted, with every fault that was found."""

    def __init__(self, faults: Sequence[Invalid]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.reason}" for fault in faults))
        self.faults = tuple(faults)


@contextmanager
def by_place(kind: type[BaseModel], place: str = "") -> Iterator[None]:
    """Tell what pydantic finds in a value of a kind as faults, each at its place below `place`."""
    try:
        yield
    except ValidationError as error:
        outside = (place,) if place else ()
        faults = [_invalid(kind, item, outside) for item in error.errors(include_url=False)]
        raise InvalidRequestError(faults) from None


@contextmanager
def below(place: str) -> Iterator[None]:
    """Name the faults of a part of a request by their places in the whole."""
    try:
        yield
    except InvalidRequestError as error:
        faults = [
            fault.model_copy(update={"field": f"{place}.{fault.field}".rstrip(".")})
            for fault in error.faults
        ]
        raise InvalidRequestError(faults) from None


class Problem(Value):
    """The members of problem details; `errors` are the faults of a request."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: tuple[Invalid, ...] = ()


def _invalid(kind: type[BaseModel], item: Any, outside: tuple[str, ...]) -> Invalid:
    field, reason = _place((*outside, *item["loc"])), _reason(kind, item)
    # A validator of ours that looks at several members names the place in front of its reason.
    if item["type"] == "value_error" and (named := MEMBER.fullmatch(reason)):
        field = f"{field}.{named['member']}" if field else named["member"]
        reason = named["reason"]
    value = item.get("input")
    short = isinstance(value, str | int | float | bool) and len(str(value)) <= VALUE_LIMIT
    return Invalid(field=field, reason=reason, value=value if short else None)


def _reason(kind: type[BaseModel], item: Any) -> str:
    """Why it is a fault, in plain words."""
    match item["type"]:
        case "missing":
            return "it is missing"
        case "extra_forbidden":
            *above, name = item["loc"]
            near = get_close_matches(str(name), set(_members(kind, above)), n=1)
            return "there is no such member" + "".join(f"; did you mean {each}?" for each in near)
        case "value_error":
            return str(item["ctx"]["error"])
    return str(item["msg"]).replace("Input should", "it should")


def _members(kind: type[BaseModel], place: Place) -> Iterator[str]:
    """The members that a value may have at a place; of several kinds, those of all."""
    kinds = [kind]
    for part in place:  # an item's number, or the tag of a union, is no member
        fields = [each.model_fields[part] for each in kinds if part in each.model_fields]
        if fields:
            kinds = [each for field in fields for each in _kinds(field.annotation)]
    for each in kinds:
        for name, field in each.model_fields.items():
            yield field.alias or name


def _kinds(annotation: Any) -> Iterable[type[BaseModel]]:
    """The models that an annotation allows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [kind for part in get_args(annotation) for kind in _kinds(part)]


def _place(parts: Place) -> str:
    """As the request has it: pydantic names the kind of a sink behind its place."""
    kept = (part for before, part in zip(("", *parts), parts, strict=False) if before != "sink")
    return ".".join(str(part) for part in kept)
