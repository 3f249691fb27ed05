"""The language of expressions: functions, operators, rules, and what they come to."""

import ast
from collections.abc import Iterator

from command_line.reference.examples import rows, shown
from command_line.reference.markdown import code, table
from worker_image.generator.expressions.functions import USAGE
from worker_image.generator.expressions.operators import ARITHMETIC, COMPARISON

_RULES = """
An expression is one line of Python's syntax over the fields of a record: numbers, texts in quotes,
names, operators and the functions below. It is read once and checked as a whole; nothing in it is
ever run as code.

- **Names**: `field` of the same record, `record.field` of an ancestor, `reference.field` of the row
  that a reference leads to, `ancestor.reference.field`. `as_of` is the dataset's day, `unit` the
  number of the unit. A text can be used if it is a `choice` or a `constant`.
- **Numbers are exact.** A decimal has a fixed number of digits after the point: a sum has those of
  the finer part, a product those of both together, `round(x, digits)` as many as it says, halves
  away from zero. A quotient has to say how many: `round(x / y, 2)`; `//` and `%` are for whole
  numbers. A divisor that could be zero is refused.
- **Null** goes through: what is worked out from a field that is null is null, and a condition on it
  is not met. `is_null` asks for it, `coalesce` gives another value instead; `sum` and `cumulative`
  count it as 0.
- **Times and durations**: a text beside a time is a time or, added to it, a duration; beside a
  duration it is a duration: `ordered < '2025-01-01'`, `ordered + '1h 30m'`,
  `shipped - ordered > '2d'`. A time minus a time is a duration, a duration times a whole number
  too: `quantity * '1h'`.
- **64 bits**: the least and the most of each part follow from its fields, and what could leave 64
  bits, digits after the point included, is refused when the dataset is read: use `round`, or a
  smaller range.
- A field alone, of any kind, is copied; a copy of a key or a reference refers to the same row.
"""
EXAMPLES = (
    "quantity * price",
    "quantity * price * (1 - discount)",
    "round(quantity * price * (1 - discount), 2)",
    "round(price / 3, 4)",
    "quantity // 2",
    "number % 10",
    "-quantity",
    "'bulk' if quantity >= 4 else 'few'",
    "quantity in (1, 2, 3) and not discount > 0",
    "1 < quantity <= 4",
    "tip * 2",
    "is_null(tip)",
    "coalesce(tip, 0)",
    "shipped - ordered",
    "shipped - ordered > '7d'",
    "ordered + '1h 30m'",
    "ordered + quantity * '1h'",
    "ordered < '2025-01-01'",
    "hours(shipped - ordered)",
    "years(born, as_of)",
    "weekday(ordered)",
    "greatest(price, product_id.price)",
    "cumulative(quantity)",
    "product_id.name",
    "customer.since",
)
"""Expressions over the fields in which examples are tried."""

_GIVEN = ("quantity", "price", "discount", "tip", "number", "born", "ordered", "shipped")
_FIRST, _SECOND = ast.Name("x"), ast.Name("y")


def section() -> Iterator[str]:
    """The blocks of the section, without its heading."""
    yield _RULES
    yield "### Operators"
    yield table(("written", "for"), _operators())
    yield "### Functions"
    yield table(("written", "gives"), ((code(usage), gives) for usage, gives in USAGE.values()))
    yield "### What they come to"
    found = rows({f"e{place}": {"expression": text} for place, text in enumerate(EXAMPLES)})
    one, another = found[2], found[-1]
    yield "In two rows of a dataset:"
    yield table(
        ("", "one row", "another"),
        [
            *((code(name), code(shown(one[name])), code(shown(another[name]))) for name in _GIVEN),
            *(
                (code(text), code(shown(one[f"e{n}"])), code(shown(another[f"e{n}"])))
                for n, text in enumerate(EXAMPLES)
            ),
        ],
    )


def _operators() -> Iterator[tuple[str, str]]:
    yield _joined(map(_arithmetic, ARITHMETIC), "-x"), "numbers, durations, times"
    yield code("round(x / y, 2)"), "a quotient, which needs a number of digits"
    yield _joined(map(_comparison, COMPARISON)), "values of one sort; also in a chain: `1 < x <= 4`"
    yield _joined((), "x in (1, 2)", "x not in ('a', 'b')"), "one of a list"
    yield _joined((), "x and y", "x or y", "not x"), "conditions"
    yield code("x if y else z"), "one of two values by a condition `y`"


def _joined(symbols: Iterator[str] | tuple[()], *others: str) -> str:
    return ", ".join(map(code, (*symbols, *others)))


def _arithmetic(name: str) -> str:
    return ast.unparse(ast.BinOp(_FIRST, getattr(ast, name)(), _SECOND))


def _comparison(name: str) -> str:
    return ast.unparse(ast.Compare(_FIRST, [getattr(ast, name)()], [_SECOND]))
