"""What a row knows of the rows that belong to it."""

from dataclasses import replace
from typing import Any

import numpy as np

from ..frame import Frame
from ..problems import Refusal
from ..randomness import Ints
from .terms import Sort, Term, checked, constant


def counted(record: str, child: str, limit: int) -> Term:
    """The number of rows of `child` that belong to each row of `record`, at most `limit`."""

    def evaluate(frame: Frame) -> Any:
        borders = _borders(frame, child, record)
        return borders[1:] - borders[:-1]

    return replace(constant(Sort.NUMBER, 0), high=limit, evaluate=evaluate)


def summed(term: Term, record: str, child: str, limit: int) -> Term:
    """The sum of a term over the rows of `child` that belong to each row of `record`."""
    if term.sort not in (Sort.NUMBER, Sort.DURATION):
        raise Refusal(f"a number or duration is needed, not a {term.sort}", None)

    def evaluate(frame: Frame) -> Any:
        below = frame.frames[child]
        values = np.broadcast_to(term.evaluate(below), below.rows)
        missing = term.missing(below)
        if missing is not None:
            values = np.where(missing, 0, values)
        running = np.concatenate(([0], np.cumsum(values)))
        borders = _borders(frame, child, record)
        return running.take(borders[1:]) - running.take(borders[:-1])

    low, high = min(0, term.low * limit), max(0, term.high * limit)
    return checked(replace(term, low=low, high=high, evaluate=evaluate, follows=()))


def extreme(term: Term, record: str, child: str, *, largest: bool) -> Term:
    """The smallest or largest of a term, where each row of `record` has a row of `child`."""
    if term.sort not in (Sort.NUMBER, Sort.DURATION, Sort.TIME):
        raise Refusal(f"a {term.sort} has no order", None)
    reduced = np.maximum if largest else np.minimum

    def evaluate(frame: Frame) -> Any:
        below = frame.frames[child]
        values = np.broadcast_to(term.evaluate(below), below.rows)
        return (
            reduced.reduceat(values, _borders(frame, child, record)[:-1]) if below.rows else values
        )

    return replace(term, evaluate=evaluate, follows=(), after={})


def _borders(frame: Frame, child: str, record: str) -> Ints:
    """Where the rows of `child` begin for each row of `record`, and where they end."""
    _, above = frame.frames[child].lineage[record]
    return np.searchsorted(above, np.arange(frame.rows + 1))
