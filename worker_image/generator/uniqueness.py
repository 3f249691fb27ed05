"""No value twice: unique fields, and unique combinations of fields, by counting instead of luck.

The values of a field are numbered, and rows take numbers in a permuted order: none comes twice,
and nothing has to be remembered or agreed on.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from .frame import Enumeration, Field, Frame
from .problems import Refusal
from .randomness import Ints, Permutation, Words, mixed, turns
from .spelling import Value

CODES_LIMIT = 1 << 62

Numbering = Callable[[Frame, int], Ints]
"""A number below the size for each row, none twice where it matters."""


def alone(field: Field, name: str) -> Field:
    """The field, drawn so that no value comes twice in the run."""
    enumeration = _enumeration(field)
    number = within(name, None) if enumeration.local else across(name)

    def draw(frame: Frame, words: Words) -> Value:
        return enumeration.pick(frame, words, number(frame, enumeration.size(frame)))

    return replace(field, draw=draw)


def across(name: str) -> Numbering:
    """Number the rows of the whole run."""
    return lambda frame, size: Permutation(size)(frame.counter(), turns(frame.keys[name]))


def within(name: str, ancestor: str | None) -> Numbering:
    """Number the rows of each row of `ancestor`, or of each unit if None."""

    def numbers(frame: Frame, size: int) -> Ints:
        first = frame.first_of(ancestor)
        owners = (first + frame.unit * frame.rows_limit).view(np.uint64)
        keys = [mixed(owners ^ key) for key in turns(frame.keys[name])]
        return Permutation(size)((frame.numbers - first).view(np.uint64), keys)

    return numbers


def together(members: Sequence[Field], number: Numbering) -> list[Field]:
    """The fields, drawn so that no combination of them comes twice among the rows numbered."""

    def drawing(place: int, one: Enumeration) -> Callable[[Frame, Words], Value]:
        def draw(frame: Frame, words: Words) -> Value:
            sizes = [_enumeration(member).size(frame) for member in members]
            code = number(frame, prod(sizes))
            code //= prod(sizes[place + 1 :])
            return one.pick(frame, words, code % sizes[place])

        return draw

    return [
        replace(member, draw=drawing(place, _enumeration(member)))
        for place, member in enumerate(members)
    ]


def combinations(members: Sequence[Field], needed: int) -> int:
    """How many combinations there are at least.

    Raises:
        Refusal: fewer than are needed, or too many to number.
    """
    size = prod(_enumeration(member).least for member in members)
    if not needed <= size:
        raise Refusal(f"unique: {size} values are possible, {needed} may be needed", size)
    if size > CODES_LIMIT:
        raise Refusal(f"unique: {size} values are more than can be numbered", size)
    return size


def _enumeration(field: Field) -> Enumeration:
    assert field.enumeration
    return field.enumeration
