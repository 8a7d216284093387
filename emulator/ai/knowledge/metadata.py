"""Metadata of documents and the filters of retrievals.

A document's metadata lies beside it, in `<key>.metadata.json`: `metadataAttributes` with strings,
numbers, booleans and lists of strings, plain or as `{"value": {"type": ..., "stringValue": ...}}`
(user guide, "Include metadata in a data source to improve knowledge base query").
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from emulator.jsonapi import RefusedRequestError

MOST_BYTES = 10_240
"""The most that AWS takes in a file of metadata (10 KB)."""

_OF_TYPE = {
    "STRING": "stringValue",
    "NUMBER": "numberValue",
    "BOOLEAN": "booleanValue",
    "STRING_LIST": "stringListValue",
}


def metadata_of(content: bytes) -> dict[str, Any]:
    """The attributes of a metadata file; ValueError says what is wrong with it."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"a metadata file has at most {MOST_BYTES} bytes, got {len(content)}")
    told = json.loads(content)
    found = told.get("metadataAttributes") if isinstance(told, dict) else None
    if not isinstance(found, dict):
        raise ValueError("a metadata file is a JSON object with the object metadataAttributes")  # noqa: TRY004 - one error for bad input
    values = {key: _plain(value) for key, value in found.items()}
    wrong = [key for key, value in values.items() if not _is_value(value)]
    if wrong:
        raise ValueError(
            "metadata attributes are strings, numbers, booleans or lists of strings: "
            + ", ".join(sorted(wrong))
        )
    return values


def _plain(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = value.get("value", {})
    return inner.get(_OF_TYPE.get(inner.get("type", ""), "")) if isinstance(inner, dict) else None


def _is_value(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return isinstance(value, str | int | float)


def _numbers(mine: Any, asked: Any) -> bool:
    return all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in (mine, asked)
    )


def _equal(mine: Any, asked: Any) -> bool:
    same_kind = _numbers(mine, asked) or type(mine) is type(asked)
    return same_kind and bool(mine == asked)


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _equal,
    "notEquals": lambda mine, asked: not _equal(mine, asked),
    "greaterThan": lambda mine, asked: _numbers(mine, asked) and mine > asked,
    "greaterThanOrEquals": lambda mine, asked: _numbers(mine, asked) and mine >= asked,
    "lessThan": lambda mine, asked: _numbers(mine, asked) and mine < asked,
    "lessThanOrEquals": lambda mine, asked: _numbers(mine, asked) and mine <= asked,
    "in": lambda mine, asked: any(_equal(mine, each) for each in asked),
    "notIn": lambda mine, asked: not any(_equal(mine, each) for each in asked),
    "startsWith": lambda mine, asked: isinstance(mine, str) and mine.startswith(asked),
    "stringContains": lambda mine, asked: (
        any(asked in each for each in mine) if isinstance(mine, list) else asked in str(mine)
    ),
    "listContains": lambda mine, asked: isinstance(mine, list) and asked in mine,
}
_ASKED: Mapping[str, tuple[type, ...]] = {
    "equals": (str, int, float, bool),
    "notEquals": (str, int, float, bool),
    "in": (list,),
    "notIn": (list,),
    "startsWith": (str,),
    "stringContains": (str,),
    "listContains": (str,),
}
_NEGATED = frozenset({"notEquals", "notIn"})


def require_filter(given: Mapping[str, Any]) -> None:
    """The filter can be answered, or a refusal says all that is wrong with it."""
    wrong = list(_faults(given))
    if wrong:
        raise RefusedRequestError("ValidationException", "; ".join(wrong))


def _faults(given: Mapping[str, Any]) -> Iterator[str]:
    if len(given) != 1:
        yield f"A filter has exactly one operation, got {', '.join(sorted(given)) or 'none'}"
    for name, inner in given.items():
        if name in _TESTS:
            allowed = _ASKED.get(name, (int, float))
            if not isinstance(inner["value"], allowed):
                kinds = ", ".join(kind.__name__ for kind in allowed)
                yield f"{name} of {inner['key']} takes {kinds}, got {inner['value']!r}"
        else:
            for each in inner:
                yield from _faults(each)


def satisfies(values: Mapping[str, Any], given: Mapping[str, Any] | None) -> bool:
    """Whether a document with those attributes passes a filter that `require_filter` took.

    A document without the attribute passes only `notEquals` and `notIn`.
    """
    if given is None:
        return True
    ((name, inner),) = given.items()
    if name == "andAll":
        return _each(all, values, inner)
    if name == "orAll":
        return _each(any, values, inner)
    if inner["key"] not in values:
        return name in _NEGATED
    return _TESTS[name](values[inner["key"]], inner["value"])


def _each(
    quantifier: Callable[[Iterator[bool]], bool],
    values: Mapping[str, Any],
    filters: Sequence[Mapping[str, Any]],
) -> bool:
    return quantifier(satisfies(values, each) for each in filters)
