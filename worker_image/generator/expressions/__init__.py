"""Expressions over fields: a whitelisted part of Python's syntax, checked before it is worked out.

Nothing is ever evaluated as code: the syntax tree becomes terms over whole arrays of integers.
Numbers are exact, with a fixed number of digits after the point, and what could leave 64 bits is
refused when the dataset is read.
"""

from .syntax import condition, term
from .terms import Term

__all__ = ["Term", "condition", "term"]
