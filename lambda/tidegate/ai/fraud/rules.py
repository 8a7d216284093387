"""The rules file: a line says what becomes of an event, and when; the first that holds decides.

    # Orders
    block when score > 0.9 or (amount > 2000 and country not in ["CH", "DE"])
    review when score > 0.6
    approve otherwise

Conditions are read as Python's expressions, of which few parts are allowed: names of variables,
`score`, numbers, texts, true, false, comparisons, `in`, `and`, `or`, `not`, `+ - * /`. Nothing is
executed but what this module knows. Values of two kinds are never compared.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

APPROVE, REVIEW, BLOCK = "approve", "review", "block"
DECISIONS = (APPROVE, REVIEW, BLOCK)
SCORE = "score"
"""What rules call the model's score."""
NUMBER, TEXT, TICK = "number", "text", "tick"
_WHEN, _OTHERWISE = "when", "otherwise"
_TRUTHS = {"true": True, "false": False}

_COMPARED: Mapping[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_CALCULATED: Mapping[type, Callable[[Any, Any], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class RuleFaultError(ValueError):
    """A condition that is none; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line of the file; `condition` is None of the last, which always holds."""

    line: int
    decision: str
    text: str
    condition: ast.expr | None

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds; one that divides by zero does not."""
        if self.condition is None:
            return True
        try:
            return bool(value_of(self.condition, values))
        except ZeroDivisionError:
            return False

    @property
    def names(self) -> frozenset[str]:
        """The variables that it asks about."""
        if self.condition is None:
            return frozenset()
        every = (node.id for node in ast.walk(self.condition) if isinstance(node, ast.Name))
        return frozenset(every) - frozenset(_TRUTHS)


def rules_of(text: str) -> tuple[Rule, ...]:
    """The rules of a file without faults."""
    return tuple(rule for rule in _lines(text) if isinstance(rule, Rule))


def syntax_faults(text: str) -> tuple[str, ...]:
    """What is wrong with a file, whatever its variables are."""
    found = list(_lines(text))
    faults = [fault for fault in found if isinstance(fault, str)]
    rules = [rule for rule in found if isinstance(rule, Rule)]
    if not faults and (not rules or rules[-1].condition is not None):
        faults.append(f"the last rule must be one of {_last()}: every event needs a decision")
    unreachable = [rule for rule in rules[:-1] if rule.condition is None]
    told = [f"line {rule.line}: nothing is decided after {rule.text!r}" for rule in unreachable]
    return (*faults, *told)


def kind_faults(text: str, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Conditions that use unknown variables, or compare values of two kinds."""
    faults = []
    for rule in rules_of(text):
        if rule.condition is None:
            continue
        try:
            if _kind(rule.condition, kinds) != TICK:
                faults.append(f"line {rule.line}: a condition holds or does not: compare it")
        except RuleFaultError as fault:
            faults.append(f"line {rule.line}: {fault}")
    return tuple(faults)


def _last() -> str:
    return ", ".join(f"'{decision} {_OTHERWISE}'" for decision in DECISIONS)


def _lines(text: str) -> Iterator[Rule | str]:
    for number, line in enumerate(text.splitlines(), start=1):
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        decision, _, rest = said.partition(" ")
        word, _, condition = rest.strip().partition(" ")
        if decision not in DECISIONS:
            yield f"line {number}: {decision!r} is no decision: {', '.join(DECISIONS)} are"
        elif word == _OTHERWISE and not condition.strip():
            yield Rule(line=number, decision=decision, text=said, condition=None)
        elif word == _WHEN:
            yield _conditional(number, decision, said, condition)
        else:
            yield f"line {number}: 'when CONDITION' or 'otherwise' follows a decision, got {rest!r}"


def _conditional(number: int, decision: str, said: str, condition: str) -> Rule | str:
    try:
        parsed = ast.parse(condition.strip(), mode="eval").body
        _require_allowed(parsed)
    except (SyntaxError, ValueError, RecursionError) as error:
        return f"line {number}: {condition.strip()!r} is no condition: {_words(error)}"
    return Rule(line=number, decision=decision, text=said, condition=parsed)


def _words(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)


def _require_allowed(node: ast.expr) -> None:
    """RuleFaultError at the first part that conditions do not have."""
    match node:
        case ast.BoolOp(values=parts):
            pass
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=part):
            parts = [part]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _CALCULATED:
            parts = [left, right]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
            parts = [left, right]
        case ast.Compare(
            left=left, ops=[ast.In() | ast.NotIn()], comparators=[ast.List(elts=ones)]
        ):
            parts = [left, *ones]
        case ast.Name() | ast.Constant(value=str() | int() | float()):
            parts = []
        case _:
            raise RuleFaultError(f"{ast.unparse(node)!r} is not allowed in it")
    for part in parts:
        _require_allowed(part)


def _kind(node: ast.expr, kinds: Mapping[str, str]) -> str:
    """The kind of a part's value; RuleFaultError where its parts do not go together."""
    if isinstance(node, ast.Name):
        return _kind_of_name(node.id, kinds)
    if isinstance(node, ast.Constant):
        return TEXT if isinstance(node.value, str) else NUMBER
    if isinstance(node, ast.BoolOp):
        return _all(node.values, TICK, kinds)
    if isinstance(node, ast.Compare):
        (right,) = node.comparators
        parts = right.elts if isinstance(right, ast.List) else [right]
        _all(parts, _kind(node.left, kinds), kinds)
        return TICK
    return _kind_of_calculation(node, kinds)


def _kind_of_name(name: str, kinds: Mapping[str, str]) -> str:
    if name in _TRUTHS:
        return TICK
    if name not in kinds:
        known = ", ".join(sorted(kinds))
        raise RuleFaultError(f"there is no variable {name}: {known} are")
    return kinds[name]


def _kind_of_calculation(node: ast.expr, kinds: Mapping[str, str]) -> str:
    if isinstance(node, ast.UnaryOp):
        return _all([node.operand], TICK if isinstance(node.op, ast.Not) else NUMBER, kinds)
    if isinstance(node, ast.BinOp):
        return _all([node.left, node.right], NUMBER, kinds)
    raise RuleFaultError(f"{ast.unparse(node)!r} is not allowed in it")


def _all(parts: list[ast.expr], kind: str, kinds: Mapping[str, str]) -> str:
    for part in parts:
        found = _kind(part, kinds)
        if found != kind:
            raise RuleFaultError(f"{ast.unparse(part)} is a {found}, a {kind} is needed there")
    return kind


def value_of(node: ast.expr, values: Mapping[str, Any]) -> Any:
    """The value of a part of a condition that was checked."""
    if isinstance(node, ast.Name):
        return _TRUTHS[node.id] if node.id in _TRUTHS else values[node.id]
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.BoolOp):
        quantifier = all if isinstance(node.op, ast.And) else any
        return quantifier(value_of(part, values) for part in node.values)
    if isinstance(node, ast.Compare):
        (op,), (right,) = node.ops, node.comparators
        return _compared(value_of(node.left, values), op, right, values)
    return _calculated(node, values)


def _calculated(node: ast.expr, values: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.UnaryOp):
        value = value_of(node.operand, values)
        return not value if isinstance(node.op, ast.Not) else -value
    if isinstance(node, ast.BinOp):
        left, right = value_of(node.left, values), value_of(node.right, values)
        return _CALCULATED[type(node.op)](left, right)
    raise RuleFaultError(f"{ast.unparse(node)!r} is not allowed in it")


def _compared(mine: Any, op: ast.cmpop, right: ast.expr, values: Mapping[str, Any]) -> bool:
    if isinstance(right, ast.List):
        found = mine in [value_of(part, values) for part in right.elts]
        return found is isinstance(op, ast.In)
    return _COMPARED[type(op)](mine, value_of(right, values))
