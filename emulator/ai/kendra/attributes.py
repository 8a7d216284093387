"""Attributes of documents: their types in the index, and the filters that ask about them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from emulator.jsonapi import NOT_EMULATED, RefusedRequestError, not_emulated

STRING, STRINGS, LONG, DATE = "STRING_VALUE", "STRING_LIST_VALUE", "LONG_VALUE", "DATE_VALUE"
MEMBERS: Mapping[str, str] = {
    STRING: "StringValue",
    STRINGS: "StringListValue",
    LONG: "LongValue",
    DATE: "DateValue",
}
RESERVED: Mapping[str, str] = {
    "_authors": STRINGS,
    "_category": STRING,
    "_created_at": DATE,
    "_data_source_id": STRING,
    "_data_source_sync_job_execution_id": STRING,
    "_document_id": STRING,
    "_document_title": STRING,
    "_excerpt_page_number": LONG,
    "_faq_id": STRING,
    "_file_type": STRING,
    "_language_code": STRING,
    "_last_updated_at": DATE,
    "_source_uri": STRING,
    "_tenant_id": STRING,
    "_version": STRING,
    "_view_count": LONG,
}
"""Fields that every index has (developer guide, "Reserved or common document fields")."""
OF_READERS = ("_user_id", "_group_ids")

Values = Mapping[str, Any]
"""Values by key: str, list of str, int, or seconds since 1970."""
Types = Mapping[str, str]


def types_of(index: Mapping[str, Any]) -> dict[str, str]:
    """The type of every attribute that documents of an index may have."""
    declared = {
        field["Name"]: field["Type"] for field in index.get("DocumentMetadataConfigurations", ())
    }
    return {**RESERVED, **declared}


def values_of(attributes: Sequence[Mapping[str, Any]], types: Types) -> dict[str, Any]:
    """The values of a document's attributes; ValueError names all that the index does not take."""
    wrong = [fault for each in attributes for fault in _faults(each["Key"], each["Value"], types)]
    if wrong:
        raise ValueError("; ".join(wrong))
    return {each["Key"]: _value(each["Value"]) for each in attributes}


def members_of(values: Values, types: Types, wanted: Sequence[str] | None) -> list[dict[str, Any]]:
    """The values as answers list them, those that are wanted only."""
    return [
        {"Key": key, "Value": {MEMBERS[types[key]]: value}}
        for key, value in sorted(values.items())
        if wanted is None or key in wanted
    ]


def _faults(key: str, value: Mapping[str, Any], types: Types) -> Iterator[str]:
    given = [member for member in value if value[member] is not None]
    if key not in types:
        yield f"The index has no attribute {key}"
    elif given != [MEMBERS[types[key]]] or not _is_of(types[key], _value(value)):
        got = ", ".join(f"{member} {value[member]!r}" for member in given) or "nothing"
        yield f"The attribute {key} is a {MEMBERS[types[key]]}, got {got}"


def _is_of(kind: str, value: Any) -> bool:
    if kind == STRINGS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    wanted = {STRING: str, LONG: int, DATE: int | float}[kind]
    return isinstance(value, wanted) and not isinstance(value, bool)


def _value(value: Mapping[str, Any]) -> Any:
    return next(each for each in value.values() if each is not None)


def _equal(mine: Any, asked: Any) -> bool:
    return bool(mine == asked)


def _all(mine: Any, asked: Any) -> bool:
    return set(_listed(asked)) <= set(_listed(mine))


def _any(mine: Any, asked: Any) -> bool:
    return bool(set(_listed(asked)) & set(_listed(mine)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_TESTS: Mapping[str, tuple[Callable[[Any, Any], bool], frozenset[str]]] = {
    "EqualsTo": (_equal, frozenset({STRING, STRINGS, LONG, DATE})),
    "ContainsAll": (_all, frozenset({STRINGS})),
    "ContainsAny": (_any, frozenset({STRINGS})),
    "GreaterThan": (lambda mine, asked: mine > asked, frozenset({LONG, DATE})),
    "GreaterThanOrEquals": (lambda mine, asked: mine >= asked, frozenset({LONG, DATE})),
    "LessThan": (lambda mine, asked: mine < asked, frozenset({LONG, DATE})),
    "LessThanOrEquals": (lambda mine, asked: mine <= asked, frozenset({LONG, DATE})),
}


def require_filter(given: Mapping[str, Any], types: Types) -> None:
    """The filter asks only what the index can answer, or a refusal says all that it cannot."""
    if any(key in OF_READERS for key in _keys(given)):
        what = f"filters on {' and '.join(OF_READERS)}, only UserContext"
        raise RefusedRequestError(NOT_EMULATED, not_emulated(what))
    wrong = list(_filter_faults(given, types))
    if wrong:
        raise RefusedRequestError("ValidationException", "; ".join(wrong))


def _keys(given: Mapping[str, Any]) -> Iterator[str]:
    for name, inner in given.items():
        if name in _TESTS:
            yield inner["Key"]
        else:
            for each in _listed(inner):
                yield from _keys(each)


def _filter_faults(given: Mapping[str, Any], types: Types) -> Iterator[str]:
    if len(given) != 1:
        yield f"A filter has exactly one operation, got {', '.join(sorted(given)) or 'none'}"
    for name, inner in given.items():
        if name in _TESTS:
            yield from _faults(inner["Key"], inner["Value"], types)
            allowed = _TESTS[name][1]
            found = types.get(inner["Key"])
            if found is not None and found not in allowed:
                yield f"{name} asks about {', '.join(sorted(allowed))}, {inner['Key']} is a {found}"
        else:
            for each in _listed(inner):
                yield from _filter_faults(each, types)


def satisfies(values: Values, given: Mapping[str, Any]) -> bool:
    """Whether a document with those attributes passes a filter that `require_filter` took.

    A document without the attribute passes no test of it.
    """
    for name, inner in given.items():
        if name == "AndAllFilters":
            return all(satisfies(values, each) for each in inner)
        if name == "OrAllFilters":
            return any(satisfies(values, each) for each in inner)
        if name == "NotFilter":
            return not satisfies(values, inner)
        test = _TESTS[name][0]
        return inner["Key"] in values and test(values[inner["Key"]], _value(inner["Value"]))
    return True
