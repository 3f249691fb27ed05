"""What is wrong with a request, in one JSON shape: problem details after RFC 9457."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from .model import Value

VALUE_LIMIT = 100
MEMBER = re.compile(r"Value error, (?P<member>[a-z_][a-z_.]*): (?P<reason>.*)", re.DOTALL)


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
def by_place(place: str = "") -> Iterator[None]:
    """Tell what pydantic finds as the faults of a request, each at its place, or below `place`."""
    try:
        yield
    except ValidationError as error:
        outside = (place,) if place else ()
        faults = [_invalid(item, outside) for item in error.errors(include_url=False)]
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


def _invalid(item: Any, outside: tuple[str, ...]) -> Invalid:
    field, reason = _place((*outside, *item["loc"])), str(item["msg"])
    # A validator of ours that looks at several members names the place in front of its reason.
    if item["type"] == "value_error" and (named := MEMBER.fullmatch(reason)):
        field = f"{field}.{named['member']}" if field else named["member"]
        reason = named["reason"]
    value = item.get("input")
    short = isinstance(value, str | int | float | bool) and len(str(value)) <= VALUE_LIMIT
    return Invalid(field=field, reason=reason, value=value if short else None)


def _place(parts: Sequence[str | int]) -> str:
    """As the request has it: pydantic names the kind of a sink behind its place."""
    kept = (part for before, part in zip(("", *parts), parts, strict=False) if before != "sink")
    return ".".join(str(part) for part in kept)
