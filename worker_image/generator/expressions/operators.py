"""What may be done with terms: arithmetic, comparison, choice."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise, product
from typing import Any, TypeAlias

import numpy as np

from ..problems import Refusal
from ..spelling import plain
from .terms import Sort, Term, alike, all_days, joined, made

Binary: TypeAlias = Callable[[Term, Term], Term]

_TRUTH = Term(Sort.TRUTH, 0, 1, lambda _: 0)
_QUANTITIES = (Sort.NUMBER, Sort.DURATION)


def _sum(left: Term, right: Term) -> Term:
    like = _added(left, right)
    left, right = alike(left, right) if left.sort is right.sort else (left, right)
    bounds = (left.low + right.low, left.high + right.high)
    total = made(replace(like, scale=left.scale), bounds, left, right, lambda a, b: a + b)
    earlier, later = (left, right) if left.sort is Sort.TIME else (right, left)
    after = {source: seconds + later.low for source, seconds in earlier.after.items()}
    return replace(total, after=after)


def _added(left: Term, right: Term) -> Term:
    match left.sort, right.sort:
        case (Sort.NUMBER, Sort.NUMBER) | (Sort.DURATION, Sort.DURATION):
            return left
        case Sort.TIME, Sort.DURATION:
            return replace(left, day=False)
        case Sort.DURATION, Sort.TIME:
            return replace(right, day=False)
    raise Refusal(f"a {left.sort} and a {right.sort} cannot be added", None)


def _difference(left: Term, right: Term) -> Term:
    match left.sort, right.sort:
        case (Sort.NUMBER, Sort.NUMBER) | (Sort.DURATION, Sort.DURATION):
            like = left
        case Sort.TIME, Sort.TIME:
            like = replace(left, sort=Sort.DURATION, day=False)
        case Sort.TIME, Sort.DURATION:
            like = replace(left, day=False)
        case _:
            raise Refusal(f"a {right.sort} cannot be taken from a {left.sort}", None)
    left, right = alike(left, right) if left.sort is right.sort else (left, right)
    bounds = (left.low - right.high, left.high - right.low)
    return made(replace(like, scale=left.scale), bounds, left, right, lambda a, b: a - b)


def _product(left: Term, right: Term) -> Term:
    sorts = {left.sort, right.sort}
    whole = left.sort is Sort.DURATION or left.scale == 0
    if not sorts <= set(_QUANTITIES) or left.sort is right.sort is Sort.DURATION:
        raise Refusal(f"a {left.sort} and a {right.sort} cannot be multiplied", None)
    if Sort.DURATION in sorts and not (whole and right.scale == 0):
        raise Refusal("a duration can be multiplied by a whole number", None)
    ends = [a * b for a, b in product((left.low, left.high), (right.low, right.high))]
    like = left if left.sort is Sort.DURATION else right
    scaled = replace(like, scale=left.scale + right.scale)
    return made(scaled, (min(ends), max(ends)), left, right, lambda a, b: a * b)


def _floor(left: Term, right: Term) -> Term:
    _check_whole(left, right)
    ends = [a // b for a, b in product((left.low, left.high), (right.low, right.high))]
    if right.low <= -1 <= right.high:
        ends += [-left.low, -left.high]
    if right.low <= 1 <= right.high:
        ends += [left.low, left.high]
    return made(left, (min(ends), max(ends)), left, right, lambda a, b: a // b)


def _remainder(left: Term, right: Term) -> Term:
    _check_whole(left, right)
    bounds = (0, right.high - 1) if right.low > 0 else (right.low + 1, 0)
    return made(left, bounds, left, right, lambda a, b: a % b)


def _check_whole(left: Term, right: Term) -> None:
    if (left.sort, right.sort) != (Sort.NUMBER, Sort.NUMBER) or left.scale or right.scale:
        raise Refusal("// and % are for whole numbers", None)
    check_divisor(right)


def check_divisor(term: Term) -> None:
    """Refuse a divisor that could be zero."""
    if term.low <= 0 <= term.high:
        low, high = plain(term.low, term.scale), plain(term.high, term.scale)
        raise Refusal(f"the divisor could be zero: it is in [{low}, {high}]", None)


ARITHMETIC: dict[str, Binary] = {
    "Add": _sum,
    "Sub": _difference,
    "Mult": _product,
    "FloorDiv": _floor,
    "Mod": _remainder,
}
"""By the names of Python's syntax tree."""


COMPARISON: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": np.equal,
    "NotEq": np.not_equal,
    "Lt": np.less,
    "LtE": np.less_equal,
    "Gt": np.greater,
    "GtE": np.greater_equal,
}
"""By the names of Python's syntax tree."""


def compared(operations: Sequence[str], operands: Sequence[Term]) -> Term:
    """Whether all comparisons of a chain hold, each of an operand with the next."""
    operands = alike(*operands)
    sort = operands[0].sort
    if sort not in (*_QUANTITIES, Sort.TIME) and not {"Eq", "NotEq"}.issuperset(operations):
        raise Refusal(f"a {sort} has no order; allowed: ==, !=, in", None)
    functions = [COMPARISON[name] for name in operations]

    def hold(values: Iterator[Any]) -> Any:
        pairs = zip(functions, pairwise(values), strict=True)
        return reduce(np.logical_and, (function(*pair) for function, pair in pairs))

    return joined(_TRUTH, (0, 1), operands, hold)


def among(term: Term, others: Sequence[Term]) -> Term:
    """Whether a term equals one of others."""

    def found(values: Iterator[Any]) -> Any:
        value = next(values)
        return reduce(np.logical_or, (np.equal(value, other) for other in values))

    return joined(_TRUTH, (0, 1), alike(term, *others), found)


def all_of(terms: Sequence[Term]) -> Term:
    """Whether all are true."""
    _check_truths(*terms)
    return joined(_TRUTH, (0, 1), terms, lambda values: reduce(np.logical_and, values))


def any_of(terms: Sequence[Term]) -> Term:
    """Whether one at least is true."""
    _check_truths(*terms)
    return joined(_TRUTH, (0, 1), terms, lambda values: reduce(np.logical_or, values))


def negated(term: Term) -> Term:
    """Whether it is not true."""
    _check_truths(term)
    return made(_TRUTH, (0, 1), term, np.logical_not)


def negative(term: Term) -> Term:
    """The number with the other sign."""
    if term.sort not in _QUANTITIES:
        raise Refusal(f"a {term.sort} has no sign", None)
    return made(term, (-term.high, -term.low), term, lambda value: -value)


def chosen(condition: Term, left: Term, right: Term) -> Term:
    """One of two, by a condition."""
    _check_truths(condition)
    left, right = alike(left, right)
    bounds = (min(left.low, right.low), max(left.high, right.high))
    like = replace(left, day=all_days(left, right))
    return made(like, bounds, condition, left, right, np.where)


def _check_truths(*terms: Term) -> None:
    for term in terms:
        if term.sort is not Sort.TRUTH:
            raise Refusal(f"a condition is needed, not a {term.sort}", None)
