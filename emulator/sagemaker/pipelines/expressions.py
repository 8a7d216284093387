"""References and functions in a definition's arguments, and the conditions of its steps. Pure.

`{"Get": "Parameters.Name"}`, `{"Get": "Execution.Variable"}`, `{"Get": "Steps.Name.Property"}`,
`{"Std:Join": {"On": "/", "Values": [...]}}`, `{"Std:JsonGet": {"PropertyFile": {"Get":
"Steps.Name.PropertyFiles.File"}, "Path": "a.b"}}`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PART = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
_GET, _JOIN, _JSON_GET = "Get", "Std:Join", "Std:JsonGet"
_NAMES = ("OutputName", "InputName", "MetricName", "ChannelName", "Name")
"""Members by which elements of a list are named: `Outputs['train']` is the output of that name."""


class UnresolvedError(ValueError):
    """A reference that has no value; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What references stand for in one execution."""

    parameters: Mapping[str, Any]
    execution: Mapping[str, Any]
    properties: Mapping[str, Mapping[str, Any]]
    """What the Describe operation said of each step's resource, by step."""
    property_file: Callable[[str, str], Any]
    """(step, file) -> the JSON document that the step left."""


def references(value: Any) -> Iterator[list[str]]:
    """The parts of every reference in the value."""
    if isinstance(value, Mapping):
        if set(value) == {_GET} and isinstance(value[_GET], str):
            yield parts_of(value[_GET])
            return
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def parts_of(path: str) -> list[str]:
    """`Steps.A.Outputs['x'].S3Uri` in parts; indexes are texts of digits."""
    return [next(part for part in match if part) for match in _PART.findall(path)]


def resolved(value: Any, values: Values) -> Any:
    """The value with references and functions replaced; UnresolvedError names one that can't be."""
    if isinstance(value, list):
        return [resolved(each, values) for each in value]
    if not isinstance(value, Mapping):
        return value
    if set(value) == {_GET}:
        return _got(str(value[_GET]), values)
    if set(value) == {_JOIN}:
        join = value[_JOIN]
        return str(join["On"]).join(_text(resolved(each, values)) for each in join["Values"])
    if set(value) == {_JSON_GET}:
        return _json_got(value[_JSON_GET], values)
    return {name: resolved(each, values) for name, each in value.items()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _got(path: str, values: Values) -> Any:
    parts = parts_of(path)
    roots = {"Parameters": values.parameters, "Execution": values.execution}
    if parts[0] == "Steps":
        return _walked(values.properties.get(parts[1], {}), parts[2:], path)
    if parts[0] not in roots:
        raise UnresolvedError(f"{path} is neither Parameters, Execution nor Steps")
    return _walked(roots[parts[0]], parts[1:], path)


def _json_got(given: Mapping[str, Any], values: Values) -> Any:
    _, step, _, file = parts_of(given["PropertyFile"]["Get"])
    path = str(resolved(given["Path"], values))
    return _walked(values.property_file(step, file), parts_of(path), f"{file}: {path}")


def _walked(value: Any, parts: Sequence[str], path: str) -> Any:
    for part in parts:
        value = _member(value, part, path)
    return value


def _member(value: Any, part: str, path: str) -> Any:
    if isinstance(value, Mapping) and part in value:
        return value[part]
    if isinstance(value, list):
        if part.isdigit() and int(part) < len(value):
            return value[int(part)]
        for each in value:
            if isinstance(each, Mapping) and part in {each.get(name) for name in _NAMES}:
                return each
    raise UnresolvedError(f"{path} has no value: there is no {part}")


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda left, right: left == right,
    "GreaterThan": lambda left, right: left > right,
    "GreaterThanOrEqualTo": lambda left, right: left >= right,
    "LessThan": lambda left, right: left < right,
    "LessThanOrEqualTo": lambda left, right: left <= right,
}


def holds(condition: Mapping[str, Any], values: Values) -> bool:
    """Whether the condition is true; UnresolvedError for one that can't be told."""
    kind = condition.get("Type")
    if kind == "Not":
        return not holds(condition["Expression"], values)
    if kind == "Or":
        return any(holds(each, values) for each in condition["Conditions"])
    if kind == "In":
        return resolved(condition["QueryValue"], values) in resolved(condition["Values"], values)
    if not isinstance(kind, str) or kind not in _COMPARISONS:
        raise UnresolvedError(f"there is no condition of type {kind!r}")
    left = resolved(condition["LeftValue"], values)
    right = resolved(condition["RightValue"], values)
    try:
        return _COMPARISONS[kind](left, right)
    except TypeError as error:
        raise UnresolvedError(f"{left!r} and {right!r} can't be compared by {kind}") from error
