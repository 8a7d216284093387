"""JSON Schema of the dataclasses that requests, answers and settings are."""

import dataclasses
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tidegate.ai.limits import Length, Limit
from tidegate.ai.typed import Member, members, to_json, unwrapped

Schema = dict[str, Any]
_PLAIN: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema(kind: type) -> Schema:
    """What is allowed, with nothing unknown beside it."""
    found = members(kind)
    said: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {member.name: _of_member(member) for member in found},
    }
    required = [member.name for member in found if member.required]
    doc = (kind.__doc__ or "").strip().splitlines()
    described = {"description": doc[0]} if doc else {}
    return {**described, **said, **({"required": required} if required else {})}


def _of_member(member: Member) -> Schema:
    found = _limited(_of_type(member.type), member.limits)
    if member.optional and "enum" in found:
        found["enum"] = [*found["enum"], None]
    if member.optional and "type" in found:
        found["type"] = [found["type"], "null"]
    if member.meaning:
        found["description"] = member.meaning
    if not member.required and member.default is not None and _is_told(member.default):
        found["default"] = to_json(member.default)
    return found


def _is_told(default: Any) -> bool:
    """Whether a default is a value, and no placeholder of dataclasses for a factory."""
    return not isinstance(default, type(dataclasses.MISSING))


def _of_type(kind: Any) -> Schema:
    bare, notes = unwrapped(kind)
    origin = typing.get_origin(bare)
    if notes:
        limits = [note for note in notes if isinstance(note, typing.get_args(Limit))]
        return _limited(_of_type(bare), limits)
    if type(None) in typing.get_args(bare):
        inner = next(arg for arg in typing.get_args(bare) if arg is not type(None))
        return {"anyOf": [_of_type(inner), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _of_type(typing.get_args(bare)[0])}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of_type(typing.get_args(bare)[1])}
    if dataclasses.is_dataclass(bare) and isinstance(bare, type):
        return schema(bare)
    return _of_plain(bare)


def _of_plain(bare: Any) -> Schema:
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        return {"type": "string", "enum": [word.value for word in bare]}
    return {} if bare is Any else {"type": _PLAIN[bare]}


def _limited(found: Schema, limits: typing.Iterable[Limit]) -> Schema:
    if "anyOf" in found:
        first, *rest = found["anyOf"]
        return {"anyOf": [_limited(first, limits), *rest]}
    for limit in sorted(limits, key=lambda limit: isinstance(limit, Length)):
        found = {**found, **limit.schema(found)}
    return found
