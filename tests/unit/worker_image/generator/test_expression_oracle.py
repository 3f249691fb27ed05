"""Random expressions: each is worked out again, by other means, from the rows that were written.

Whatever is accepted is exact, null where it must be, and within the bounds that it was given.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any, TypeAlias, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker_image.generator import Dataset, SpecError, compile_dataset, parse

T = TypeVar("T")
Row: TypeAlias = dict[str, Any]
Spec: TypeAlias = dict[str, Any]

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")
AS_OF = "2025-11-01T12:00:00+02:00"
REFUSALS = (
    "more than 64 bits",
    "digits after the point; at most 18",
    "the divisor could be zero",
    "of them 400 between",
    "at most 9000000000000 seconds",
    "nested too deep",
    "at most 2000 characters",
)

OPTIONAL = {"null": 0.4}
PRODUCT: Spec = {
    "id": {"key": {"start": 1}},
    "price": {"decimal": {"min": 0, "max": 999.99}},
    "stock": {"integer": {"min": -3, "max": 3}, **OPTIONAL},
    "made": {"date": {"from": "1999-12-30", "to": "2000-03-02"}},
}
PARENT: Spec = {
    "id": {"key": True},
    "since": {"datetime": {"from": "1969-12-30", "to": "1970-01-02"}},
    "size": {"integer": {"min": 1, "max": 9}},
    "product_id": {"ref": "product.id"},
}
ROW: Spec = {
    "id": {"key": True},
    "boss": {"ref": "row.id"},
    "item": {"ref": "product.id"},
    "gift": {"ref": {"to": "product.id", "distribution": "zipf"}, **OPTIONAL},
    "owner": {"ref": "parent.id"},
    "n": {"integer": {"min": -50, "max": 50}},
    "m": {"integer": {"min": -5, "max": 5}, **OPTIONAL},
    "huge": {"integer": {"min": -(2**62), "max": 2**62}},
    "p": {"decimal": {"min": -9.99, "max": 9.99}},
    "q": {"decimal": {"min": 0.5, "max": 0.75, "scale": 4}, **OPTIONAL},
    "rate": {"choice": {"values": [0, 0.05, -1.5]}},
    "half": {"choice": {"values": [-2.5, -1.5, -0.5, 0.5, 1.5]}},
    "line": {"sequence": {"start": 10, "step": -3}},
    "yes": {"boolean": 0.5},
    "maybe": {"boolean": 0.5, **OPTIONAL},
    "c": {"choice": ["a", "b", "ä", ""]},
    "d": {"choice": {"b": 2, "ä": 1}, **OPTIONAL},
    "same": {"constant": "a"},
    "ts": {"datetime": {"from": "2023-12-30", "to": "2024-03-02"}},
    "later": {"datetime": {"from": "ts", "to": "ts + 90d"}, **OPTIONAL},
    "day": {"date": {"from": "1959-02-25", "to": "1960-03-05"}},
    "took": {"duration": {"min": "0s", "max": "3d"}},
    "rest": {"duration": {"min": "1s", "max": "900d", "median": "2h"}, **OPTIONAL},
}
NUMBERS = (
    *("n", "m", "huge", "p", "q", "rate", "half", "line", "id", "row.n", "boss.n"),
    *("item.price", "gift.price", "gift.stock", "parent.size", "parent.product_id.stock"),
)
TRUTHS = ("yes", "maybe", "boss.yes")
TEXTS = ("c", "d", "same", "boss.d")
TIMES = ("ts", "later", "day", "parent.since", "gift.made", "as_of", "owner.since")
DURATIONS = ("took", "rest", "boss.took")


class Nothing(Exception):  # noqa: N818 - a signal: null
    """A value is null."""


class Skip(Exception):  # noqa: N818 - a signal: what this oracle cannot tell
    """A time that Python has no name for."""


@dataclass
class Part:
    """A part of an expression: its text, and what it is for a row, or `Nothing`."""

    text: str
    value: Callable[[Row], Any]

    def or_none(self, row: Row) -> Any:
        try:
            return self.value(row)
        except Nothing:
            return None


def applied(text: str, function: Callable[..., Any], *parts: Part) -> Part:
    """Null where a part is: so all of them are worked out."""
    return Part(
        text.format(*(part.text for part in parts)),
        lambda row: function(*[part.value(row) for part in parts]),
    )


def field(name: str) -> Part:
    def value(row: Row) -> Any:
        if row[name] is None:
            raise Nothing
        return row[name]

    return Part(name, value)


def fixed(text: str, value: Any) -> Part:
    return Part(text, lambda _: value)


def seconds(moment: str) -> int:
    written = datetime.fromisoformat(moment)
    return (written.replace(tzinfo=written.tzinfo or EPOCH.tzinfo) - EPOCH) // timedelta(seconds=1)


def called(second: int) -> datetime:
    try:
        return EPOCH + timedelta(seconds=second)
    except OverflowError:
        raise Skip from None


def half_away(value: Fraction, digits: int) -> Fraction:
    scaled = abs(value) * 10**digits
    whole = floor(scaled) + (scaled - floor(scaled) >= Fraction(1, 2))
    return Fraction(whole if value >= 0 else -whole, 10**digits)


def full_years(first: int, last: int) -> int:
    one, other = called(first), called(last)
    return other.year - one.year - ((other.month, other.day) < (one.month, one.day))


def coalesced(first: Part, second: Part) -> Part:
    def value(row: Row) -> Any:
        found = first.or_none(row)
        return second.value(row) if found is None else found

    return Part(f"coalesce({first.text}, {second.text})", value)


def is_null(part: Part) -> Part:
    return Part(f"is_null({part.text})", lambda row: part.or_none(row) is None)


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
PARTS: dict[str, Callable[[int], int]] = {
    "year": lambda t: called(t).year,
    "month": lambda t: called(t).month,
    "day": lambda t: called(t).day,
    "weekday": lambda t: called(t).isoweekday(),
    "hour": lambda t: called(t).hour,
}
LASTING = {"days": 86_400, "hours": 3600, "seconds": 1}
DURATION_TEXTS = {"1s": 1, "90m": 5400, "1d 12h": 129_600, "3w": 1_814_400}
MOMENTS = ["2024-02-29", "1969-12-31T23:59:59", "2024-01-01T01:00:00+02:00"]


def chain(operations: Sequence[str], parts: Sequence[Part]) -> Part:
    between = "".join(f" {op} {{}}" for op in operations)

    def hold(*found: Any) -> bool:
        return all(COMPARE[op](*found[n : n + 2]) for n, op in enumerate(operations))

    return applied(f"({{}}{between})", hold, *parts)


def among(part: Part, others: Sequence[Part], word: str) -> Part:
    listed = ", ".join(["{}"] * len(others))
    return applied(
        f"({{}} {word} [{listed}])", lambda x, *found: (x in found) == (word == "in"), part, *others
    )


LITERALS: dict[str, list[Part]] = {
    "truth": [fixed("True", True), fixed("False", False)],
    "text": [fixed("'a'", "a"), fixed("'ö'", "ö"), fixed('"it\'s"', "it's"), fixed("''", "")],
    "time": [
        *(fixed(f"'{text}'", seconds(text)) for text in MOMENTS),
        fixed("'as_of'", seconds(AS_OF)),
    ],
    "duration": [fixed(f"'{text}'", length) for text, length in DURATION_TEXTS.items()],
}
FIELDS = {
    "number": NUMBERS,
    "truth": TRUTHS,
    "text": TEXTS,
    "time": TIMES,
    "duration": DURATIONS,
}
DIGITS = st.sampled_from([0, 0, 0, 1, 2, 6])
EQUAL = st.sampled_from(["==", "!="])


@dataclass
class Grower:
    """Draws expressions of a sort, `depth` levels deep at most."""

    draw: st.DrawFn
    depth: int

    def pick(self, among: Sequence[T]) -> T:
        return among[self.draw(st.integers(0, len(among) - 1))]

    def one(self, sort: str) -> Part:
        """A field or literal, or what is made of others."""
        if self.depth == 0 or self.draw(st.integers(0, 3)) == 0:
            literal = sort in ("number", "truth") and self.draw(st.integers(0, 4)) == 0
            return self.literal(sort) if literal else field(self.pick(FIELDS[sort]))
        return self.made(sort)

    def made(self, sort: str) -> Part:
        """What is made of others."""
        below = Grower(self.draw, self.depth - 1)
        return self.pick([*MADE[sort], *([made_of_any] if sort == "text" else [made_of_any] * 2)])(
            below, sort
        )

    def literal(self, sort: str) -> Part:
        if sort != "number":
            return self.pick(LITERALS[sort])
        text = str(Decimal(self.draw(st.integers(0, 99_999))).scaleb(-self.draw(st.integers(0, 4))))
        return fixed(text, Fraction(text))

    def beside(self, sort: str) -> Part:
        """What may stand beside one of the sort: also a literal."""
        return self.literal(sort) if self.draw(st.integers(0, 2)) == 0 else self.one(sort)

    def whole(self) -> Part:
        if self.draw(st.booleans()):
            return field(self.pick(["n", "m", "huge", "line"]))
        number = field("half") if self.draw(st.booleans()) else self.one("number")
        return applied("round({})", lambda x: half_away(Fraction(x), 0), number)

    def divisor(self) -> Part:
        match self.draw(st.integers(0, 4)):
            case 0:
                return self.pick([fixed("3", 3), fixed("-7", -7)])
            case 1:
                return field("parent.size")
            case 2:
                return applied("(-2 - abs({}))", lambda x: -2 - abs(x), self.whole())
            case _:
                return applied("(abs({}) + 1)", lambda x: abs(x) + 1, self.whole())


def made_of_any(grow: Grower, sort: str) -> Part:
    """What there is for all sorts."""
    way = grow.draw(st.integers(0, 3))
    if way == 0:
        return coalesced(grow.one(sort), grow.beside(sort))
    if way == 1 or sort in ("truth", "text"):
        first, condition, second = grow.one(sort), grow.one("truth"), grow.beside(sort)
        return applied(
            "({} if {} else {})", lambda x, y, z: x if y else z, first, condition, second
        )
    name, best = grow.pick([("least", min), ("greatest", max)])
    parts = [grow.one(sort), *(grow.beside(sort) for _ in range(grow.draw(st.integers(0, 2))))]
    listed = ", ".join(["{}"] * len(parts))
    return applied(f"{name}({listed})", lambda *found: best(found), *parts)


def rounded(grow: Grower, _: str) -> Part:
    digits = grow.draw(DIGITS)
    if grow.draw(st.booleans()):
        number = field("half") if grow.draw(st.booleans()) else grow.one("number")
        return applied(f"round({{}}, {digits})", lambda x: half_away(Fraction(x), digits), number)
    return applied(
        f"round({{}} / {{}}, {digits})",
        lambda x, y: half_away(Fraction(x) / y, digits),
        grow.one("number"),
        grow.divisor(),
    )


def part_of_time(grow: Grower, _: str) -> Part:
    name = grow.pick([*PARTS, "years"])
    if name == "years":
        return applied("years({}, {})", full_years, grow.one("time"), grow.beside("time"))
    return applied(f"{name}({{}})", PARTS[name], grow.one("time"))


def part_of_duration(grow: Grower, _: str) -> Part:
    name = grow.pick([*LASTING])
    return applied(f"{name}({{}})", lambda x: x // LASTING[name], grow.one("duration"))


def comparison(grow: Grower, _: str) -> Part:
    sort = grow.pick(["number", "number", "time", "duration", "text", "truth"])
    if sort in ("text", "truth"):
        return chain([grow.draw(EQUAL)], [grow.one(sort), grow.beside(sort)])
    operations = [grow.pick(sorted(COMPARE)) for _ in range(grow.draw(st.integers(1, 3)))]
    return chain(operations, [grow.one(sort), *(grow.beside(sort) for _ in operations)])


def membership(grow: Grower, _: str) -> Part:
    sort = grow.pick(["number", "text", "time", "duration"])
    others = [grow.beside(sort) for _ in range(grow.draw(st.integers(1, 3)))]
    return among(grow.one(sort), others, grow.pick(["in", "not in"]))


def nothing(grow: Grower, _: str) -> Part:
    return is_null(grow.one(grow.pick([*FIELDS])))


Way: TypeAlias = Callable[[Grower, str], Part]


def two(text: str, function: Callable[[Any, Any], Any], left: str, right: str) -> Way:
    return lambda grow, _: applied(text, function, grow.one(left), grow.beside(right))


def divided(text: str, function: Callable[[Any, Any], Any]) -> Way:
    return lambda grow, _: applied(text, function, grow.whole(), grow.divisor())


def single(text: str, function: Callable[[Any], Any]) -> Way:
    return lambda grow, sort: applied(text, function, grow.one(sort))


def times_whole(grow: Grower, _: str) -> Part:
    factor = grow.pick([field("n"), field("m"), field("line"), fixed("-3", -3)])
    pair = (factor, grow.one("duration")) if grow.draw(st.booleans()) else None
    return applied("({} * {})", lambda x, y: x * y, *(pair or (grow.one("duration"), factor)))


def later(grow: Grower, _: str) -> Part:
    time, length = grow.one("time"), grow.beside("duration")
    pair = (time, length) if grow.draw(st.booleans()) else (length, time)
    return applied("({} + {})", lambda x, y: x + y, *pair)


def between(grow: Grower, _: str) -> Part:
    fixed_times = LITERALS["time"][: len(MOMENTS)]
    other = grow.pick(fixed_times) if grow.draw(st.booleans()) else grow.one("time")
    return applied("({} - {})", lambda x, y: x - y, grow.one("time"), other)


MADE: dict[str, list[Way]] = {
    "number": [
        two("({} + {})", lambda x, y: x + y, "number", "number"),
        two("({} - {})", lambda x, y: x - y, "number", "number"),
        two("({} * {})", lambda x, y: x * y, "number", "number"),
        divided("({} // {})", lambda x, y: x // y),
        divided("({} % {})", lambda x, y: x % y),
        single("(-{})", lambda x: -x),
        single("abs({})", abs),
        rounded,
        rounded,
        part_of_time,
        part_of_duration,
    ],
    "truth": [
        comparison,
        comparison,
        membership,
        nothing,
        two("({} and {})", lambda x, y: x and y, "truth", "truth"),
        two("({} or {})", lambda x, y: x or y, "truth", "truth"),
        single("(not {})", lambda x: not x),
    ],
    "text": [],
    "time": [later, two("({} - {})", lambda x, y: x - y, "time", "duration")],
    "duration": [
        two("({} + {})", lambda x, y: x + y, "duration", "duration"),
        two("({} - {})", lambda x, y: x - y, "duration", "duration"),
        between,
        times_whole,
        single("(-{})", lambda x: -x),
        single("abs({})", abs),
    ],
}


@st.composite
def expressions(draw: st.DrawFn) -> Part:
    grower = Grower(draw, draw(st.integers(1, 4)))
    return grower.made(grower.pick([*FIELDS]))


def document(parts: Sequence[Part]) -> Spec:
    written = {f"e{number}": {"expression": part.text} for number, part in enumerate(parts)}
    records = {
        "row": {"parent": "parent", "count": 6, "fields": {**ROW, **written}},
        "parent": {"count": 3, "fields": PARENT},
        "product": {"count": 4, "fields": PRODUCT},
    }
    return {"version": 1, "dataset": "any", "as_of": AS_OF, "records": records}


def accepted(parts: list[Part]) -> tuple[list[Part], Dataset]:
    """The expressions that are not refused; one is refused for a reason that is known."""
    try:
        return parts, parse(document(parts))
    except SpecError as error:
        wrong = {int(problem.path.split(".")[3][1:]) for problem in error.problems}
        for problem in error.problems:
            assert any(reason in problem.reason for reason in REFUSALS), str(problem)
    return accepted([part for number, part in enumerate(parts) if number not in wrong])


def plain(value: Any) -> Any:
    """A value as the oracle has it: exact numbers, times and durations in seconds."""
    if isinstance(value, str) and value.startswith("PT"):
        return int(value[2:-1])
    if isinstance(value, str) and value[4:5] == "-" and value[:4].isdigit():
        return seconds(value)
    return Fraction(value) if isinstance(value, Decimal) else value


def read(dataset: Dataset, unit: int, random_seed: int) -> list[Row]:
    """The rows with all that paths reach, by the paths."""
    rows: dict[str, list[Row]] = {record.name: [] for record in dataset.records}
    content = compile_dataset(dataset, random_seed).unit(unit).documents[0].content
    for line in content.decode().splitlines():
        row = {name: plain(value) for name, value in json.loads(line, parse_float=Decimal).items()}
        rows[row.pop("type")].append(row)
    by_key = {name: {row["id"]: row for row in found} for name, found in rows.items()}
    for parent in rows["parent"]:
        extend(parent, "product_id", by_key["product"], PRODUCT)
    for row in rows["row"]:
        extend(row, "owner", by_key["parent"], PARENT)
        row.update({f"parent.{name}": v for name, v in by_key["parent"][row["owner"]].items()})
        extend(row, "item", by_key["product"], PRODUCT)
        extend(row, "gift", by_key["product"], PRODUCT)
        row.update({f"row.{name}": row[name] for name in ROW}, as_of=seconds(AS_OF))
    for row in rows["row"]:
        extend(row, "boss", by_key["row"], ROW)
    return rows["row"]


def extend(row: Row, link: str, targets: dict[int, Row], names: Spec) -> None:
    target = targets[row[link]] if row[link] is not None else dict.fromkeys(names)
    row.update({f"{link}.{name}": target[name] for name in names})


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    st.lists(expressions(), min_size=12, max_size=12),
    st.integers(0, 2**40),
    st.sampled_from([0, 5]),
)
def test_expressions_are_exact(parts: list[Part], random_seed: int, unit: int) -> None:
    kept, dataset = accepted(parts)
    fields = {f.column.name: f for record in dataset.records for f in record.fields}
    rows = read(dataset, unit, random_seed)
    assert len(rows) == 18
    for number, part in enumerate(kept):
        made = fields[f"e{number}"]
        for row in rows:
            try:
                meant = part.or_none(row)
            except Skip:
                continue
            found = row[f"e{number}"]
            assert found == meant, (part.text, row)
            assert isinstance(found, bool) == isinstance(meant, bool)
            assert found is not None or made.column.nullable
            if made.reading and not isinstance(found, str | None):
                assert made.reading.low <= found * 10**made.reading.scale <= made.reading.high
