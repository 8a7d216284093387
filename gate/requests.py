"""Requests held against botocore's service models: required, type, min, max, pattern, enum.

botocore itself checks required members, types and minima only, so that a name too long is found by
the service alone, at deploy.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import regex  # type: ignore[import-untyped]
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError, ServiceModel, Shape
from botocore.session import get_session

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "blob": (bytes, bytearray, str),
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (Sequence,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRequest:
    """One way in which a request breaks its shape, and where."""

    where: str
    wrong: str
    allowed: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.wrong}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How values are read: `filled` are those that are known only when the request is made.

    `named` gives the name of a member as its shape has it.
    """

    filled: Callable[[Shape, Any], bool] = lambda _shape, _value: False
    named: Callable[[str, Mapping[str, Shape]], str] = lambda name, _members: name


LITERAL = Reading()


def faults_of(
    shape: Shape, value: Any, where: str = "request", reading: Reading = LITERAL
) -> Iterator[BadRequest]:
    """Every way in which a value breaks its shape."""
    allowed = _TYPES.get(shape.type_name)
    if allowed is None or reading.filled(shape, value):
        return
    wrong_bool = isinstance(value, bool) and shape.type_name != "boolean"
    text = isinstance(value, str) and shape.type_name == "list"
    if not isinstance(value, allowed) or wrong_bool or text:
        yield BadRequest(
            where=where, wrong=f"{shape.type_name} expected, got {value!r}", allowed=shape.type_name
        )
        return
    yield from _bounds(shape, value, where)
    yield from _inner(shape, value, where, reading)


def _bounds(shape: Shape, value: Any, where: str) -> Iterator[BadRequest]:
    meta = shape.metadata
    size = value if isinstance(value, int | float) else len(value)
    unit = "" if isinstance(value, int | float) else " long"
    for name, broken in (("min", _below), ("max", _above)):
        limit = meta.get(name)
        if limit is not None and broken(size, limit):
            word = "below the minimum" if name == "min" else "above the maximum"
            yield BadRequest(
                where=where, wrong=f"{size}{unit} is {word} {limit}", allowed=f"{name} {limit}"
            )
    if isinstance(value, str):
        yield from _words(meta, value, where)


def _below(size: float, limit: float) -> bool:
    return size < limit


def _above(size: float, limit: float) -> bool:
    return size > limit


def _words(meta: Mapping[str, Any], value: str, where: str) -> Iterator[BadRequest]:
    if "enum" in meta and value not in meta["enum"]:
        allowed = ", ".join(meta["enum"][:12])
        yield BadRequest(where=where, wrong=f"{value!r} is none of {allowed}", allowed=allowed)
    if "pattern" in meta and not _matches(meta["pattern"], value):
        wrong = f"{value!r} does not match {meta['pattern']}"
        yield BadRequest(where=where, wrong=wrong, allowed=str(meta["pattern"]))


def _matches(pattern: str, value: str) -> bool:
    """Whether a value matches a pattern of the models, which are Java's."""
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> Any:
    try:
        return regex.compile(pattern.replace(r"\z", r"\Z"), regex.DOTALL)
    except regex.error:
        # A construct of Java's alone: the service stays the judge.
        return None


def _inner(shape: Any, value: Any, where: str, reading: Reading) -> Iterator[BadRequest]:
    if shape.type_name == "structure":
        yield from _members(shape, value, where, reading)
    elif shape.type_name == "list":
        for position, item in enumerate(value):
            yield from faults_of(shape.member, item, f"{where}[{position}]", reading)
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from faults_of(shape.key, key, f"{where} key", reading)
            yield from faults_of(shape.value, item, f"{where}[{key!r}]", reading)


def _members(shape: Any, value: Any, where: str, reading: Reading) -> Iterator[BadRequest]:
    given = {reading.named(str(name), shape.members): item for name, item in value.items()}
    for name in shape.required_members:
        if name not in given:
            yield BadRequest(where=where, wrong=f"{name} is missing", allowed=f"{name}, required")
    for name, item in given.items():
        if name not in shape.members:
            known = ", ".join(sorted(shape.members)[:12])
            yield BadRequest(where=where, wrong=f"{name} is unknown", allowed=known)
        else:
            yield from faults_of(shape.members[name], item, f"{where}.{name}", reading)


@cache
def service_model(service: str) -> ServiceModel | None:
    """The model of a service by its name in botocore; None where there is none."""
    try:
        return get_session().get_service_model(service)
    except UnknownServiceError:
        return None


def input_of(service: str, operation: str) -> Shape | None:
    """The shape of an operation's request; LookupError where there is no such operation."""
    model = service_model(service)
    if model is None:
        raise LookupError(f"there is no service {service!r}")
    try:
        shape: Shape | None = model.operation_model(operation).input_shape
    except OperationNotFoundError as error:
        raise LookupError(f"{service} has no operation {operation}") from error
    return shape
