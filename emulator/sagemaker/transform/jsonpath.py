"""The JSONPath of batch transform: the operators that SageMaker documents, and no others.

A path here selects a *part* with its shape kept (`$['id','x']` is an object, `$[1:]` an array),
where JSONPath libraries give a flat list of matches; that is why none is used. Source: "Supported
JSONPath operators" of "Associate prediction results with input records" (developer guide).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

ALLOWED = "$, .name, ['name','name'], [0,-1], [1:], [0,5:] and *"
"""The operators, for sentences that refuse others."""

_NAME = re.compile(r"\.([^.\[\]*'\"()?@\s]+)")
_WILDCARD = re.compile(r"\.\*|\.?\[\*\]")
_BRACKET = re.compile(r"\.?\[([^\[\]]*)\]")
_QUOTED = r"(?:'[^']*'|\"[^\"]*\")"
_NAMES = re.compile(rf"\s*{_QUOTED}(?:\s*,\s*{_QUOTED})*\s*")
_ITEM = re.compile(r"\s*(?:(-?\d+)|(-?\d+)?\s*:\s*(-?\d+)?)\s*")


class UnsupportedPathError(ValueError):
    """The expression is no path of the documented operators."""


class SelectionError(ValueError):
    """A value has no part of that path."""


class _Step(Protocol):
    """One operator of a path."""

    @property
    def many(self) -> bool:
        """Whether what it gives is a list whose elements the next operator is applied to."""
        ...

    def take(self, value: Any) -> Any:
        """Its part of the value."""
        ...


@dataclass(frozen=True, slots=True)
class _Names:
    """`.a`, `['a']` (the child itself) or `['a','b']` (an object of these children)."""

    names: tuple[str, ...]
    many: bool = False

    def take(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise SelectionError(f"{_listed(self.names)} was expected in {_kind(value)}")
        missing = [name for name in self.names if name not in value]
        if missing:
            raise SelectionError(f"there is no {_listed(missing)}, there is {_listed(value)}")
        if len(self.names) == 1:
            return value[self.names[0]]
        return {name: value[name] for name in self.names}


@dataclass(frozen=True, slots=True)
class _Element:
    """`[3]`, `[-1]`."""

    index: int
    many: bool = False

    def take(self, value: Any) -> Any:
        return _array(value)[_within(self.index, value)]


@dataclass(frozen=True, slots=True)
class _Elements:
    """`[1:]`, `[0,2]`, `[0,5:]`: an array of these elements."""

    items: tuple[int | slice, ...]
    many: bool = True

    def take(self, value: Any) -> list[Any]:
        found: list[Any] = []
        for item in self.items:
            if isinstance(item, slice):
                found.extend(_array(value)[item])
            else:
                found.append(_array(value)[_within(item, value)])
        return found


@dataclass(frozen=True, slots=True)
class _All:
    """`*`: every child."""

    many: bool = True

    def take(self, value: Any) -> list[Any]:
        return list(value.values()) if isinstance(value, Mapping) else list(_array(value))


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed expression."""

    text: str
    steps: tuple[_Step, ...]

    @property
    def names_children(self) -> bool:
        """Whether it needs objects, which rows of CSV are not."""
        return any(isinstance(step, _Names) for step in self.steps)

    def select(self, value: Any) -> Any:
        """The part of the value; SelectionError if it has none."""
        many = False
        for step in self.steps:
            if not many:
                value = step.take(value)
            elif step.many:
                value = [part for each in value for part in step.take(each)]
            else:
                value = [step.take(each) for each in value]
            many = many or step.many
        return value


def parse(text: str) -> Path | None:
    """The path, None for `$` (everything); UnsupportedPathError names what can't be read."""
    if not text.startswith("$"):
        raise UnsupportedPathError(f"a path begins with $, got {text!r}; allowed are {ALLOWED}")
    steps: list[_Step] = []
    position = 1
    while position < len(text):
        if steps and isinstance(steps[-1], _Names) and len(steps[-1].names) > 1:
            raise UnsupportedPathError(f"several names end a path, got {text!r}")
        step, position = _next(text, position)
        steps.append(step)
    return Path(text, tuple(steps)) if steps else None


def _next(text: str, position: int) -> tuple[_Step, int]:
    if found := _WILDCARD.match(text, position):
        return _All(), found.end()
    if found := _NAME.match(text, position):
        return _Names((found[1],)), found.end()
    if found := _BRACKET.match(text, position):
        step = _bracketed(found[1])
        if step is not None:
            return step, found.end()
    raise UnsupportedPathError(
        f"{text[position:]!r} of {text!r} is not supported; allowed are {ALLOWED}"
    )


def _bracketed(content: str) -> _Step | None:
    if _NAMES.fullmatch(content):
        return _Names(tuple(quoted[1:-1] for quoted in re.findall(_QUOTED, content)))
    parts = [_ITEM.fullmatch(part) for part in content.split(",")]
    matches = [part for part in parts if part is not None]
    if len(matches) < len(parts):
        return None
    items = tuple(
        slice(_number(part[2]), _number(part[3])) if part[1] is None else int(part[1])
        for part in matches
    )
    if len(items) == 1 and isinstance(items[0], int):
        return _Element(items[0])
    return _Elements(items)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise SelectionError(f"an array was expected, got {_kind(value)}")
    return value


def _within(index: int, value: Any) -> int:
    length = len(_array(value))
    if not -length <= index < length:
        raise SelectionError(f"there is no element {index} in an array of {length}")
    return index


def _listed(names: Any) -> str:
    return ", ".join(repr(str(name)) for name in names) or "nothing"


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    return "an array" if isinstance(value, list) else repr(value)
