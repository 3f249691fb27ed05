"""From the text of an expression to a term."""

import ast
import inspect
import keyword
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...tables import ColumnType
from .. import instants
from ..frame import Frame, Mask
from ..problems import Refusal, instead
from ..randomness import UNITS_LIMIT
from . import aggregates, functions, literals, operators
from .terms import Sort, Term, constant

if TYPE_CHECKING:
    from ..kinds.base import Scope

_LENGTH_LIMIT = 2000
_DEPTH_LIMIT = 100  # less than what the stack has room for, wherever this is called
_DEEP = f"nested too deep: at most {_DEPTH_LIMIT} levels, as many as a + b + c + ... has terms"

_SORTS = {
    ColumnType.INTEGER: Sort.NUMBER,
    ColumnType.DECIMAL: Sort.NUMBER,
    ColumnType.BOOLEAN: Sort.TRUTH,
    ColumnType.DATE: Sort.TIME,
    ColumnType.TIMESTAMP: Sort.TIME,
    ColumnType.DURATION: Sort.DURATION,
    ColumnType.TEXT: Sort.TEXT,
}
_SPOKEN = ("and", "or", "not", "in", "is", "if", "else", "True", "False", "None")
_ALLOWED = (
    "allowed: fields, numbers, texts, + - * // %, comparisons, in, and, or, not, x if c else y,"
    " and the functions"
)


def term(scope: "Scope", text: str) -> Term:
    """Read an expression over the fields of `scope`.

    Raises:
        Refusal: it is none, names what is not there, or could leave 64 bits.
    """
    if len(text) > _LENGTH_LIMIT:
        raise Refusal(f"at most {_LENGTH_LIMIT} characters are allowed", text)
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return _Reader(scope, text.strip()).term(tree.body)
    except SyntaxError as error:
        raise Refusal(f"cannot be read: {_why(error, text)}", text) from None
    except (RecursionError, MemoryError):
        raise Refusal(_DEEP, text) from None


def _length(term: Term) -> Term:
    """A text that is multiplied can only be a duration."""
    if term.literal is None:
        return term
    return constant(Sort.DURATION, instants.seconds(term.literal))


def _why(error: SyntaxError, text: str) -> str:
    words = (word for word in re.findall(r"\w+", text) if keyword.iskeyword(word))
    word = next((word for word in words if word not in _SPOKEN), None)
    return f"{word} is a word of the syntax and names no field" if word else error.msg


def condition(scope: "Scope", text: str) -> Callable[[Frame], Mask]:
    """Read a condition; it is not met where a field that it uses is null.

    Raises:
        Refusal: see `term`; or it is no condition.
    """
    read = term(scope, text)
    if read.sort is not Sort.TRUTH:
        raise Refusal(f"a condition is needed, not a {read.sort}", text)

    def met(frame: Frame) -> Mask:
        values = np.broadcast_to(np.asarray(read.evaluate(frame), dtype=bool), frame.rows)
        missing = read.missing(frame)
        return values if missing is None else values & ~missing

    return met


def of_field(scope: "Scope", path: str) -> Term:
    """A field of a scope as a term.

    Raises:
        Refusal: it has no single number or text a row.
    """
    source, field = scope.source(path)
    sort, reading = _SORTS.get(field.column.type), field.reading
    if sort is None or reading is None or (sort is Sort.TEXT and not reading.texts):
        reason = "allowed: numbers, booleans, times, durations, and texts of a choice or constant"
        raise Refusal(reason, None)
    read = reading.read
    return Term(
        sort,
        reading.low,
        reading.high,
        lambda frame: read(frame.value(source)),
        scale=reading.scale,
        texts=reading.texts,
        day=field.column.type is ColumnType.DATE,
        follows=(source,) if scope.nullable(source) else (),
        after={**reading.after, source: 0} if sort is Sort.TIME else {},
    )


class _Reader:
    """Reads one expression. What is refused is named by its part of the text."""

    def __init__(self, scope: "Scope", text: str) -> None:
        self._scope, self._text = scope, text
        self._depth = 0

    def term(self, node: ast.expr) -> Term:
        """A part of the syntax tree as a term."""
        if self._depth == _DEPTH_LIMIT:
            raise Refusal(_DEEP, self._text)
        self._depth += 1
        try:
            return self._read(node)
        except Refusal as refusal:
            if refusal.value is None:
                refusal.value = ast.get_source_segment(self._text, node)
            raise
        finally:
            self._depth -= 1

    def _read(self, node: ast.expr) -> Term:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute():
                return self._named(_path(node))
            case ast.UnaryOp() | ast.BinOp():
                return self._arithmetic(node)
            case ast.BoolOp():
                join = operators.all_of if isinstance(node.op, ast.And) else operators.any_of
                return join(list(map(self.term, node.values)))
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp():
                pair = self._pair(self.term(node.body), self.term(node.orelse))
                return operators.chosen(self.term(node.test), *pair)
            case ast.Call(func=ast.Name(id=name), keywords=[]):
                return self._call(name, node.args)
        raise Refusal(_ALLOWED, None)

    def _constant(self, node: ast.Constant) -> Term:
        if isinstance(node.value, float):
            return literals.decimal(ast.get_source_segment(self._text, node) or "")
        if found := literals.plain(node.value):
            return found
        raise Refusal(_ALLOWED, None)

    def _arithmetic(self, node: ast.UnaryOp | ast.BinOp) -> Term:
        match node:
            case ast.UnaryOp(op=ast.Not()):
                return operators.negated(self.term(node.operand))
            case ast.UnaryOp(op=ast.USub()):
                return operators.negative(self.term(node.operand))
            case ast.BinOp(op=ast.Div()):
                raise Refusal("x / y is allowed as round(x / y, digits); or use //", None)
            case ast.BinOp():
                operation = operators.ARITHMETIC[_known(operators.ARITHMETIC, node.op)]
                shift = isinstance(node.op, ast.Add | ast.Sub)
                pair = self.term(node.left), self.term(node.right)
                if isinstance(node.op, ast.Mult):
                    return operation(*map(_length, pair))
                return operation(*self._pair(*pair, shift=shift))
        raise Refusal(_ALLOWED, None)

    def _named(self, path: str) -> Term:
        if path == "unit":
            whole = constant(Sort.NUMBER, 0)
            return replace(whole, high=UNITS_LIMIT - 1, evaluate=lambda frame: frame.unit)
        if path == "as_of":
            return self._moment(path)
        return of_field(self._scope, path)

    def _pair(self, left: Term, right: Term, *, shift: bool = False) -> tuple[Term, Term]:
        """Two terms; a text beside a time or duration is one itself."""
        return self._beside(left, right, shift), self._beside(right, left, shift)

    def _beside(self, one: Term, other: Term, shift: bool) -> Term:
        if one.literal is None or other.sort not in (Sort.TIME, Sort.DURATION):
            return one
        if other.sort is Sort.DURATION or (shift and instants.iso(one.literal) is None):
            return constant(Sort.DURATION, instants.seconds(one.literal))
        return self._moment(one.literal)

    def _moment(self, text: str) -> Term:
        moment = self._scope.moment(text)
        if moment.source:
            raise Refusal("allowed in quotes: ISO 8601 dates and times, as_of, -30d", text)
        return constant(Sort.TIME, moment.seconds)

    def _comparison(self, node: ast.Compare) -> Term:
        match node:
            case ast.Compare(ops=[ast.In()], comparators=[among]):
                return self._one_of(node.left, among)
            case ast.Compare(ops=[ast.NotIn()], comparators=[among]):
                return operators.negated(self._one_of(node.left, among))
        operations = [_known(operators.COMPARISON, operation) for operation in node.ops]
        return operators.compared(operations, self._together([node.left, *node.comparators]))

    def _one_of(self, node: ast.expr, among: ast.expr) -> Term:
        if not isinstance(among, ast.Tuple | ast.List) or not among.elts:
            among_what = ast.get_source_segment(self._text, among)
            raise Refusal("in needs a list such as ('a', 'b')", among_what)
        first, *others = self._together([node, *among.elts])
        return operators.among(first, others)

    def _together(self, nodes: Sequence[ast.expr], *, shift: bool = False) -> list[Term]:
        """Terms; the texts among them are times or durations where another one is."""
        terms = list(map(self.term, nodes))
        model = next((term for term in terms if term.literal is None), None)
        return [self._beside(term, model, shift) for term in terms] if model else terms

    def _call(self, name: str, args: Sequence[ast.expr]) -> Term:
        if name == "round":
            return self._rounded(args)
        if name == "cumulative" and len(args) == 1:
            return functions.cumulative(self.term(args[0]), self._scope.siblings_limit)
        if name in functions.AGGREGATES and len(args) == 1:
            return self._aggregate(name, _path(args[0]))
        if name not in functions.USAGE:
            raise Refusal(instead(name, functions.USAGE), None)
        if name not in functions.FUNCTIONS:
            raise _miscalled(name)
        _, _, function = functions.FUNCTIONS[name]
        terms = self._together(args, shift=name == "wave")
        try:
            inspect.signature(function).bind(*terms)
        except TypeError:
            raise _miscalled(name) from None
        return function(*terms)

    def _rounded(self, args: Sequence[ast.expr]) -> Term:
        match args:
            case [number]:
                scale = 0
            case [number, ast.Constant(value=int(scale))] if _is_scale(scale):
                pass
            case _:
                raise _miscalled("round")
        if isinstance(number, ast.BinOp) and isinstance(number.op, ast.Div):
            return functions.rounded(self.term(number.left), scale, self.term(number.right))
        return functions.rounded(self.term(number), scale)

    def _aggregate(self, name: str, path: str) -> Term:
        child, _, field = path.partition(".")
        below, sure, limit = self._scope.children(child)
        record = self._scope.record
        if name == "count" and not field:
            return aggregates.counted(record, child, limit)
        if name == "count" or not field:
            raise _miscalled(name)
        inner = of_field(below, field)
        if name == "sum":
            return aggregates.summed(inner, record, child, limit)
        if not sure or inner.nullable:
            raise Refusal("each row needs one at least that is not null", None)
        return aggregates.extreme(inner, record, child, largest=name == "max")


def _miscalled(name: str) -> Refusal:
    return Refusal(f"it is called as {functions.USAGE[name][0]}", None)


def _is_scale(number: int) -> bool:
    return not isinstance(number, bool) and 0 <= number <= literals.SCALE_LIMIT


def _known(operations: Collection[str], operation: Any) -> str:
    name = type(operation).__name__
    if name not in operations:
        raise Refusal(_ALLOWED, None)
    return name


def _path(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_path(value)}.{name}"
    raise Refusal("a field is needed", None)
