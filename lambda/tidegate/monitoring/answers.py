"""Answers as counts: what they are attributed to, and what they are in each slice.

An answer's attributions (SHAP values, contributions) say how much each feature moved it. Counted is
each feature's part of the sum of their sizes: one request is one vote, shared by the features. So a
feature's mean part is a share like any other, with the same bets and bounds.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tidegate.monitoring.baseline import PREDICTION
from tidegate.monitoring.bins import Bins, Place, number_of
from tidegate.monitoring.counts import FeatureCounts, Window
from tidegate.monitoring.slices import Slicing, names_in, of_slice


def parts_of(raw: Any, *, columns: Sequence[str] = ()) -> Mapping[str, float] | None:
    """Each feature's part of all attribution, adding up to 1; None where there is none to be read.

    An object names the features; a list has them in the order of the columns.
    """
    if isinstance(raw, list):
        if len(raw) != len(columns):
            return None
        raw = dict(zip(columns, raw, strict=True))
    if not isinstance(raw, dict) or not raw:
        return None
    sizes: dict[str, float] = {}
    for name, told in raw.items():
        number = number_of(told)
        if isinstance(number, Place):
            return None
        sizes[name] = abs(number)
    total = sum(sizes.values())
    if total <= 0 or not math.isfinite(total):
        return None
    return {name: size / total for name, size in sizes.items()}


def count_attributions(
    counts: FeatureCounts, told: Any, bins: Bins, *, columns: Sequence[str]
) -> None:
    """The answer's attributions are counted; several, of a list of objects, share its vote."""
    several = isinstance(told, list) and bool(told) and isinstance(told[0], (list, dict))
    many = told if several else [told]
    for one in many:
        put_parts(counts, parts_of(one, columns=columns), bins, weight=1 / len(many))


def put_parts(
    counts: FeatureCounts, parts: Mapping[str, float] | None, bins: Bins, *, weight: float = 1.0
) -> None:
    """The parts are counted, those of features that the bins do not know as the others'."""
    if parts is None:
        counts.missing += weight
        return
    for name, part in parts.items():
        place, _ = bins.place(name)
        if not isinstance(place, Place):
            counts.bins[place] += weight * part


def count_slices(
    window: Window,
    rows: Sequence[Mapping[str, Any]],
    predictions: Sequence[Any],
    *,
    bins: Bins,
    slicings: Mapping[str, Slicing],
) -> None:
    """The prediction of each record is counted in each slice that the record is in."""
    for row, prediction in zip(rows, predictions, strict=True):
        for name in _slices_of(slicings, row):
            counts = window.features.get(name)
            if counts is None:
                counts = window.features[name] = FeatureCounts.empty(bins.count)
            counts.put(bins, prediction, weight=1 / len(rows))


def _slices_of(slicings: Mapping[str, Slicing], row: Mapping[str, Any]) -> Iterator[str]:
    with_predictions = {name: one for name, one in slicings.items() if one.predictions}
    return (of_slice(name, PREDICTION) for name in names_in(with_predictions, row))


def ndcg(was: Mapping[str, float], now: Mapping[str, float]) -> float:
    """How alike two rankings of features are: 1 for the same, normalized discounted gain.

    As SageMaker Model Monitor has it ("Monitor Feature Attribution Drift for Models in
    Production"): gains are the baseline's attributions, taken in the order of the new ones. It
    raises an alert below 0.90.
    """
    best = _gain(was, sorted(was, key=lambda name: (-was[name], name)))
    order = sorted(was, key=lambda name: (-now.get(name, 0.0), name))
    return _gain(was, order) / best if best > 0 else 1.0


def _gain(gains: Mapping[str, float], order: Sequence[str]) -> float:
    return sum(gains[name] / math.log2(place + 2) for place, name in enumerate(order))
