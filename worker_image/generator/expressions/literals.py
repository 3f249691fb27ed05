"""Numbers, truths and texts as they stand in an expression."""

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from ..problems import Refusal
from ..source import text_fault
from .terms import Sort, Term, constant

_NUMBERS_END = 1 << 63
SCALE_LIMIT = 12
"""Digits after the point that a number may have."""


def plain(value: object) -> Term | None:
    """A whole number, truth or text as a term; None for anything else.

    Raises:
        Refusal: it does not fit.
    """
    match value:
        case bool():
            return constant(Sort.TRUTH, int(value))
        case int() if value < _NUMBERS_END:
            return constant(Sort.NUMBER, value)
        case int():
            raise Refusal("a number must fit 64 bits", None)
        case str():
            if fault := text_fault(value):
                raise Refusal(fault, None)
            return replace(constant(Sort.TEXT, 0), texts=(value,), literal=value)
    return None


def decimal(text: str) -> Term:
    """A number as it is written: a float would be near it alone.

    Raises:
        Refusal: it does not fit.
    """
    if float(text) >= _NUMBERS_END:
        raise Refusal("a number must fit 64 bits", None)
    with suppress(ArithmeticError):  # of an exponent that no number could have
        _, digits, exponent = Decimal(text).as_tuple()
        number, scale = int("".join(map(str, digits))), -int(exponent)
        while scale > 0 and number % 10 == 0 < number:
            number, scale = number // 10, scale - 1
        if number == 0:
            return constant(Sort.NUMBER, 0)
        if scale <= SCALE_LIMIT:
            return constant(Sort.NUMBER, number * 10 ** max(0, -scale), max(0, scale))
    raise Refusal(f"at most {SCALE_LIMIT} digits after the point are allowed", None)
