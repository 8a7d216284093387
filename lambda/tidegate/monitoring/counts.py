"""Counts of one feature and of one window: they can be added up, and hold no value of anybody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.monitoring.bins import Bins, Place


@dataclass(slots=True, kw_only=True)
class FeatureCounts:
    """How many values fell where. One request is one vote, shared by its rows."""

    bins: list[float]
    missing: float = 0.0
    invalid: float = 0.0
    strange: float = 0.0

    @classmethod
    def empty(cls, count: int) -> "FeatureCounts":
        """Counts of nothing yet."""
        return cls(bins=[0.0] * count)

    @property
    def present(self) -> float:
        """Values that are in a bin."""
        return sum(self.bins)

    @property
    def total(self) -> float:
        """Values, missing and impossible ones too."""
        return self.present + self.missing + self.invalid

    def put(self, bins: Bins, raw: Any, *, weight: float = 1.0) -> None:
        """One more value is counted."""
        place, strange = bins.place(raw)
        if place is Place.MISSING:
            self.missing += weight
        elif place is Place.INVALID:
            self.invalid += weight
        else:
            self.bins[place] += weight
            self.strange += weight if strange else 0.0

    def add(self, other: "FeatureCounts") -> None:
        """The other counts are in these too."""
        self.bins = [one + more for one, more in zip(self.bins, other.bins, strict=True)]
        self.missing += other.missing
        self.invalid += other.invalid
        self.strange += other.strange

    def to_json(self) -> list[Any]:
        """The counts in JSON types."""
        bins = [_short(count) for count in self.bins]
        return [bins, _short(self.missing), _short(self.invalid), _short(self.strange)]

    @classmethod
    def from_json(cls, data: Iterable[Any]) -> "FeatureCounts":
        """The inverse of `to_json`."""
        bins, missing, invalid, strange = data
        return cls(bins=list(bins), missing=missing, invalid=invalid, strange=strange)


@dataclass(slots=True, kw_only=True)
class Window:
    """What was asked in one stretch of time. `index` counts windows since the epoch."""

    index: int
    requests: int = 0
    repeated: int = 0
    """Requests of clients that had been counted in this window: they are no evidence."""
    features: dict[str, FeatureCounts] = field(default_factory=dict)
    clients: set[str] = field(default_factory=set)
    """Digests of those who were counted, where clients count once."""

    def to_json(self) -> dict[str, Any]:
        """The window in JSON types."""
        return {
            "index": self.index,
            "requests": self.requests,
            "repeated": self.repeated,
            "features": {name: counts.to_json() for name, counts in self.features.items()},
            "clients": sorted(self.clients),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Window":
        """The inverse of `to_json`."""
        features = data["features"].items()
        return cls(
            index=data["index"],
            requests=data["requests"],
            repeated=data["repeated"],
            features={name: FeatureCounts.from_json(counts) for name, counts in features},
            clients=set(data["clients"]),
        )


def _short(count: float) -> float:
    """Whole numbers stay whole; thirds of a request are kept to a billionth."""
    rounded = round(count, 9)
    return int(rounded) if rounded == int(rounded) else rounded
