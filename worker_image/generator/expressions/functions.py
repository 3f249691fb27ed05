"""The functions that expressions may call."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from ..curves import sine
from ..frame import Frame, Mask
from ..instants import DAY
from ..problems import Refusal
from ..randomness import Ints
from .operators import check_divisor
from .terms import Sort, Term, alike, all_days, checked, constant, joined, made

Function = Callable[..., Term]

_WAVE = 10_000
_STEPS = 1 << 12


def rounded(term: Term, scale: int, divisor: Term | None = None) -> Term:
    """To `scale` digits after the point, halves away from zero; a quotient with a divisor."""
    if term.sort is not Sort.NUMBER or (divisor and divisor.sort is not Sort.NUMBER):
        raise Refusal("round is for numbers", None)
    if divisor is None:
        if scale >= term.scale:
            return term.at_scale(scale)
        unit = 10 ** (term.scale - scale)
        bounds = (_halves_away(term.low, unit), _halves_away(term.high, unit))
        return made(replace(term, scale=scale), bounds, term, lambda v: _quotient(v, unit))
    check_divisor(divisor)
    finer = term.at_scale(max(term.scale, divisor.scale + scale))
    by = divisor.at_scale(max(divisor.scale, finer.scale - scale))
    ends = [_halves_away(a, b) for a in (finer.low, finer.high) for b in (by.low, by.high)]
    return made(replace(term, scale=scale), (min(ends), max(ends)), finer, by, _quotient)


def _halves_away(value: int, unit: int) -> int:
    sign = -1 if (value < 0) != (unit < 0) else 1
    return sign * ((2 * abs(value) + abs(unit)) // (2 * abs(unit)))


def _quotient(value: Any, unit: Any) -> Any:
    """Rounded without doubling: what is doubled could leave 64 bits."""
    size, by = np.abs(value), np.abs(unit)
    whole = size // by
    whole = whole + (size - whole * by >= by - by // 2)
    return np.where((np.asarray(value) < 0) != (np.asarray(unit) < 0), -whole, whole)


def _absolute(term: Term) -> Term:
    _check(term, Sort.NUMBER, Sort.DURATION)
    low = 0 if term.low <= 0 <= term.high else min(abs(term.low), abs(term.high))
    return made(term, (low, max(abs(term.low), abs(term.high))), term, np.abs)


def _folded(choose: Any, bound: Callable[..., int]) -> Function:
    def fold(first: Term, *others: Term) -> Term:
        terms = alike(first, *others)
        _check(terms[0], Sort.NUMBER, Sort.DURATION, Sort.TIME)
        bounds = (bound(term.low for term in terms), bound(term.high for term in terms))
        like = replace(terms[0], day=all_days(*terms))
        return joined(like, bounds, terms, lambda values: reduce(choose, values))

    return fold


def _is_null(term: Term) -> Term:
    def evaluate(frame: Frame) -> Any:
        missing = term.missing(frame)
        return False if missing is None else missing

    return replace(constant(Sort.TRUTH, 0), high=1, evaluate=evaluate)


def _coalesce(term: Term, otherwise: Term) -> Term:
    first, second = alike(term, otherwise)

    def evaluate(frame: Frame) -> Any:
        value, missing = first.evaluate(frame), first.missing(frame)
        return value if missing is None else np.where(missing, second.evaluate(frame), value)

    def blank(frame: Frame) -> Mask | None:
        missing, also = first.missing(frame), second.missing(frame)
        return None if missing is None or also is None else missing & also

    low, high = min(first.low, second.low), max(first.high, second.high)
    return replace(
        first,
        low=low,
        high=high,
        evaluate=evaluate,
        follows=(),
        day=all_days(first, second),
        fixed=False,
        blank=blank if first.nullable and second.nullable else None,
        literal=None,
        after={},
    )


def _part(name: str, low: int, high: int) -> Function:
    def part(term: Term) -> Term:
        _check(term, Sort.TIME)
        like = replace(term, sort=Sort.NUMBER, day=False)
        return made(like, (low, high), term, lambda value: _CALENDAR[name](np.asarray(value)))

    return part


def _year(term: Term) -> Term:
    low, high = (int(_civil(np.asarray(moment))[0]) for moment in (term.low, term.high))
    return _part("year", low, high)(term)


def _civil(seconds: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of the Gregorian calendar, counted in years that begin in March."""
    days = seconds // DAY + 719_468
    era = days // 146_097
    of_era = days - era * 146_097
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    civil = np.where(month < 10, month + 3, month - 9)
    return year + era * 400 + (civil <= 2), civil, day


_CALENDAR: dict[str, Callable[[Any], Any]] = {
    "year": lambda seconds: _civil(seconds)[0],
    "month": lambda seconds: _civil(seconds)[1],
    "day": lambda seconds: _civil(seconds)[2],
    "weekday": lambda seconds: (seconds // DAY + 3) % 7 + 1,  # 1970 began on a Thursday
    "hour": lambda seconds: seconds // 3600 % 24,
}


def _years(earlier: Term, later: Term) -> Term:
    """Full years from one time to another, as ages are counted."""
    _check(earlier, Sort.TIME)
    _check(later, Sort.TIME)

    def count(first: Any, last: Any) -> Any:
        (year, month, day), (to_year, to_month, to_day) = (
            _civil(np.asarray(first)), _civil(np.asarray(last)),
        )  # fmt: skip
        early = (to_month < month) | ((to_month == month) & (to_day < day))
        return to_year - year - early

    bounds = (int(count(earlier.high, later.low)), int(count(earlier.low, later.high)))
    return made(replace(earlier, sort=Sort.NUMBER, day=False), bounds, earlier, later, count)


def _lasting(seconds: int) -> Function:
    def whole(term: Term) -> Term:
        _check(term, Sort.DURATION)
        bounds = (term.low // seconds, term.high // seconds)
        return made(replace(term, sort=Sort.NUMBER), bounds, term, lambda v: v // seconds)

    return whole


def _wave(time: Term, period: Term) -> Term:
    """A sine over time, from -1 to 1 with four digits, that is zero at 1970 UTC."""
    _check(time, Sort.TIME)
    _check(period, Sort.DURATION)
    check_divisor(period)
    if max(abs(period.low), abs(period.high)) * _STEPS >= 1 << 63:
        raise Refusal("the period could be too long", None)
    table = np.rint(sine(_STEPS) * _WAVE).astype(np.int64)

    def at(seconds: Any, length: Any) -> Any:
        return table[np.asarray(seconds) % length * _STEPS // length]

    like = replace(time, sort=Sort.NUMBER, day=False, scale=4)
    return made(like, (-_WAVE, _WAVE), time, period, at)


def _check(term: Term, *allowed: Sort) -> None:
    if term.sort not in allowed:
        raise Refusal(f"a {' or '.join(allowed)} is needed, not a {term.sort}", None)


FUNCTIONS: dict[str, tuple[str, str, Function]] = {
    "abs": ("abs(x)", "without its sign", _absolute),
    "least": ("least(x, y, ...)", "the smallest", _folded(np.minimum, min)),
    "greatest": ("greatest(x, y, ...)", "the largest", _folded(np.maximum, max)),
    "is_null": ("is_null(x)", "whether x has no value", _is_null),
    "coalesce": ("coalesce(x, y)", "x, or y where x is null", _coalesce),
    "year": ("year(t)", "of a date or datetime", _year),
    "month": ("month(t)", "1 to 12", _part("month", 1, 12)),
    "day": ("day(t)", "1 to 31", _part("day", 1, 31)),
    "weekday": ("weekday(t)", "1 is Monday, 7 is Sunday", _part("weekday", 1, 7)),
    "hour": ("hour(t)", "0 to 23", _part("hour", 0, 23)),
    "years": ("years(from, to)", "full years between, as ages are counted", _years),
    "days": ("days(d)", "whole days of a duration", _lasting(DAY)),
    "hours": ("hours(d)", "whole hours of a duration", _lasting(3600)),
    "seconds": ("seconds(d)", "of a duration", _lasting(1)),
    "wave": ("wave(t, '24h')", "a sine over time, -1 to 1", _wave),
}
"""Each with how it is called and what it gives."""

AGGREGATES = {
    "sum": ("sum(child.x)", "over the rows that belong to this one; null counts as 0"),
    "count": ("count(child)", "how many rows belong to this one"),
    "min": ("min(child.x)", "where each row has one at least"),
    "max": ("max(child.x)", "where each row has one at least"),
}
USAGE: dict[str, tuple[str, str]] = {
    **{name: (usage, meaning) for name, (usage, meaning, _) in FUNCTIONS.items()},
    "round": ("round(x, 2)", "halves away from zero; the only place for x / y"),
    "cumulative": ("cumulative(x)", "the sum over the rows of one parent up to this one"),
    **AGGREGATES,
}
"""Every function: how it is called and what it gives."""


def cumulative(term: Term, siblings: int) -> Term:
    """The sum over the rows of one parent, at most `siblings`, up to each; null counts as 0."""
    _check(term, Sort.NUMBER, Sort.DURATION)

    def evaluate(frame: Frame) -> Any:
        values, missing = term.evaluate(frame), term.missing(frame)
        amounts = values if missing is None else np.where(missing, 0, values)
        return frame.running(np.broadcast_to(amounts, frame.rows))

    low, high = min(term.low, term.low * siblings), max(term.high, term.high * siblings)
    low, high = (min(0, low), max(0, high)) if term.nullable else (low, high)
    made_sure = replace(term, evaluate=evaluate, follows=(), blank=None, literal=None)
    return checked(replace(made_sure, low=low, high=high))
