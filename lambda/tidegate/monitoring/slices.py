"""Slices: parts of the traffic by the value of one feature, whose quality is watched apart.

A slice that decays hides in the mean of all traffic. A feature is cut into the bins of its baseline
or by edges of its own; a value that is missing or impossible is in no slice.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tidegate.monitoring.bins import Bins, Kind, Place
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.scores import ScoreCounts
from tidegate.values import value

MOST_SLICES = 200
"""Slices of one baseline: state, memory and time of a run grow by each."""


@value
class Slicing:
    """How a feature is cut, and what the baseline has of each slice.

    `predictions` are the counts of predictions of each season, by slice; `evaluation` is how well
    labels were told. Either is empty where the baseline was made without it.
    """

    bins: Bins
    predictions: tuple[tuple[FeatureCounts, ...], ...] = ()
    evaluation: tuple[ScoreCounts, ...] = ()

    def name(self, feature: str, index: int) -> str:
        """A slice as people read it."""
        sign = " = " if self.bins.kind is Kind.CATEGORY else " "
        return f"{feature}{sign}{self.bins.name(index)}"

    def index(self, raw: Any) -> int | None:
        """The slice that a value is in."""
        place, _ = self.bins.place(raw)
        return None if isinstance(place, Place) else place

    def to_json(self) -> dict[str, Any]:
        """The slicing in JSON types."""
        return {
            "bins": self.bins.to_json(),
            "predictions": [[cell.to_json() for cell in cells] for cells in self.predictions],
            "evaluation": [counts.to_json() for counts in self.evaluation],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Slicing":
        """The inverse of `to_json`."""
        return cls(
            bins=Bins.from_json(data["bins"]),
            predictions=tuple(
                tuple(FeatureCounts.from_json(cell) for cell in cells)
                for cells in data["predictions"]
            ),
            evaluation=tuple(ScoreCounts.from_json(counts) for counts in data["evaluation"]),
        )


@value
class Evaluation:
    """What the model's evaluation found: labels by score, of rows it was not trained on.

    A prediction is positive from `threshold` on; without one the score says how sure the model is
    of its answer, and a label is positive where the answer was right.
    """

    counts: ScoreCounts
    threshold: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The evaluation in JSON types."""
        return {"counts": self.counts.to_json(), "threshold": self.threshold}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Evaluation":
        """The inverse of `to_json`."""
        return cls(counts=ScoreCounts.from_json(data["counts"]), threshold=data["threshold"])


def is_wrong(score: float, *, positive: bool, threshold: float | None) -> bool:
    """Whether a prediction of this score erred, of whose label it is known that it is positive."""
    return not positive if threshold is None else (score >= threshold) is not positive


def names_of(slicings: Mapping[str, Slicing]) -> Iterator[tuple[str, str, int, Slicing]]:
    """Each slice: its name, its feature, which of the feature's slices it is, and how that is cut.

    Always in the same order, by which slices are numbered.
    """
    for feature in sorted(slicings):
        slicing = slicings[feature]
        for index in range(slicing.bins.count):
            yield slicing.name(feature, index), feature, index, slicing


def numbers_in(slicings: Mapping[str, Slicing], row: Mapping[str, Any]) -> Iterator[int]:
    """The number of each slice that a record is in."""
    first = 0
    for feature in sorted(slicings):
        index = slicings[feature].index(row.get(feature))
        if index is not None:
            yield first + index
        first += slicings[feature].bins.count


def names_in(slicings: Mapping[str, Slicing], row: Mapping[str, Any]) -> Iterator[str]:
    """The name of each slice that a record is in."""
    for feature in sorted(slicings):
        index = slicings[feature].index(row.get(feature))
        if index is not None:
            yield slicings[feature].name(feature, index)


def of_slice(name: str, what: str) -> str:
    """What is watched of a slice, as if it were one more feature."""
    return f"{name} {what}"
