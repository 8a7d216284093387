"""The language of rules, DETECTORPL: an expression over an event's variables that holds or not.

Grammar by the user guide's "Rule language reference": variables `$name`, lists `[5, 10]` and
`@name`, comparisons, `in` and `not in`, `and`, `or`, `!`, arithmetic, and the functions
`regex_match(pattern, text)` (of the whole text), `lowercase(text)` and `uppercase(text)`. `!` binds
tightest, then arithmetic, comparisons, `and`, `or`. A comparison needs two values of one kind, so
that a rule that can never hold is refused when it is made.
"""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.frauddetector.tokens import RuleError, Token, UnknownFunctionError, tokens_of

NUMBER, TEXT, TRUTH = "number", "text", "truth"

Scope = tuple[Mapping[str, Any], Mapping[str, Collection[str]]]
"""The values of variables, and the elements of lists."""
Evaluate = Callable[[Scope], Any]

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUMS: Mapping[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: Mapping[str, Callable[[Any, Any], Any]] = {
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}
_FUNCTIONS: Mapping[str, tuple[int, str, Callable[..., Any]]] = {
    "lowercase": (1, TEXT, str.lower),
    "uppercase": (1, TEXT, str.upper),
    "regex_match": (2, TRUTH, lambda pattern, text: re.fullmatch(pattern, text) is not None),
}
"""Name: how many texts it takes, the kind of its value, and what it does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of an expression: the kind of its value, and how it is found."""

    kind: str
    evaluate: Evaluate


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """An expression that can be asked."""

    evaluate: Evaluate

    def holds(self, values: Mapping[str, Any], lists: Mapping[str, Collection[str]]) -> bool:
        """Whether it holds for these variables; one that divides by zero does not."""
        try:
            return bool(self.evaluate((values, lists)))
        except ZeroDivisionError:
            return False


def rule_of(expression: str, kinds: Mapping[str, str], lists: Collection[str] = ()) -> Rule:
    """The rule of an expression over variables of these kinds; RuleError says why it is none."""
    parser = _Parser(expression, kinds, lists)
    part = parser.either()
    parser.expect_end()
    if part.kind != TRUTH:
        raise RuleError(f"a rule holds or does not, this is a {part.kind}: compare it")
    return Rule(evaluate=part.evaluate)


class _Parser:
    """Reads an expression from left to right; a method for each level of binding."""

    def __init__(self, expression: str, kinds: Mapping[str, str], lists: Collection[str]) -> None:
        self._tokens = tokens_of(expression)
        self._next = 0
        self._kinds = kinds
        self._lists = lists

    def either(self) -> Part:
        """Parts joined by `or`."""
        return self._joined("or", self._both, any)

    def _both(self) -> Part:
        return self._joined("and", self._comparison, all)

    def _joined(self, word: str, inner: Callable[[], Part], found: Callable[[Any], bool]) -> Part:
        parts = [inner()]
        while self._take(word):
            parts.append(inner())
        if len(parts) == 1:
            return parts[0]
        for part in parts:
            self._require(part, TRUTH)
        return Part(
            kind=TRUTH, evaluate=lambda scope: found(part.evaluate(scope) for part in parts)
        )

    def _comparison(self) -> Part:
        left = self._sum()
        token = self._peek()
        if token.is_(*_COMPARISONS):
            self._next += 1
            right, compare = self._sum(), _COMPARISONS[token.text]
            self._require(right, left.kind)
            return Part(
                kind=TRUTH,
                evaluate=lambda scope: compare(left.evaluate(scope), right.evaluate(scope)),
            )
        negated = token.is_("not")
        if negated:
            self._next += 1
        if negated or self._peek().is_("in"):
            self._expect("in")
            return self._membership(left, negated=negated)
        return left

    def _membership(self, left: Part, *, negated: bool) -> Part:
        token = self._peek()
        if token.kind == "list":
            return self._in_named(left, negated=negated)
        self._expect("[")
        elements = [self._literal()]
        while self._take(","):
            elements.append(self._literal())
        self._expect("]")
        for element in elements:
            self._require(element, left.kind)
        values = [element.evaluate(({}, {})) for element in elements]
        return Part(
            kind=TRUTH, evaluate=lambda scope: (left.evaluate(scope) in values) is not negated
        )

    def _in_named(self, left: Part, *, negated: bool) -> Part:
        token = self._advance()
        name = token.text[1:]
        if name not in self._lists:
            raise RuleError(f"there is no list {token.text}, at {token.position}")
        self._require(left, TEXT)
        return Part(
            kind=TRUTH,
            evaluate=lambda scope: (left.evaluate(scope) in scope[1][name]) is not negated,
        )

    def _sum(self) -> Part:
        return self._calculated(_SUMS, self._product)

    def _product(self) -> Part:
        return self._calculated(_PRODUCTS, self._factor)

    def _calculated(
        self, signs: Mapping[str, Callable[[Any, Any], Any]], inner: Callable[[], Part]
    ) -> Part:
        part = inner()
        while self._peek().is_(*signs):
            left, calculate, right = part, signs[self._advance().text], inner()
            for side in (left, right):
                self._require(side, NUMBER)
            part = Part(kind=NUMBER, evaluate=_calculation(calculate, left, right))
        return part

    def _factor(self) -> Part:
        if self._take("!"):
            inner = self._factor()
            self._require(inner, TRUTH)
            return Part(kind=TRUTH, evaluate=lambda scope: not inner.evaluate(scope))
        if self._take("("):
            part = self.either()
            self._expect(")")
            return part
        token = self._peek()
        if token.kind == "variable":
            return self._variable()
        if token.kind == "word" and token.text not in {"true", "false"}:
            return self._call()
        return self._literal()

    def _variable(self) -> Part:
        token = self._advance()
        name = token.text[1:]
        if name not in self._kinds:
            raise RuleError(f"there is no variable {token.text}, at {token.position}")
        return Part(kind=self._kinds[name], evaluate=lambda scope: scope[0][name])

    def _call(self) -> Part:
        token = self._advance()
        if token.text not in _FUNCTIONS:
            known = ", ".join(_FUNCTIONS)
            raise UnknownFunctionError(f"the function {token.text}; here are {known}")
        count, kind, function = _FUNCTIONS[token.text]
        self._expect("(")
        arguments = [self._sum()]
        while self._take(","):
            arguments.append(self._sum())
        self._expect(")")
        if len(arguments) != count:
            raise RuleError(f"{token.text} takes {count} texts, got {len(arguments)}")
        for argument in arguments:
            self._require(argument, TEXT)
        return Part(
            kind=kind, evaluate=lambda scope: function(*(a.evaluate(scope) for a in arguments))
        )

    def _literal(self) -> Part:
        sign = -1 if self._take("-") else 1
        token = self._advance()
        if token.kind == "number":
            number = sign * float(token.text)
            return Part(kind=NUMBER, evaluate=lambda _: number)
        if token.kind == "text" and sign == 1:
            text = re.sub(r"\\([\"'\\])", r"\1", token.text[1:-1])
            return Part(kind=TEXT, evaluate=lambda _: text)
        if token.is_("true", "false") and sign == 1:
            return Part(kind=TRUTH, evaluate=lambda _: token.text == "true")
        raise RuleError(f"a value was expected, got {token.text!r} at {token.position}")

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _take(self, text: str) -> bool:
        taken = self._peek().is_(text)
        if taken:
            self._next += 1
        return taken

    def _expect(self, text: str) -> None:
        token = self._peek()
        if not self._take(text):
            raise RuleError(f"{text!r} was expected, got {token.text!r} at {token.position}")

    def expect_end(self) -> None:
        """Nothing follows."""
        token = self._peek()
        if token.kind != "end":
            raise RuleError(f"the end was expected, got {token.text!r} at {token.position}")

    @staticmethod
    def _require(part: Part, kind: str) -> None:
        if part.kind != kind:
            raise RuleError(f"a {kind} was expected, got a {part.kind}")


def _calculation(calculate: Callable[[Any, Any], Any], left: Part, right: Part) -> Evaluate:
    return lambda scope: calculate(left.evaluate(scope), right.evaluate(scope))
