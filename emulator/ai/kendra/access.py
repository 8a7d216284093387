"""Access-control lists of documents: who may find what.

A document without a list is everybody's. One with a list is found by users and groups that it
allows, and never by those that it denies (developer guide, "Filtering on user context").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.jsonapi import NOT_EMULATED, RefusedRequestError, not_emulated

ATTRIBUTE_FILTER, USER_TOKEN = "ATTRIBUTE_FILTER", "USER_TOKEN"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who asks: a user, groups, or nobody in particular."""

    user: str | None = None
    groups: frozenset[str] = field(default_factory=frozenset)

    def is_named(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry of a list is about the reader."""
        if entry["Type"] == "USER":
            return bool(entry["Name"] == self.user)
        return entry["Name"] in self.groups


def reader_of(context: Mapping[str, Any] | None, policy: str) -> Reader | None:
    """Who asks by a query's `UserContext`; None if the index shows such a query every document."""
    if context is None:
        return None if policy == ATTRIBUTE_FILTER else Reader()
    for member in ("Token", "DataSourceGroups"):
        if context.get(member) is not None:
            raise RefusedRequestError(NOT_EMULATED, not_emulated(f"UserContext.{member}"))
    return Reader(user=context.get("UserId"), groups=frozenset(context.get("Groups", ())))


def may_find(reader: Reader | None, entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the reader finds a document with that list."""
    if reader is None or not entries:
        return True
    named = {entry["Access"] for entry in entries if reader.is_named(entry)}
    return named == {"ALLOW"}
