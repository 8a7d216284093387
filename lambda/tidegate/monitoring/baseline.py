"""The baseline: how the values were distributed in the data that a model was trained on.

Its own sampling error counts: it is kept as counts, with the number of rows that they are of.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.monitoring.bins import Bins
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.seasons import Season
from tidegate.monitoring.slices import MOST_SLICES, Evaluation, Slicing
from tidegate.values import value

FORMAT = 1
PREDICTION = "(prediction)"
"""The name under which answers are counted, as if they were one more feature."""
ATTRIBUTIONS = "(attributions)"
"""The name under which it is counted which features answers are attributed to."""
NO_FEATURES = (PREDICTION, ATTRIBUTIONS)
"""What is counted of answers, not of requests."""


@value
class FeatureBaseline:
    """One feature: its bins, and the counts of each season."""

    bins: Bins
    cells: tuple[FeatureCounts, ...]

    def to_json(self) -> dict[str, Any]:
        """The feature in JSON types."""
        return {"bins": self.bins.to_json(), "cells": [cell.to_json() for cell in self.cells]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "FeatureBaseline":
        """The inverse of `to_json`."""
        cells = tuple(FeatureCounts.from_json(cell) for cell in data["cells"])
        return cls(bins=Bins.from_json(data["bins"]), cells=cells)


@value
class Baseline:
    """What requests and answers looked like. `placing_rows` placed the bins, `rows` were counted.

    They are different rows: bins that were placed by what is counted in them would be fuller, or
    emptier, than new data ever makes them.
    """

    features: Mapping[str, FeatureBaseline]
    rows: int
    placing_rows: int
    season: Season = Season.NONE
    slices: Mapping[str, Slicing] = field(default_factory=dict)
    """By feature, how traffic is cut."""
    evaluation: Evaluation | None = None
    """How well labels were told; None where the baseline was made without an evaluation."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The features of requests."""
        return tuple(name for name in self.features if name not in NO_FEATURES)

    def sliced_by(self, features: Iterable[str]) -> dict[str, Slicing]:
        """How these features cut traffic; slices are numbered in this order.

        A trained version's baseline may be from before a feature was asked for: it is left out.
        """
        return {name: self.slices[name] for name in sorted(features) if name in self.slices}

    @property
    def digest(self) -> str:
        """Tells baselines apart: evidence against one says nothing of another."""
        return hashlib.sha256(self.text().encode()).hexdigest()[:16]

    def text(self) -> str:
        """The baseline as its file has it, the same bytes for the same baseline."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":")) + "\n"

    def to_json(self) -> dict[str, Any]:
        """The baseline in JSON types."""
        return {
            "format": FORMAT,
            "rows": self.rows,
            "placing_rows": self.placing_rows,
            "season": self.season.value,
            "features": {name: one.to_json() for name, one in self.features.items()},
            # Left out where there are none, so that older baselines keep their digests.
            **({"slices": _sliced(self.slices)} if self.slices else {}),
            **({} if self.evaluation is None else {"evaluation": self.evaluation.to_json()}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Baseline":
        """The inverse of `to_json`."""
        named, told = data["features"].items(), data.get("evaluation")
        return cls(
            features={name: FeatureBaseline.from_json(one) for name, one in named},
            rows=data["rows"],
            placing_rows=data["placing_rows"],
            season=Season(data["season"]),
            slices={name: Slicing.from_json(one) for name, one in data.get("slices", {}).items()},
            evaluation=None if told is None else Evaluation.from_json(told),
        )


def _sliced(slices: Mapping[str, Slicing]) -> dict[str, Any]:
    return {name: one.to_json() for name, one in slices.items()}


def read_baseline(text: str) -> Baseline:
    """The baseline in a file's text; InvalidValueError where it is none."""
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            found = data["format"]
            raise InvalidValueError([f"baseline is of format {found}, allowed: {FORMAT}"])
        baseline = Baseline.from_json(data)
        faults = [*_faults(baseline), *_slice_faults(baseline)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        made = "make it with 'tidegate monitor baseline'"
        fault = f"it is no baseline ({type(error).__name__}: {error}): {made}"
        raise InvalidValueError([fault]) from error
    if faults:
        raise InvalidValueError(faults)
    return baseline


def _faults(baseline: Baseline) -> list[str]:
    faults = [] if baseline.features else ["it has no features"]
    for name, feature in baseline.features.items():
        if len(feature.cells) != baseline.season.cells:
            faults.append(
                f"feature {name} has {len(feature.cells)} seasons, must have "
                f"{baseline.season.cells}"
            )
        for cell in feature.cells:
            counts = (*cell.bins, cell.missing, cell.invalid, cell.strange)
            if len(cell.bins) != feature.bins.count:
                faults.append(
                    f"feature {name} has counts of {len(cell.bins)} bins, must have "
                    f"{feature.bins.count}"
                )
            elif any(count < 0 for count in counts):
                faults.append(f"feature {name} has a count below 0")
    return faults


def _slice_faults(baseline: Baseline) -> Iterator[str]:
    count = sum(slicing.bins.count for slicing in baseline.slices.values())
    if count > MOST_SLICES:
        yield f"it has {count} slices, at most {MOST_SLICES} are watched"
    for name, slicing in baseline.slices.items():
        for what, found in (
            ("predictions", slicing.predictions),
            ("evaluation", slicing.evaluation),
        ):
            if found and len(found) != slicing.bins.count:
                yield (
                    f"slices of {name} have {what} of {len(found)} slices, must have "
                    f"{slicing.bins.count}"
                )
