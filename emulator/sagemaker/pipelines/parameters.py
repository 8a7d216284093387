"""The parameters of an execution: what the definition declares and what the request gives. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.pipelines.definition import Definition, Parameter

_BOOLEANS = {"true": True, "false": False}


def values_of(definition: Definition, given: Mapping[str, str]) -> dict[str, Any]:
    """A value of its type for every parameter; a ValidationException names all that have none."""
    faults = [*_faults(definition.parameters, given)]
    if faults:
        raise errors.validation(" ".join(faults))
    return {
        each.name: _typed(each, given[each.name]) if each.name in given else each.default
        for each in definition.parameters
    }


def _faults(declared: Sequence[Parameter], given: Mapping[str, str]) -> Iterator[str]:
    unknown = sorted(set(given) - {each.name for each in declared})
    if unknown:
        yield f"Unknown parameters: {', '.join(unknown)}."
    for each in declared:
        if each.name not in given:
            if each.default is None:
                yield f"Parameter {each.name} has no default and needs a value."
            continue
        try:
            value = _typed(each, given[each.name])
        except ValueError:
            yield f"Parameter {each.name} must be of type {each.type}, got {given[each.name]!r}."
            continue
        if each.allowed and value not in each.allowed:
            listed = ", ".join(map(str, each.allowed))
            yield f"Parameter {each.name} must be one of {listed}, got {given[each.name]!r}."


def _typed(parameter: Parameter, text: str) -> Any:
    if parameter.type == "Boolean":
        if text.lower() not in _BOOLEANS:
            raise ValueError(text)
        return _BOOLEANS[text.lower()]
    return {"String": str, "Integer": int, "Float": float}[parameter.type](text)
