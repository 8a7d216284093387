"""The bins that a feature's values are counted in, and what counts as no value of it at all."""

import math
from bisect import bisect_left
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tidegate.values import value

MOST_BINS = 10
MOST_CATEGORIES = 20
MOST_KNOWN = 500
OTHER = "(other)"


class Kind(StrEnum):
    """What the values of a feature are."""

    NUMBER = "number"
    CATEGORY = "category"


class Place(StrEnum):
    """Where a value that is in no bin is counted."""

    MISSING = "missing"
    INVALID = "invalid"


@value
class Bins:
    """The bins of one feature. Numbers: bin k holds those above `edges[k-1]`, up to `edges[k]`.

    Categories: a bin each for the usual ones, and a last one for all others. `low` and `high` are
    the range, `known` all categories, of the rows that placed the bins.
    """

    kind: Kind
    edges: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 0.0
    categories: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        """How many bins there are."""
        return len(self.edges) + 1 if self.kind is Kind.NUMBER else len(self.categories) + 1

    def place(self, raw: Any) -> tuple[int | Place, bool]:
        """The bin of a value, or why it has none; and whether it is strange: out of range, new."""
        if self.kind is Kind.NUMBER:
            number = number_of(raw)
            if isinstance(number, Place):
                return number, False
            return bisect_left(self.edges, number), not self.low <= number <= self.high
        text = category_of(raw)
        if isinstance(text, Place):
            return text, False
        usual = text in self.categories
        place = self.categories.index(text) if usual else len(self.categories)
        return place, text not in self.known

    def name(self, index: int) -> str:
        """A bin as people read it."""
        if self.kind is Kind.CATEGORY:
            return OTHER if index == len(self.categories) else self.categories[index]
        if not self.edges:
            return "all values"
        if index == 0:
            return f"up to {self.edges[0]:g}"
        if index == len(self.edges):
            return f"above {self.edges[-1]:g}"
        return f"{self.edges[index - 1]:g} to {self.edges[index]:g}"

    def to_json(self) -> dict[str, Any]:
        """The bins in JSON types."""
        if self.kind is Kind.NUMBER:
            range_ = [self.low, self.high]
            return {"kind": self.kind.value, "edges": list(self.edges), "range": range_}
        return {
            "kind": self.kind.value,
            "categories": list(self.categories),
            "known": sorted(self.known),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Bins":
        """The inverse of `to_json`."""
        kind = Kind(data["kind"])
        if kind is Kind.NUMBER:
            low, high = data["range"]
            return cls(kind=kind, edges=tuple(data["edges"]), low=low, high=high)
        known = frozenset(data["known"])
        return cls(kind=kind, categories=tuple(data["categories"]), known=known)


def number_of(raw: Any) -> float | Place:
    """The number that a value is; text of a CSV may be one too."""
    if raw is None or raw == "":
        return Place.MISSING
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return Place.INVALID
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return Place.INVALID
    if math.isnan(number):
        return Place.MISSING
    return number if math.isfinite(number) else Place.INVALID


def category_of(raw: Any) -> str | Place:
    """The category that a value is; numbers and truth values are named as JSON writes them."""
    if raw is None or raw == "":
        return Place.MISSING
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, (int, float)):
        return f"{raw:g}"
    return raw if isinstance(raw, str) else Place.INVALID
