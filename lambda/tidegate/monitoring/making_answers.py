"""The parts of a baseline that are of answers: predictions in each slice, and attributions."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegate.monitoring.answers import parts_of, put_parts
from tidegate.monitoring.baseline import ATTRIBUTIONS, PREDICTION, FeatureBaseline
from tidegate.monitoring.bins import Bins, Kind, Place, number_of
from tidegate.monitoring.columns import Columns, Row
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.placing import bins_of
from tidegate.monitoring.slices import Slicing

MOST_ATTRIBUTED = 100
"""Features whose attribution is told apart, the largest; the others are one."""


@dataclass(slots=True, kw_only=True)
class AnswerCounts:
    """Counts under way: by slice and season, and of attributions by season."""

    predicted: Bins | None
    cuts: Mapping[str, Bins]
    in_slices: Mapping[str, Sequence[Sequence[FeatureCounts]]]
    attributed: Bins | None
    attributions: Sequence[FeatureCounts]

    @classmethod
    def of(
        cls, columns: Columns, bins: Mapping[str, Bins], sample: Sequence[Row]
    ) -> "AnswerCounts":
        """Nothing is counted yet; bins are those of the columns, and what the sample places."""
        predicted = bins.get(PREDICTION)
        cuts = {
            name: _cut(edges, bins.get(name), [row.get(name) for row in sample])
            for name, edges in columns.slices.items()
        }
        wide = 0 if predicted is None else predicted.count
        seasons = range(columns.season.cells)
        attributed = _attributed(sample) if columns.attributions else None
        narrow = 0 if attributed is None else attributed.count
        return cls(
            predicted=predicted,
            cuts=cuts,
            in_slices={
                name: [[FeatureCounts.empty(wide) for _ in seasons] for _ in range(cut.count)]
                for name, cut in cuts.items()
            },
            attributed=attributed,
            attributions=[FeatureCounts.empty(narrow) for _ in seasons],
        )

    def put(self, row: Row, season: int) -> None:
        """One more row is counted."""
        if self.attributed is not None:
            parts = parts_of(row.get(ATTRIBUTIONS))
            put_parts(self.attributions[season], parts, self.attributed)
        if self.predicted is None:
            return
        for name, cut in self.cuts.items():
            place, _ = cut.place(row.get(name))
            if not isinstance(place, Place):
                counts = self.in_slices[name][place][season]
                counts.put(self.predicted, row.get(PREDICTION))

    def features(self) -> dict[str, FeatureBaseline]:
        """Attributions, as if they were one more feature."""
        if self.attributed is None:
            return {}
        cells = tuple(self.attributions)
        return {ATTRIBUTIONS: FeatureBaseline(bins=self.attributed, cells=cells)}

    def slices(self) -> dict[str, Slicing]:
        """How each column cuts traffic, with what was predicted in each slice."""
        return {
            name: Slicing(
                bins=cut,
                predictions=()
                if self.predicted is None
                else tuple(tuple(cells) for cells in self.in_slices[name]),
            )
            for name, cut in self.cuts.items()
        }


def _cut(edges: Sequence[float], own: Bins | None, values: Sequence[Any]) -> Bins:
    """The slices of a column: by edges, or as the bins of its values."""
    if not edges:
        return bins_of(values, is_category=False) if own is None else own
    numbers = [n for n in map(number_of, values) if not isinstance(n, Place)]
    low, high = min(numbers, default=-math.inf), max(numbers, default=math.inf)
    return Bins(kind=Kind.NUMBER, edges=tuple(sorted(edges)), low=low, high=high)


def _attributed(sample: Sequence[Row]) -> Bins:
    totals: Counter[str] = Counter()
    for row in sample:
        totals.update(parts_of(row.get(ATTRIBUTIONS)) or {})
    names = sorted(totals, key=lambda name: (-totals[name], name))
    return Bins(
        kind=Kind.CATEGORY, categories=tuple(names[:MOST_ATTRIBUTED]), known=frozenset(names)
    )
