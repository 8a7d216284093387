"""Every metric that was published, by tenant, namespace, name and exact set of dimensions.

CloudWatch never aggregates over dimensions for custom metrics: a metric with other dimensions is
another metric. Datapoints are kept by the second for three hours and by the minute for fifteen
days, as CloudWatch keeps them (its documentation: high resolution, then one minute).
"""

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from emulator.cloudwatch.series import Datapoint, merge

FINE_SECONDS = 3 * 3600
RETAINED_SECONDS = 15 * 24 * 3600
LISTED_SECONDS = 14 * 24 * 3600
"""ListMetrics forgets a metric that had no new data for two weeks."""

Dimensions = tuple[tuple[str, str], ...]


def dimensions_of(pairs: Mapping[str, str]) -> Dimensions:
    """The dimensions in the one order in which they are compared."""
    return tuple(sorted(pairs.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricKey:
    """One metric: two with any difference here share nothing."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: Dimensions = ()


@dataclass(slots=True)
class _Series:
    points: dict[int, Datapoint] = field(default_factory=dict)
    unit: str = "None"
    version: int = 0
    newest: int | None = None


class MetricStore:
    """Datapoints by metric; all times are whole seconds of the cloud's clock.

    Lambda functions and stacks publish from threads of their own, so every look takes the lock.
    """

    def __init__(self) -> None:
        self._series: dict[MetricKey, _Series] = {}
        self._lock = threading.Lock()
        self._version = 0

    def version_of(self, keys: Iterable[MetricKey]) -> int:
        """A number that grows with every datapoint of these, so that nobody looks at them twice."""
        known = (self._series.get(key) for key in keys)
        return max((series.version for series in known if series is not None), default=0)

    def newest_of(self, keys: Iterable[MetricKey]) -> int | None:
        """The second of the newest datapoint of these, None if there is none."""
        found = [moment for key in keys if (moment := self.newest(key)) is not None]
        return max(found, default=None)

    def add(self, key: MetricKey, moment: float, point: Datapoint, *, unit: str = "None") -> None:
        """The point's samples count for the second of `moment`."""
        second = int(moment)
        with self._lock:
            self._version += 1
            series = self._series.setdefault(key, _Series())
            series.unit, series.version = unit, self._version
            series.newest = second if series.newest is None else max(series.newest, second)
            known = series.points.get(second)
            merged = merge([point] if known is None else [known, point])
            if merged is not None:
                series.points[second] = merged

    def window(self, key: MetricKey, start: float, end: float) -> Datapoint | None:
        """All samples of [start, end) together, or None if there were none."""
        return merge(point for _, point in self._between(key, start, end))

    def buckets(
        self, key: MetricKey, start: float, end: float, period: int
    ) -> dict[int, Datapoint]:
        """The samples of [start, end) by period, each named by its first second, in order."""
        grouped: dict[int, list[Datapoint]] = {}
        for second, point in self._between(key, start, end):
            grouped.setdefault(second - second % period, []).append(point)
        merged = ((first, merge(points)) for first, points in sorted(grouped.items()))
        return {first: point for first, point in merged if point is not None}

    def _between(self, key: MetricKey, start: float, end: float) -> list[tuple[int, Datapoint]]:
        """The points of [start, end): by second when the stretch is short, else by point."""
        with self._lock:
            series = self._series.get(key)
            points = {} if series is None else series.points
            if end - start < len(points):
                seconds = range(math.ceil(start), math.ceil(end))
                return [(second, points[second]) for second in seconds if second in points]
            return [item for item in points.items() if start <= item[0] < end]

    def unit(self, key: MetricKey) -> str:
        """The unit that was published last."""
        series = self._series.get(key)
        return "None" if series is None else series.unit

    def newest(self, key: MetricKey) -> int | None:
        """The second of the newest datapoint."""
        series = self._series.get(key)
        return None if series is None else series.newest

    def keys(self, account: str, region: str) -> Iterator[MetricKey]:
        """Every metric of the tenant."""
        return (k for k in tuple(self._series) if (k.account, k.region) == (account, region))

    def prune(self, now: float) -> None:
        """Nothing is older than fifteen days, and what is older than three hours is by minute."""
        with self._lock:
            for key, series in tuple(self._series.items()):
                series.points = _pruned(series.points, now)
                if not series.points:
                    del self._series[key]

    def clear(self) -> None:
        """There is no metric."""
        with self._lock:
            self._series.clear()


def _pruned(points: Mapping[int, Datapoint], now: float) -> dict[int, Datapoint]:
    kept: dict[int, Datapoint] = {}
    for second, point in points.items():
        if second < now - RETAINED_SECONDS:
            continue
        place = second - second % 60 if second < now - FINE_SECONDS else second
        merged = merge([kept[place], point] if place in kept else [point])
        if merged is not None:
            kept[place] = merged
    return kept
