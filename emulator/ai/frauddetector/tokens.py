"""The words of a rule expression, and what is wrong with one."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<variable>\$\w+)
    |(?P<list>@\w+)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>==|!=|<=|>=|[<>!+\-*/%()\[\],])
    )""",
    re.VERBOSE,
)


class RuleError(ValueError):
    """An expression that is none; the sentence says what is wrong and where."""


class UnknownFunctionError(RuleError):
    """A function that this cloud does not know, though AWS may."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A word of an expression; `kind` is one of number, text, variable, list, word, sign, end."""

    kind: str
    text: str
    position: int

    def is_(self, *texts: str) -> bool:
        """Whether it is one of these signs or words."""
        return self.kind in {"sign", "word"} and self.text in texts


def tokens_of(expression: str) -> list[Token]:
    """The words of an expression and its end; RuleError at the first sign that is none."""
    tokens, position = [], 0
    while position < len(expression.rstrip()):
        match = _TOKEN.match(expression, position)
        if match is None or match.lastgroup is None:
            raise RuleError(f"unexpected {expression[position:].strip()[:10]!r} at {position}")
        kind = match.lastgroup
        tokens.append(Token(kind=kind, text=match[kind], position=match.start(kind)))
        position = match.end()
    return [*tokens, Token(kind="end", text="the end", position=len(expression))]
