"""Records cut to the shapes of the models' API, and lists of them filtered, sorted and paged."""

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.model import ListShape

from emulator import apimodels
from emulator.ai.pages import Paging
from emulator.jsonapi import Json

SERVICE = "lexv2-models"
WRONG = "ValidationException"
PAGES = Paging(most=10, code=WRONG, size="maxResults", token="nextToken")  # noqa: S106 - no secret
_SORTED_BY = {"LastUpdatedDateTime": "lastUpdatedDateTime", "CreationDateTime": "creationDateTime"}


def answer(operation: str, *records: Mapping[str, Any]) -> Json:
    """What the operation answers of the records' members, later records first."""
    shape = apimodels.service_model(SERVICE).operation_model(operation).output_shape
    known = {} if shape is None else shape.members
    merged = {name: value for record in records for name, value in record.items()}
    return {name: value for name, value in merged.items() if name in known and value is not None}


def given(operation: str, request: Mapping[str, Any]) -> Json:
    """What a request says of a record: all but what only names it or where it is."""
    shape = apimodels.service_model(SERVICE).operation_model(operation).input_shape
    members = {} if shape is None else shape.members
    return {
        name: value
        for name, value in request.items()
        if name in members and "location" not in members[name].serialization
    }


def listed(
    operation: str, member: str, records: Iterable[Mapping[str, Any]], request: Mapping[str, Any]
) -> Json:
    """A page of summaries under `member`, with what the request said of where they are."""
    shape = apimodels.service_model(SERVICE).operation_model(operation).output_shape
    assert shape is not None  # noqa: S101 - every list operation answers
    entries = shape.members[member]
    assert isinstance(entries, ListShape)  # noqa: S101 - as above
    kept = [record for record in records if _passes(record, request.get("filters") or [])]
    ordered = _ordered(kept, request.get("sortBy") or {})
    known = getattr(entries.member, "members", {})
    summaries = [
        {name: value for name, value in record.items() if name in known and value is not None}
        for record in ordered
    ]
    where = {name: value for name, value in request.items() if name != PAGES.token}
    return {**answer(operation, where), **PAGES.page(summaries, request, member=member)}


def _passes(record: Mapping[str, Any], filters: Iterable[Mapping[str, Any]]) -> bool:
    for wanted in filters:
        name = wanted["name"]
        value = str(record.get(name[0].lower() + name[1:], ""))
        wants = wanted["values"][0]
        fits = {"EQ": value == wants, "CO": wants in value, "NE": value != wants}
        if not fits[wanted["operator"]]:
            return False
    return True


def _ordered(
    records: list[Mapping[str, Any]], wanted: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    if not wanted:
        return records
    attribute = wanted["attribute"]
    member = _SORTED_BY.get(attribute, attribute[0].lower() + attribute[1:])
    by_number = member == "botVersion"

    def key(record: Mapping[str, Any]) -> Any:
        value = record.get(member)
        return (value is not None, value.zfill(5) if by_number and value else value)

    return sorted(records, key=key, reverse=wanted["order"] == "Descending")
