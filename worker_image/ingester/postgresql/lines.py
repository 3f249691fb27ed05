"""Values as the lines that COPY reads.

A JSON array without its brackets is a line of CSV once COPY is told that the escape character is
the backslash and that `null` without quotes is NULL. So `orjson` writes the lines of many rows in
one call, and only what CSV does not know is done by hand: nested values and control characters;
and what JSON does not know: bytes, intervals, and floats that are no numbers.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from math import isfinite
from operator import itemgetter
from typing import Any

import orjson

from ..sink import Dialect

DIALECT = Dialect(escape="\\", null="null")
_CONTROL = re.compile(rb'\\[^"]')
_ESCAPE = re.compile(rb"\\(?:u[0-9a-f]{4}|.)")
# What a JSON column takes as its text.
_BARE = (bool, int, float, Decimal, orjson.Fragment)
_NO_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

Values = Sequence[tuple[Any, ...]]


def lines(values: Values, json_places: set[int]) -> bytes:
    """A line for each row; the values at `json_places` are for JSON columns.

    Raises:
        orjson.JSONEncodeError: a value is of no known type, too deep or no text in UTF-8.
    """
    if not json_places:
        text = orjson.dumps(values, default=_spelled)
        # No bracket but those of the rows: nothing is nested, and none can be in a string.
        flat = text.count(b"[") == len(values) + 1 and b"{" not in text
        if flat and (b"null" not in text or _all_finite(values)):
            return _with_control_characters(text[2:-2].replace(b"],[", b"\n") + b"\n")
    one_by_one = (
        orjson.dumps(
            [_plain(value, place in json_places) for place, value in enumerate(row)],
            default=_spelled,
        )
        for row in values
    )
    return _with_control_characters(b"".join(line[1:-1] + b"\n" for line in one_by_one))


def _spelled(value: Any) -> Any:
    """What JSON has no word for."""
    match value:
        case Decimal():
            return orjson.Fragment(str(value)) if value.is_finite() else str(value)
        case bytes():
            return f"\\x{value.hex()}"
        case timedelta():
            # Without signs of their own, some databases would take that of the days for all three.
            return f"{value.days} days +{value.seconds} seconds +{value.microseconds} microseconds"
    raise TypeError(f"no column takes a {type(value).__name__}")


def _all_finite(values: Values) -> bool:
    """Whether no float is NaN or infinite, for which JSON has null; False if it takes a look.

    The first value of a column tells whether it has floats: to look at each would take longer
    than to write it.
    """
    for place in range(len(values[0])):
        column = map(itemgetter(place), values)
        first = next((value for value in column if value is not None), None)
        if isinstance(first, float):
            try:
                if not isfinite(sum(filter(None, column), start=first)):
                    return False
            except TypeError:  # not floats alone
                return False
    return True


def _plain(value: Any, as_json: bool) -> Any:
    if isinstance(value, float):
        value = value if isfinite(value) else _NO_NUMBERS[str(value)]
    elif isinstance(value, Decimal) and not value.is_finite():
        value = str(value)
    nested = isinstance(value, (dict, list))
    if nested or (as_json and value is not None and not isinstance(value, _BARE)):
        return _json(value)
    return value


def _json(value: Any) -> str:
    text = orjson.dumps(value, default=_spelled, option=orjson.OPT_NON_STR_KEYS)
    if b"null" in text:
        text = orjson.dumps(_finite(value), default=_spelled, option=orjson.OPT_NON_STR_KEYS)
    return text.decode()


def _finite(value: Any) -> Any:
    """The same with the names of floats that are no numbers."""
    match value:
        case dict():
            return {key: _finite(inner) for key, inner in value.items()}
        case list():
            return [_finite(inner) for inner in value]
        case float() if not isfinite(value):
            return _NO_NUMBERS[str(value)]
    return value


def _with_control_characters(text: bytes) -> bytes:
    if b"\\" in text and _CONTROL.search(text.replace(b"\\\\", b"")):
        return _ESCAPE.sub(_unescaped, text)
    return text


def _unescaped(escape: re.Match[bytes]) -> bytes:
    if escape[0] in (b"\\\\", b'\\"'):
        return escape[0]
    character: str = orjson.loads(b'"' + escape[0] + b'"')
    return character.encode()
