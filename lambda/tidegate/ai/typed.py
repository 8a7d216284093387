"""JSON into frozen dataclasses and back, with every fault of it at once.

Requests, answers and settings are dataclasses; their annotations are the only description there
is. `schemas.py` makes JSON Schema of the same.
"""

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from tidegate.ai.limits import (
    Between,
    Bytes,
    Length,
    Limit,
    Matches,
    OneOf,
    TextFile,
    shown,
)
from tidegate.errors import InvalidValueError

T = TypeVar("T")
_LIMITS = (Length, Bytes, Between, Matches, OneOf, TextFile)
_WORDS: Mapping[Any, str] = {str: "text", int: "a whole number", float: "a number", bool: "a bool"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A field of a dataclass: its bare type, what it means, and what it allows.

    `optional` says whether null is allowed, `required` whether it may not be left out.
    """

    name: str
    type: Any
    meaning: str
    limits: tuple[Limit, ...]
    optional: bool
    required: bool
    default: Any


def members(kind: type) -> tuple[Member, ...]:
    """The fields of a dataclass, in their order."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return tuple(_member(field, hints[field.name]) for field in dataclasses.fields(kind))


def _member(field: "dataclasses.Field[Any]", hint: Any) -> Member:
    bare, notes = unwrapped(hint)
    optional = type(None) in typing.get_args(bare) and typing.get_origin(bare) in _UNIONS
    if optional:
        bare, more = unwrapped(_not_null(bare))
        notes = (*more, *notes)
    no_default = field.default is dataclasses.MISSING
    no_factory = field.default_factory is dataclasses.MISSING
    return Member(
        name=field.name,
        type=bare,
        meaning=next((note for note in notes if isinstance(note, str)), ""),
        limits=tuple(note for note in notes if isinstance(note, _LIMITS)),
        optional=optional,
        required=no_default and no_factory,
        default=None if no_default else field.default,
    )


_UNIONS = (typing.Union, types.UnionType)


def _not_null(union: Any) -> Any:
    """What a type that allows null is otherwise."""
    return next(arg for arg in typing.get_args(union) if arg is not type(None))


def unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without `Annotated`, and what was annotated."""
    if typing.get_origin(hint) is typing.Annotated:
        bare, *notes = typing.get_args(hint)
        return bare, tuple(notes)
    return hint, ()


def read(kind: type[T], given: Any, *, what: str) -> T:
    """The value; InvalidValueError with every fault of what was given. `what` names it."""
    faults: list[str] = []
    value = _dataclass(kind, given, _At(path="", what=what, faults=faults))
    if faults:
        raise InvalidValueError(faults)
    made: T = value
    return made


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _At:
    """Where in the document, and where its faults go."""

    path: str
    what: str
    faults: list[str]

    def inside(self, key: str) -> "_At":
        joined = key if not self.path or key.startswith("[") else f".{key}"
        return dataclasses.replace(self, path=f"{self.path}{joined}")

    def fault(self, text: str) -> None:
        self.faults.append(f"{self.path or self.what} {text}")


def _dataclass(kind: type, given: Any, at: _At) -> Any:
    if not isinstance(given, Mapping):
        at.fault(f"is {shown(given)}, must be an object with {_names(kind)}")
        return None
    known = {member.name: member for member in members(kind)}
    for key in given:
        if key not in known:
            at.faults.append(_unknown(str(key), tuple(known), at))
    before = len(at.faults)
    values = dict(_values(known, given, at))
    return kind(**values) if len(at.faults) == before else None


def _values(
    known: Mapping[str, Member], given: Mapping[str, Any], at: _At
) -> Iterator[tuple[str, Any]]:
    for name, member in known.items():
        inside = at.inside(name)
        if name not in given:
            if member.required:
                meaning = f": {member.meaning}" if member.meaning else ""
                inside.fault(f"is missing{meaning}".rstrip("."))
        elif given[name] is None and member.optional:
            yield name, None
        else:
            yield name, _checked(member.type, member.limits, given[name], inside)


def _names(kind: type) -> str:
    return ", ".join(member.name for member in members(kind)) or "no fields"


def _unknown(key: str, known: Sequence[str], at: _At) -> str:
    close = get_close_matches(key, known, n=1, cutoff=0.6)
    allowed = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(known) or 'none'}"
    return f"unknown field {shown(at.inside(key).path)}: {allowed}"


def _checked(kind: Any, limits: Sequence[Limit], given: Any, at: _At) -> Any:
    """The value, and the faults of it: limits are looked at where the type is right."""
    before = len(at.faults)
    value = _value(kind, given, at)
    if len(at.faults) == before and value is not None:
        for limit in limits:
            fault = limit.fault(value)
            if fault is not None:
                at.fault(fault)
    return value


def _value(kind: Any, given: Any, at: _At) -> Any:
    bare, notes = unwrapped(kind)
    if notes:
        limits = [note for note in notes if isinstance(note, _LIMITS)]
        return _checked(bare, limits, given, at)
    origin = typing.get_origin(bare)
    if origin in _UNIONS:
        return None if given is None else _value(_not_null(bare), given, at)
    if origin is tuple:
        return _entries(typing.get_args(bare)[0], given, at)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(typing.get_args(bare)[1], given, at)
    return given if bare is Any else _named(bare, given, at)


def _named(bare: Any, given: Any, at: _At) -> Any:
    """A value of a type that has no parts in brackets."""
    if isinstance(bare, type) and dataclasses.is_dataclass(bare):
        return _dataclass(bare, given, at)
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        return _word(bare, given, at)
    return _plain(bare, given, at)


def _entries(kind: Any, given: Any, at: _At) -> Any:
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        at.fault(f"is {shown(given)}, must be a list")
        return ()
    return tuple(_value(kind, entry, at.inside(f"[{i}]")) for i, entry in enumerate(given))


def _mapping(kind: Any, given: Any, at: _At) -> Any:
    if not isinstance(given, Mapping):
        at.fault(f"is {shown(given)}, must be an object")
        return {}
    for key in given:
        if not _is_unicode(str(key)):
            at.fault(f"has a name that is no Unicode text: {shown(key)}")
            return {}
    return {str(key): _value(kind, entry, at.inside(str(key))) for key, entry in given.items()}


def _word(kind: type[StrEnum], given: Any, at: _At) -> Any:
    allowed = [word.value for word in kind]
    if not isinstance(given, str) or given not in allowed:
        at.fault(f"is {shown(given)}, must be one of {', '.join(allowed)}")
        return None
    return kind(given)


def _plain(kind: Any, given: Any, at: _At) -> Any:
    if kind is float and isinstance(given, int) and not isinstance(given, bool):
        return float(given)
    if not isinstance(given, kind) or (kind is int and isinstance(given, bool)):
        at.fault(f"is {shown(given)}, must be {_WORDS[kind]}")
        return given
    if kind is str and not _is_unicode(given):
        at.fault("is no Unicode text: half of a surrogate pair is in it")
    return given


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def to_json(value: Any) -> Any:
    """A dataclass in JSON types; what is None is left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
        return {name: to_json(entry) for name, entry in found if entry is not None}
    if isinstance(value, Mapping):
        return {key: to_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(entry) for entry in value]
    return value.value if isinstance(value, StrEnum) else value
