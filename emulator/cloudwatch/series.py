"""Datapoints of one metric, and the statistics of any set of them. Pure.

A datapoint is what CloudWatch keeps of everything published for one second: how many samples,
their sum, extremes, and the samples themselves as {value: count} where they are known. A
statistic set has no samples, and CloudWatch then has no percentile either, unless all its samples
were equal (API reference, PutMetricData).
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)")
_NUMBER = r"\d{0,12}(?:\.\d{1,6})?"
_TRIMMED_COUNT = re.compile(rf"TC\(({_NUMBER}):({_NUMBER})\)")
BASIC_STATISTICS = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Datapoint:
    """The samples of a stretch of time; `samples` is None if only their statistics are known."""

    count: float
    total: float
    minimum: float
    maximum: float
    samples: Mapping[float, float] | None

    @property
    def average(self) -> float:
        """The mean of the samples."""
        return self.total / self.count


def of_values(counted: Mapping[float, float]) -> Datapoint:
    """The datapoint of values seen that many times each; at least one value."""
    return Datapoint(
        count=math.fsum(counted.values()),
        total=math.fsum(value * count for value, count in counted.items()),
        minimum=min(counted),
        maximum=max(counted),
        samples=dict(counted),
    )


def of_statistics(*, count: float, total: float, minimum: float, maximum: float) -> Datapoint:
    """The datapoint of a published statistic set."""
    uniform = minimum == maximum and math.isclose(total, minimum * count)
    samples = {minimum: count} if uniform else None
    return Datapoint(count=count, total=total, minimum=minimum, maximum=maximum, samples=samples)


def merge(points: Iterable[Datapoint]) -> Datapoint | None:
    """All samples together, or None if there is no point."""
    listed = list(points)
    if len(listed) < 2:
        return listed[0] if listed else None
    return Datapoint(
        count=math.fsum(point.count for point in listed),
        total=math.fsum(point.total for point in listed),
        minimum=min(point.minimum for point in listed),
        maximum=max(point.maximum for point in listed),
        samples=_merged_samples(listed),
    )


def _merged_samples(points: Iterable[Datapoint]) -> dict[float, float] | None:
    merged: dict[float, float] = {}
    for point in points:
        if point.samples is None:
            return None
        for value, count in point.samples.items():
            merged[value] = merged.get(value, 0.0) + count
    return merged


def is_statistic(name: str) -> bool:
    """Whether the statistic can be computed here: the basic ones, percentiles, counts in a range.

    Of the trimmed ones that is `TC(a:b)` with values, one of which may be left out.
    """
    return any(
        (name in BASIC_STATISTICS, _PERCENTILE.fullmatch(name), _TRIMMED_COUNT.fullmatch(name))
    )


def statistic(point: Datapoint, name: str) -> float | None:
    """The statistic (`Sum`, `p99`...) of the point; None when CloudWatch has none for it."""
    basic = {
        "SampleCount": point.count,
        "Sum": point.total,
        "Minimum": point.minimum,
        "Maximum": point.maximum,
    }
    if name in basic:
        return basic[name]
    if name == "Average":
        return point.average
    within = _TRIMMED_COUNT.fullmatch(name)
    if within is not None:
        return None if point.samples is None else _count_within(point.samples, *within.groups())
    found = _PERCENTILE.fullmatch(name)
    if found is None:
        raise ValueError(
            f"the statistic is not emulated, got {name!r}: use {', '.join(BASIC_STATISTICS)} or pNN"
        )
    if point.samples is None or point.minimum < 0.0:
        return None
    return percentile(point.samples, float(found[1]))


def _count_within(samples: Mapping[float, float], above: str, through: str) -> float:
    """How many samples lie above the first value, and not above the second (as of TC)."""
    low = -math.inf if above == "" else float(above)
    high = math.inf if through == "" else float(through)
    return math.fsum(count for value, count in samples.items() if low < value <= high)


def percentile(samples: Mapping[float, float], percent: float) -> float:
    """The percentile with linear interpolation between the two nearest ranks.

    As if every value stood there as often as it was seen; NumPy's default, which ministack found
    CloudWatch to agree with.
    """
    ordered = sorted(samples.items())
    total = math.fsum(count for _, count in ordered)
    rank = percent / 100.0 * max(total - 1.0, 0.0)
    low, high = _at(ordered, math.floor(rank)), _at(ordered, math.floor(rank) + 1)
    return low + (rank - math.floor(rank)) * (high - low)


def _at(ordered: list[tuple[float, float]], index: float) -> float:
    seen = 0.0
    for value, count in ordered:
        seen += count
        if index < seen:
            return value
    return ordered[-1][0]
