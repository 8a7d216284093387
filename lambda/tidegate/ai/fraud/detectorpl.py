"""Rules in the language of Amazon Fraud Detector (user guide, "Rule language reference")."""

import ast
import json
from collections.abc import Callable, Mapping

Named = Callable[[str], str]
"""What a variable is called there."""

_SIGNS: Mapping[type, str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}


def expression_of(node: ast.expr, named: Named) -> str:
    """A condition that was checked, in brackets wherever precedence could differ."""
    if isinstance(node, ast.Name):
        return node.id if node.id in {"true", "false"} else f"${named(node.id)}"
    if isinstance(node, ast.Constant):
        text = node.value
        return json.dumps(text, ensure_ascii=False) if isinstance(text, str) else repr(text)
    if isinstance(node, ast.List):
        return f"[{', '.join(expression_of(part, named) for part in node.elts)}]"
    if isinstance(node, ast.BoolOp):
        word = " and " if isinstance(node.op, ast.And) else " or "
        return f"({word.join(expression_of(part, named) for part in node.values)})"
    return _of_operator(node, named)


def _of_operator(node: ast.expr, named: Named) -> str:
    if isinstance(node, ast.UnaryOp):
        inner = expression_of(node.operand, named)
        if isinstance(node.op, ast.Not):
            return f"!({inner})"
        # A minus stands before numbers only there.
        return f"-{inner}" if isinstance(node.operand, ast.Constant) else f"(0 - {inner})"
    if isinstance(node, ast.BinOp):
        sides, op = (node.left, node.right), _SIGNS[type(node.op)]
    elif isinstance(node, ast.Compare):
        sides, op = (node.left, node.comparators[0]), _SIGNS[type(node.ops[0])]
    else:
        raise TypeError(f"{ast.unparse(node)!r} is no part of a condition")
    left, right = (expression_of(side, named) for side in sides)
    return f"({left} {op} {right})"
