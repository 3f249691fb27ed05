"""What is wrong with a request, in one JSON shape: problem details after RFC 9457."""

import re
from collections.abc import Sequence
from http import HTTPStatus
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


def of_validation(error: ValidationError) -> list[Invalid]:
    """The faults that pydantic found, each at its place in the request."""
    return [_invalid(item) for item in error.errors(include_url=False)]


def _invalid(item: Any) -> Invalid:
    field, reason = _place(item["loc"]), str(item["msg"])
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


def problem(status: HTTPStatus, detail: str, errors: Sequence[Invalid] = ()) -> dict[str, Any]:
    """The members of a problem document."""
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "errors": [fault.model_dump(exclude_none=True) for fault in errors],
    }
