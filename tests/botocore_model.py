"""Requests held against AWS's published service models: required, type, min, max, pattern, enum.

botocore itself checks required members, types and minima only (aws-facts: never max, pattern or
enum), and a request with a name too long is found by the service alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.model import Shape

from tidegate_aws import clients

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


def faults_of(shape: Shape, value: Any, where: str = "request") -> list[str]:
    """Every way in which a value breaks its shape: empty when it keeps it."""
    allowed = _TYPES.get(shape.type_name)
    if allowed is None:
        return []
    wrong_bool = isinstance(value, bool) and shape.type_name != "boolean"
    if not isinstance(value, allowed) or wrong_bool:
        return [f"{where}: {shape.type_name} expected, got {value!r}"]
    return [*_bounds(shape, value, where), *_inner(shape, value, where)]


def _bounds(shape: Shape, value: Any, where: str) -> Iterator[str]:
    meta = shape.metadata
    size = value if isinstance(value, (int, float)) else len(value)
    if "min" in meta and size < meta["min"]:
        yield f"{where}: {size} is below the minimum {meta['min']}"
    if "max" in meta and size > meta["max"]:
        yield f"{where}: {size} is above the maximum {meta['max']}"
    if isinstance(value, str):
        if "enum" in meta and value not in meta["enum"]:
            yield f"{where}: {value!r} is none of {meta['enum']}"
        if "pattern" in meta and not _matches(meta["pattern"], value):
            yield f"{where}: {value!r} does not match {meta['pattern']}"


# What Python writes another way; the categories stand for a few characters more than Java's.
_CATEGORIES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\p{M}": "",
    r"\p{S}": "$+<=>^`|~",
    r"\p{P}": "!-/:-@",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"[\p{Print}]": r"[ -~]",
    r"\p{Print}": r"[ -~]",
    r"\p{ASCII}": r"[\x00-\x7f]",
    r"\z": r"\Z",
}


def _matches(pattern: str, value: str) -> bool:
    """Whether a value matches a pattern of the models, which are Java's."""
    for java, python in _CATEGORIES.items():
        pattern = pattern.replace(java, python)
    return re.fullmatch(pattern, value, re.DOTALL) is not None


def _members(shape: Any, value: Any, where: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"{where}: {name} is missing"
    for name, item in value.items():
        if name not in shape.members:
            yield f"{where}: {name} is unknown"
        else:
            yield from faults_of(shape.members[name], item, f"{where}.{name}")


def _inner(shape: Any, value: Any, where: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _members(shape, value, where)
    elif shape.type_name == "list":
        for position, item in enumerate(value):
            yield from faults_of(shape.member, item, f"{where}[{position}]")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from faults_of(shape.key, key, f"{where} key")
            yield from faults_of(shape.value, item, f"{where}[{key!r}]")


@dataclass
class Requests:
    """What was asked of AWS: operations by name, and every fault in a request."""

    operations: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def __call__(self, params: Any, model: Any, **_: Any) -> None:
        """One request, before botocore serializes it."""
        operation = f"{model.service_model.service_name}:{model.name}"
        self.operations.add(operation)
        if model.input_shape is not None:
            given = {name: value for name, value in params.items() if value is not None}
            self.faults.extend(faults_of(model.input_shape, given, operation))


@contextmanager
def watched_requests() -> Iterator[Requests]:
    """Every request of the product's clients in the block, checked against its model."""
    requests = Requests()
    made = [
        clients.dynamodb(),
        clients.sagemaker(),
        clients.sagemaker_runtime(),
        clients.stepfunctions(),
        clients.cloudwatch(),
        clients.events(),
        clients.secretsmanager(),
    ]
    for client in made:
        client.meta.events.register("provide-client-params", requests)
    try:
        yield requests
    finally:
        for client in made:
            client.meta.events.unregister("provide-client-params", requests)
