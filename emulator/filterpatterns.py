"""CloudWatch Logs filter patterns: terms and JSON selectors.

Grammar: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html. Implemented:
terms, `"phrases"`, `-excluded`, `?either`, and `{ ... }` over JSON with `=`, `!=`, `<`, `<=`, `>`,
`>=`, `IS`, `NOT EXISTS`, `&&`, `||`, parentheses and `*` in strings. Space-delimited (`[a, b]`) and
regular-expression (`%...%`) patterns are refused, not guessed.
"""

import functools
import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Matcher = Callable[[str], bool]
_Condition = Callable[[Any], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<op>&&|\|\||\(|\)|!=|<=|>=|=|<|>)
    |(?P<selector>\$(?:\.[\w-]+|\[\d+\]|\["[^"]*"\]|\['[^']*'\])*)
    |"(?P<string>(?:[^"\\]|\\.)*)"
    |(?P<word>[^\s()=!<>&|]+))""",
    re.VERBOSE,
)
_STEP = re.compile(r"""\.([\w-]+)|\[(\d+)\]|\["([^"]*)"\]|\['([^']*)'\]""")
_TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ABSENT = object()


@functools.lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Matcher:
    """A function that says whether a message matches; ValueError for an unknown pattern."""
    text = pattern.strip()
    if not text:
        return lambda _message: True
    if text.startswith("{"):
        return _json_matcher(text)
    if text.startswith(("[", "%")):
        raise ValueError(
            f"filter pattern is of a kind the embedded cloud lacks, got {pattern!r}: "
            "use terms or a JSON pattern"
        )
    return _term_matcher(text)


def _term_matcher(text: str) -> Matcher:
    terms: dict[str, list[str]] = {"": [], "-": [], "?": []}
    for sign, phrase, word in _TERM.findall(text):
        terms[sign].append(phrase.replace('\\"', '"') if phrase else word)

    def matches(message: str) -> bool:
        if any(term in message for term in terms["-"]):
            return False
        if terms["?"] and not terms[""]:
            return any(term in message for term in terms["?"])
        return all(term in message for term in terms[""])

    return matches


def _json_matcher(text: str) -> Matcher:
    if not text.endswith("}"):
        raise ValueError(f"filter pattern must end with a brace, got {text!r}")
    condition = _Parser(text[1:-1]).parsed()

    def matches(message: str) -> bool:
        start = message.find("{")
        if start < 0:
            return False
        try:
            document = json.loads(message[start:])
        except ValueError:
            return False
        return condition(document)

    return matches


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


class _Parser:
    """Recursive descent over `a || b && (c)`; && binds tighter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._at = 0

    def _split(self) -> list[_Token]:
        tokens, at, text = [], 0, self._text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise self._fault()
            tokens.append(_Token(found.lastgroup, found[found.lastgroup]))
            at = found.end()
        return tokens

    def _fault(self) -> ValueError:
        return ValueError(f"filter pattern is not understood, got {{{self._text}}}")

    def parsed(self) -> _Condition:
        condition = self._either()
        if self._at != len(self._tokens):
            raise self._fault()
        return condition

    def _take(self, *texts: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].text in texts:
            self._at += 1
            return True
        return False

    def _next(self) -> _Token:
        if self._at >= len(self._tokens):
            raise self._fault()
        self._at += 1
        return self._tokens[self._at - 1]

    def _either(self) -> _Condition:
        options = [self._all()]
        while self._take("||"):
            options.append(self._all())
        return lambda document: any(option(document) for option in options)

    def _all(self) -> _Condition:
        needs = [self._one()]
        while self._take("&&"):
            needs.append(self._one())
        return lambda document: all(need(document) for need in needs)

    def _one(self) -> _Condition:
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise self._fault()
            return inner
        selector = self._next()
        if selector.kind != "selector":
            raise self._fault()
        return _comparison(_steps(selector.text), self._operator(), self._value)

    def _operator(self) -> str:
        token = self._next()
        if token.text == "NOT" and self._take("EXISTS"):
            return "NOT EXISTS"
        if token.text in ("=", "!=", "IS", *_ORDER):
            return token.text
        raise self._fault()

    def _value(self) -> _Token:
        token = self._next()
        if token.kind not in ("string", "word"):
            raise self._fault()
        return token


def _steps(selector: str) -> list[str | int]:
    steps: list[str | int] = []
    for name, index, quoted, single in _STEP.findall(selector):
        steps.append(int(index) if index else name or quoted or single)
    return steps


def _comparison(steps: list[str | int], comparison: str, value: Callable[[], _Token]) -> _Condition:
    if comparison == "NOT EXISTS":
        return lambda document: _at(document, steps) is _ABSENT
    wanted = value()
    if comparison == "IS":
        return lambda document: _is(_at(document, steps), wanted.text)
    if comparison in _ORDER:
        order, limit = _ORDER[comparison], float(wanted.text)
        return lambda document: _ordered(_at(document, steps), order, limit)
    if comparison == "!=":
        return lambda document: _differs(_at(document, steps), wanted)
    return lambda document: _equals(_at(document, steps), wanted)


def _at(document: Any, steps: list[str | int]) -> Any:
    for step in steps:
        document = _inside(document, step)
        if document is _ABSENT:
            break
    return document


def _inside(document: Any, step: str | int) -> Any:
    if isinstance(step, int):
        indexed = isinstance(document, list) and step < len(document)
        return document[step] if indexed else _ABSENT
    return document[step] if isinstance(document, dict) and step in document else _ABSENT


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


def _ordered(found: Any, order: Callable[[float, float], bool], limit: float) -> bool:
    return _is_number(found) and order(found, limit)


def _equals(found: Any, wanted: _Token) -> bool:
    if isinstance(found, str):
        return fnmatchcase(found, wanted.text.replace("[", "[[]").replace("?", "[?]"))
    if _is_number(found) and wanted.kind == "word":
        try:
            return bool(found == float(wanted.text))
        except ValueError:
            return wanted.text == "*"
    return found is not _ABSENT and wanted.text == "*"


def _differs(found: Any, wanted: _Token) -> bool:
    return found is not _ABSENT and not _equals(found, wanted)


def _is(found: Any, wanted: str) -> bool:
    named = {"TRUE": True, "FALSE": False, "NULL": None}
    return found is not _ABSENT and wanted.upper() in named and found is named[wanted.upper()]
