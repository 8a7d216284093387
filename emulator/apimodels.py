"""Checks requests against AWS's published API models, as the services' own front ends do.

botocore checks only presence, type and minimum on the client's side, so a caller of another SDK,
or a wrong pattern, would pass. The models that it ships (type, required, min, max, pattern, enum)
are read here once and every violated constraint is found at once, worded as AWS words it.
Members that a model does not know are ignored, as AWS ignores them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

# Java's Unicode classes, which Python's `re` lacks, as the nearest sets inside `[...]`.
_JAVA_IN_SET = {"L": "\\w", "M": "\\w", "Z": "\\s", "N": "\\d", "P": "\\S", "S": "\\S"}

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float, str),
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
}


class MalformedRequestError(ValueError):
    """A member of a request has a type that its shape can't be made of."""


@cache
def service_model(service: str) -> ServiceModel:
    """The API model of a service by its botocore name, as botocore ships it."""
    session = botocore.session.get_session()
    return session.get_service_model(service)


def constraint_failures(service: str, operation: str, request: Mapping[str, Any]) -> list[str]:
    """Every constraint of the operation that the request violates, none if it is right.

    MalformedRequestError if a member has the wrong type.
    """
    shape = service_model(service).operation_model(operation).input_shape
    return [] if shape is None else list(_failures(shape, request, ""))


def answer_failures(service: str, operation: str, answer: Mapping[str, Any]) -> list[str]:
    """Every constraint of the operation's answer that this one violates, none if it is right.

    Members that the model does not know count as well: no client would see them.
    MalformedRequestError if a member has the wrong type.
    """
    shape = service_model(service).operation_model(operation).output_shape
    if shape is None:
        return [f"an empty answer is allowed, got {sorted(answer)}"] if answer else []
    return [*_failures(shape, answer, ""), *_unknown_members(shape, answer, "")]


def _is_document(shape: Shape) -> bool:
    """Whether any JSON is allowed there (Smithy's document type, a structure to botocore)."""
    return bool(getattr(shape, "is_document_type", False))


def _unknown_members(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if _is_document(shape):
        return
    if isinstance(shape, StructureShape):
        for name, member in value.items():
            if name in shape.members:
                yield from _unknown_members(shape.members[name], member, _join(path, name))
            else:
                yield f"'{_join(path, name)}' is not a member of {shape.name}"
    elif isinstance(shape, ListShape):
        for position, member in enumerate(value, start=1):
            yield from _unknown_members(shape.member, member, f"{path}.{position}.member")


def listed(failures: Sequence[str]) -> str:
    """The sentence by which AWS's front ends list violated constraints."""
    noun = "error" if len(failures) == 1 else "errors"
    return f"{len(failures)} validation {noun} detected: {'; '.join(failures)}"


def _failures(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if _is_document(shape):
        return
    if not _has_type(shape, value):
        raise MalformedRequestError(
            f"{type(value).__name__} at '{path}' can not be converted to {shape.type_name}"
        )
    yield from _scalar_failures(shape, value, path)
    if isinstance(shape, StructureShape):
        yield from _structure_failures(shape, value, path)
    elif isinstance(shape, ListShape):
        for position, member in enumerate(value, start=1):
            yield from _failures(shape.member, member, f"{path}.{position}.member")
    elif isinstance(shape, MapShape):
        yield from _map_failures(shape, value, path)


def _map_failures(shape: MapShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    """Of keys and of the values that there are: a map may be sparse, as Lex's slots are."""
    for key, member in value.items():
        yield from _failures(shape.key, key, f"{path}.key")
        if member is not None:
            yield from _failures(shape.value, member, f"{path}.{key}.member")


def _has_type(shape: Shape, value: Any) -> bool:
    if isinstance(value, bool):
        return shape.type_name == "boolean"
    return isinstance(value, _PYTHON_TYPES.get(shape.type_name, (object,)))


def _structure_failures(
    shape: StructureShape, value: Mapping[str, Any], path: str
) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _failure("null", _join(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _failures(member, value[name], _join(path, name))


def _join(path: str, name: str) -> str:
    lower = name[0].lower() + name[1:]
    return f"{path}.{lower}" if path else lower


def _scalar_failures(shape: Shape, value: Any, path: str) -> Iterator[str]:
    metadata = shape.metadata
    size = _size(shape, value)
    what = "value" if shape.type_name in {"integer", "long", "float", "double"} else "length"
    shown = _quoted(shape, value)
    if size is not None and "min" in metadata and size < metadata["min"]:
        bound = metadata["min"]
        yield _failure(shown, path, f"Member must have {what} greater than or equal to {bound}")
    if size is not None and "max" in metadata and size > metadata["max"]:
        bound = metadata["max"]
        yield _failure(shown, path, f"Member must have {what} less than or equal to {bound}")
    if isinstance(value, str):
        yield from _text_failures(shape, value, path)


def _quoted(shape: Shape, value: Any) -> str:
    """The value as the sentence has it; what the model calls sensitive is not repeated."""
    return "" if shape.metadata.get("sensitive") else f"'{_shown(value)}'"


def _text_failures(shape: Shape, value: str, path: str) -> Iterator[str]:
    metadata, shown = shape.metadata, _quoted(shape, value)
    if "pattern" in metadata and not _matches(metadata["pattern"], value):
        rule = f"Member must satisfy regular expression pattern: {metadata['pattern']}"
        yield _failure(shown, path, rule)
    if "enum" in metadata and value not in metadata["enum"]:
        allowed = ", ".join(metadata["enum"])
        yield _failure(shown, path, f"Member must satisfy enum value set: [{allowed}]")


def _failure(value: str, path: str, rule: str) -> str:
    named = f"Value {value}" if value else "Value"
    return f"{named} at '{path}' failed to satisfy constraint: {rule}"


def _size(shape: Shape, value: Any) -> float | None:
    if shape.type_name in {"string", "list", "map"}:
        return len(value)
    if shape.type_name in {"integer", "long", "float", "double"}:
        return float(value)
    return None


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else f"[{len(value)} members]"


def _matches(pattern: str, value: str) -> bool:
    matcher = compiled(pattern)
    return matcher is None or matcher(value) is not None


@cache
def compiled(pattern: str) -> Callable[[str], re.Match[str] | None] | None:
    """The pattern as Python's `re` reads it, or None for the few that have no translation.

    Those (`${1,128}` behind an anchor, surrogate ranges) are left unchecked; a unit test lists
    the members of SageMaker's that are.
    """
    outside = pattern.replace(r"\p{ASCII}", r"[\x00-\x7f]")
    translated = re.sub(r"\\p\{(\w+)\}", lambda m: _JAVA_IN_SET.get(m[1], "\\w"), outside)
    try:
        return re.compile(translated).fullmatch
    except re.error:
        return None


def from_template(shape: Shape, value: Any) -> Any:
    """Properties of a template as the API's shape has them: names matched without case.

    Members that the shape lacks are left out; free maps keep their keys.
    """
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        known = {name.lower(): name for name in shape.members}
        return {
            known[name.lower()]: from_template(shape.members[known[name.lower()]], member)
            for name, member in value.items()
            if name.lower() in known
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [from_template(shape.member, member) for member in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: from_template(shape.value, member) for key, member in value.items()}
    return _text_of(value) if shape.type_name == "string" else value


def _text_of(value: Any) -> str:
    """CloudFormation makes text of what a template gives where the API takes text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
