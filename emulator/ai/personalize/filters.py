"""Filter expressions: which items may be recommended to whom.

`INCLUDE ItemID WHERE Items.CATEGORY IN ("a", $CATEGORY) AND Items.PRICE < 10`,
`EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase") IF CurrentUser.AGE >= 18`, several
joined by `|` (developer guide, "Filter expression structure and elements"). A condition on
interactions holds for an item if one thing that the user did with it satisfies the expression.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Values = Mapping[str, Sequence[Any]]
"""The values of placeholders."""

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EXPRESSION = re.compile(
    r"\s*(?P<what>INCLUDE|EXCLUDE)\s+ItemID\s+WHERE\s+(?P<where>.+?)"
    r"(?:\s+IF\s+(?P<guard>CurrentUser\..+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(
    r"\s*(?P<table>Items|Interactions|CurrentUser)\.(?P<field>\w+)\s*"
    r"(?:(?P<negated>NOT\s+)?IN\s*\((?P<elements>[^)]*)\)|(?P<sign>!=|<=|>=|=|<|>)\s*(?P<value>\S+))\s*",
    re.IGNORECASE,
)
_LITERAL = re.compile(
    r'\s*(?:"(?P<text>[^"]*)"|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>\$\w+))\s*(?:,|$)'
)
_BETWEEN = re.compile(r'\|(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A bar outside of texts."""
_PLACEHOLDER = re.compile(r"\$(\w+)")


class FilterError(ValueError):
    """An expression that is none, or values that it lacks; the sentence says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One comparison of a field."""

    table: str
    field: str
    sign: str
    values: tuple[Any, ...]

    def holds(self, rows: Mapping[str, Row], given: Values) -> bool:
        """Whether it holds; a field that a row has not satisfies only what denies."""
        mine = rows.get(self.table, {}).get(self.field)
        asked = [each for value in self.values for each in _given(value, given)]
        if self.sign in {"IN", "NOT IN"}:
            listed = set(str(mine).split("|")) | ({mine} if _is_number(mine) else set())
            return (mine is not None and bool(listed & set(asked))) is (self.sign == "IN")
        if mine is None:
            return self.sign == "!="
        if _is_number(mine) is not _is_number(asked[0]):
            return self.sign == "!="
        return _OPERATORS[self.sign](mine, asked[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One expression: alternatives of conditions that hold together."""

    includes: bool
    alternatives: tuple[tuple[Condition, ...], ...]
    guard: tuple[tuple[Condition, ...], ...]

    def allows(self, item: Row, did: Sequence[Row], user: Row, given: Values) -> bool:
        """Whether an item may be recommended to a user who did those things with it."""
        told = {"currentuser": user}
        if self.guard and not _any(self.guard, told, given):
            return True
        asks_did = any(c.table == "interactions" for part in self.alternatives for c in part)
        rows = [{**told, "items": item, "interactions": row} for row in (did if asks_did else [{}])]
        return any(_any(self.alternatives, row, given) for row in rows) is self.includes


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemFilter:
    """An expression that can be asked."""

    parts: tuple[Part, ...]
    placeholders: frozenset[str]

    @classmethod
    def of(cls, expression: str) -> "ItemFilter":
        """The filter of an expression; FilterError says why it is none."""
        parts = tuple(_part(text) for text in _BETWEEN.split(expression))
        return cls(parts=parts, placeholders=frozenset(_PLACEHOLDER.findall(expression)))

    def values(self, given: Mapping[str, str]) -> Values:
        """The values of its placeholders; FilterError names those that are missing."""
        missing = sorted(self.placeholders - set(given))
        if missing:
            raise FilterError(f"filterValues must give {', '.join(missing)}")
        return {name: [_literal(m) for m in _literals(given[name])] for name in self.placeholders}

    def allows(self, item: Row, did: Sequence[Row], user: Row, given: Values) -> bool:
        """Whether an item may be recommended."""
        return all(part.allows(item, did, user, given) for part in self.parts)


def _any(
    alternatives: Sequence[Sequence[Condition]], rows: Mapping[str, Row], given: Values
) -> bool:
    return any(all(c.holds(rows, given) for c in together) for together in alternatives)


def _part(text: str) -> Part:
    match = _EXPRESSION.fullmatch(text)
    if match is None:
        raise FilterError(f"INCLUDE or EXCLUDE ItemID WHERE ... was expected, got {text.strip()!r}")
    guard = match["guard"]
    return Part(
        includes=match["what"].upper() == "INCLUDE",
        alternatives=_alternatives(match["where"]),
        guard=() if guard is None else _alternatives(guard),
    )


def _alternatives(text: str) -> tuple[tuple[Condition, ...], ...]:
    return tuple(
        tuple(_condition(each) for each in re.split(r"\s+AND\s+", together, flags=re.IGNORECASE))
        for together in re.split(r"\s+OR\s+", text, flags=re.IGNORECASE)
    )


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise FilterError(f"a condition was expected, got {text.strip()!r}")
    if match["sign"] is None:
        sign, elements = "NOT IN" if match["negated"] else "IN", match["elements"]
    else:
        sign, elements = match["sign"], match["value"]
    values = tuple(_literal(found) for found in _literals(elements))
    return Condition(
        table=match["table"].lower(), field=match["field"].upper(), sign=sign, values=values
    )


def _literals(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(text.rstrip()):
        match = _LITERAL.match(text, position)
        if match is None:
            raise FilterError(f'values are numbers, "texts" and $NAMES, got {text!r}')
        yield match
        position = match.end()


def _literal(match: re.Match[str]) -> Any:
    if match["number"] is not None:
        return float(match["number"])
    return match["text"] if match["name"] is None else _Placeholder(match["name"][1:])


@dataclass(frozen=True, slots=True)
class _Placeholder:
    name: str


def _given(value: Any, given: Values) -> Sequence[Any]:
    return given[value.name] if isinstance(value, _Placeholder) else [value]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
