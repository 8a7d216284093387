"""Metric math: expressions over time series. Pure.

Emulated: numbers, metric ids, `+ - * /`, unary minus, comparisons, `&&`/`||`/`AND`/`OR`, and the
functions IF, FILL, SUM, AVG, MIN, MAX, ABS, CEIL, FLOOR and METRICS(). Anything else is refused by
name. Division by zero leaves the datapoint missing, and an operation on two series has a datapoint
where both have one, as the user guide's "Using metric math" says.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Series = Mapping[int, float]
Value = float | Series | Sequence["Value"]


class ExpressionError(ValueError):
    """The expression can't be read or uses what is not emulated; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an expression can see: series by id, and the periods that FILL fills."""

    series: Mapping[str, Series]
    moments: Sequence[int]


def compute(expression: str, scope: Scope) -> Series:
    """The expression's own series."""
    value = _evaluate(_parsed(expression), scope)
    if isinstance(value, Mapping):
        return value
    if isinstance(value, float):
        return dict.fromkeys(scope.moments, value)
    raise ExpressionError(f"the expression gives several series, got {expression!r}: reduce them")


def identifiers(expression: str) -> frozenset[str]:
    """Every metric id that the expression names."""
    names = (node for node in ast.walk(_parsed(expression)) if isinstance(node, ast.Name))
    return frozenset(name.id for name in names if name.id[0].islower())


def _parsed(expression: str) -> ast.expr:
    text = re.sub(r"&&|\bAND\b", " and ", expression)
    text = re.sub(r"\|\||\bOR\b", " or ", text)
    text = re.sub(r"\bIF\s*\(", "IF_(", text)
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"the expression can't be read, got {expression!r}") from error


def _evaluate(node: ast.expr, scope: Scope) -> Value:
    handler = _NODES.get(type(node))
    if handler is None:
        raise ExpressionError(f"metric math is not emulated here: {ast.unparse(node)!r}")
    return handler(node, scope)


def _constant(node: ast.expr, _scope: Scope) -> Value:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExpressionError(f"metric math takes numbers, got {ast.unparse(node)!r}")
    return float(value)


def _name(node: ast.expr, scope: Scope) -> Value:
    name = ast.unparse(node)
    if name not in scope.series:
        known = ", ".join(sorted(scope.series)) or "none"
        raise ExpressionError(f"no metric has the id {name!r}, known are {known}")
    return scope.series[name]


def _unary(node: ast.expr, scope: Scope) -> Value:
    if not isinstance(node, ast.UnaryOp) or not isinstance(node.op, ast.USub | ast.UAdd):
        raise ExpressionError(f"metric math is not emulated here: {ast.unparse(node)!r}")
    sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
    return _zipped(lambda left, right: left * right, sign, _evaluate(node.operand, scope))


def _binary(node: ast.expr, scope: Scope) -> Value:
    assert isinstance(node, ast.BinOp)  # noqa: S101 - by the table below
    combine = _ARITHMETIC.get(type(node.op))
    if combine is None:
        raise ExpressionError(f"metric math is not emulated here: {ast.unparse(node)!r}")
    return _zipped(combine, _evaluate(node.left, scope), _evaluate(node.right, scope))


def _comparison(node: ast.expr, scope: Scope) -> Value:
    assert isinstance(node, ast.Compare)  # noqa: S101 - by the table below
    compare = _COMPARISONS.get(type(node.ops[0]))
    if compare is None or len(node.ops) > 1:
        raise ExpressionError(f"metric math is not emulated here: {ast.unparse(node)!r}")
    left, right = _evaluate(node.left, scope), _evaluate(node.comparators[0], scope)
    return _zipped(lambda a, b: float(compare(a, b)), left, right)


def _logic(node: ast.expr, scope: Scope) -> Value:
    assert isinstance(node, ast.BoolOp)  # noqa: S101 - by the table below
    every = isinstance(node.op, ast.And)
    result = _evaluate(node.values[0], scope)
    for operand in node.values[1:]:
        result = _zipped(
            (lambda a, b: float(bool(a) and bool(b)))
            if every
            else (lambda a, b: float(bool(a) or bool(b))),
            result,
            _evaluate(operand, scope),
        )
    return result


def _list(node: ast.expr, scope: Scope) -> Value:
    assert isinstance(node, ast.List)  # noqa: S101 - by the table below
    return [_evaluate(element, scope) for element in node.elts]


def _call(node: ast.expr, scope: Scope) -> Value:
    assert isinstance(node, ast.Call)  # noqa: S101 - by the table below
    name = ast.unparse(node.func).rstrip("_")
    if name == "METRICS" and not node.args:
        return list(scope.series.values())
    function = _FUNCTIONS.get(name)
    if function is None:
        raise ExpressionError(f"the metric math function {name} is not emulated")
    if name == "FILL" and ast.unparse(node.args[-1]) == "REPEAT":
        return _repeated(_evaluate(node.args[0], scope), scope)
    return function([_evaluate(argument, scope) for argument in node.args], scope)


def _zipped(combine: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        return _combined(combine, left, right) or 0.0
    moments = [set(side) for side in (left, right) if isinstance(side, Mapping)]
    pairs = {m: _combined(combine, _at(left, m), _at(right, m)) for m in set.intersection(*moments)}
    return {moment: value for moment, value in sorted(pairs.items()) if value is not None}


def _combined(
    combine: Callable[[float, float], float], left: float | None, right: float | None
) -> float | None:
    if left is None or right is None:
        return None
    try:
        return combine(left, right)
    except ZeroDivisionError:
        return None


def _at(value: Value, moment: int) -> float | None:
    if isinstance(value, float):
        return value
    if isinstance(value, Mapping):
        return value.get(moment)
    raise ExpressionError("a list of series can't be an operand: reduce it with SUM, AVG, MIN, MAX")


def _if(arguments: Sequence[Value], scope: Scope) -> Value:
    if not 2 <= len(arguments) <= 3:
        raise ExpressionError(f"IF takes two or three arguments, got {len(arguments)}")
    condition, then = arguments[0], arguments[1]
    otherwise: Value = arguments[2] if len(arguments) == 3 else {}
    chosen = {
        moment: _at(then if _at(condition, moment) else otherwise, moment)
        for moment in _moments(condition, scope)
    }
    return {moment: value for moment, value in chosen.items() if value is not None}


def _moments(value: Value, scope: Scope) -> Sequence[int]:
    return sorted(value) if isinstance(value, Mapping) else scope.moments


def _fill(arguments: Sequence[Value], scope: Scope) -> Value:
    if len(arguments) != 2 or not isinstance(arguments[0], Mapping):
        raise ExpressionError("FILL takes a metric and a number, a metric or REPEAT")
    filled = {m: arguments[0].get(m, _at(arguments[1], m)) for m in scope.moments}
    return {moment: value for moment, value in filled.items() if value is not None}


def _repeated(value: Value, scope: Scope) -> Value:
    if not isinstance(value, Mapping):
        raise ExpressionError("FILL takes a metric and a number, a metric or REPEAT")
    filled: dict[int, float] = {}
    last: float | None = None
    for moment in scope.moments:
        last = value.get(moment, last)
        if last is not None:
            filled[moment] = last
    return filled


def _reduced(
    reduce: Callable[[Sequence[float]], float],
) -> Callable[[Sequence[Value], Scope], Value]:
    """A reducer: one series gives one number, a list of series one series."""

    def function(arguments: Sequence[Value], _scope: Scope) -> Value:
        value = arguments[0] if len(arguments) == 1 else list(arguments)
        if isinstance(value, Mapping):
            return float(reduce(list(value.values()))) if value else {}
        if isinstance(value, float):
            return value
        moments = {m for series in value if isinstance(series, Mapping) for m in series}
        columns = {m: [v for s in value if (v := _at(s, m)) is not None] for m in sorted(moments)}
        return {moment: float(reduce(column)) for moment, column in columns.items()}

    return function


def _each(apply: Callable[[float], float]) -> Callable[[Sequence[Value], Scope], Value]:
    def function(arguments: Sequence[Value], _scope: Scope) -> Value:
        return _zipped(lambda left, _: float(apply(left)), arguments[0], 0.0)

    return function


_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: Mapping[str, Callable[[Sequence[Value], Scope], Value]] = {
    "IF": _if,
    "FILL": _fill,
    "SUM": _reduced(math.fsum),
    "AVG": _reduced(lambda column: math.fsum(column) / len(column)),
    "MIN": _reduced(min),
    "MAX": _reduced(max),
    "ABS": _each(abs),
    "CEIL": _each(math.ceil),
    "FLOOR": _each(math.floor),
}
_NODES: Mapping[type[ast.expr], Callable[[ast.expr, Scope], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _comparison,
    ast.BoolOp: _logic,
    ast.List: _list,
    ast.Call: _call,
}
