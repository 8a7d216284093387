"""Filters, order and pages of the list operations. Pure.

A page token is the position where the next page begins, for the same filters; AWS's is opaque too.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from emulator.sagemaker import errors

DEFAULT_PAGE = 10
"""Names a page, when MaxResults is absent."""


class Listed(Protocol):
    """What can be listed: it has a name and a time of creation."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def created(self) -> float:
        """When it was created, in Unix seconds."""
        ...


Record = TypeVar("Record", bound=Listed)


@dataclass(frozen=True, slots=True)
class Page(Generic[Record]):
    """One page, and the token of the next one."""

    records: tuple[Record, ...]
    next_token: str | None

    def answer(self, member: str, summary: Callable[[Record], Mapping[str, Any]]) -> dict[str, Any]:
        """The response shape of a list operation."""
        answer: dict[str, Any] = {member: [summary(record) for record in self.records]}
        if self.next_token is not None:
            answer["NextToken"] = self.next_token
        return answer


def page_of(
    records: Sequence[Record],
    request: Mapping[str, Any],
    orders: Mapping[str, Callable[[Record], Any]] | None = None,
) -> Page[Record]:
    """The page that the request asks for; `orders` are keys for further values of `SortBy`."""
    kept = [record for record in records if _wanted(record, request)]
    known: dict[str, Callable[[Record], Any]] = {
        "Name": lambda record: record.name,
        "CreationTime": lambda record: record.created,
        **({} if orders is None else orders),
    }
    key = known[request.get("SortBy", "CreationTime")]
    ascending = request.get("SortOrder", "Descending") == "Ascending"
    kept.sort(key=lambda record: (key(record), record.name), reverse=not ascending)
    start = _position(request.get("NextToken"))
    end = start + int(request.get("MaxResults", DEFAULT_PAGE))
    return Page(tuple(kept[start:end]), _token(end) if end < len(kept) else None)


def _wanted(record: Listed, request: Mapping[str, Any]) -> bool:
    return (
        str(request.get("NameContains", "")).lower() in record.name.lower()
        and record.created >= float(request.get("CreationTimeAfter", float("-inf")))
        and record.created <= float(request.get("CreationTimeBefore", float("inf")))
    )


def _token(position: int) -> str:
    return base64.b64encode(f"from {position}".encode()).decode()


def _position(token: str | None) -> int:
    if token is None:
        return 0
    try:
        words = base64.b64decode(token, validate=True).decode().split()
        return int(words[1])
    except (binascii.Error, UnicodeDecodeError, IndexError, ValueError) as error:
        raise errors.validation("Invalid NextToken.") from error
