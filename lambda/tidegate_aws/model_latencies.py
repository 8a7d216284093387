"""How long each variant's model took, from SageMaker's metric, as counts in our buckets.

CloudWatch keeps the distribution of `ModelLatency`; its trimmed count `TC(a:b)` says how many
values lie above a and not above b (CloudWatch user guide, "CloudWatch statistics definitions").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tidegate import latency
from tidegate.intervals import INTERVAL_SECONDS, interval_of

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

    from tidegate.latency import Histogram

_MICROSECONDS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWatchModelLatencies:
    """Port `ModelLatencies` over the metric `ModelLatency` of a variant."""

    client: CloudWatchClient

    def read(
        self, endpoint_name: str, slot: str, *, from_interval: int, through: int
    ) -> Mapping[int, Histogram]:
        """Interval to latencies. Asks for the extremes first, and then for the buckets between."""
        span = (_moment(from_interval), _moment(through + 1))
        metric = _metric(endpoint_name, slot)
        extremes = self._series({"low": "Minimum", "high": "Maximum"}, metric, span)
        if not extremes["low"]:
            return {}
        buckets = range(
            _bucket(min(extremes["low"].values())), _bucket(max(extremes["high"].values())) + 1
        )
        counts = self._series({f"b{b}": _within(b) for b in buckets}, metric, span)
        found: dict[int, dict[int, int]] = {}
        for bucket in buckets:
            for interval, count in counts[f"b{bucket}"].items():
                if round(count) > 0:
                    found.setdefault(interval, {})[bucket] = round(count)
        return found

    def _series(
        self, statistics: Mapping[str, str], metric: Mapping[str, Any], span: tuple[Any, Any]
    ) -> dict[str, dict[int, float]]:
        found: dict[str, dict[int, float]] = {name: {} for name in statistics}
        pages = self.client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=list(_queries(statistics, metric)),
            StartTime=span[0],
            EndTime=span[1],
            ScanBy="TimestampAscending",
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                moments = (interval_of(moment.timestamp()) for moment in result["Timestamps"])
                found[result["Id"]].update(zip(moments, result["Values"], strict=True))
        return found


def _metric(endpoint_name: str, slot: str) -> dict[str, Any]:
    dimensions = {"EndpointName": endpoint_name, "VariantName": slot}
    return {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ModelLatency",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }


def _queries(statistics: Mapping[str, str], metric: Mapping[str, Any]) -> Iterator[Any]:
    for name, statistic in statistics.items():
        stat = {"Metric": metric, "Period": INTERVAL_SECONDS, "Stat": statistic}
        yield {"Id": name, "MetricStat": stat}


def _bucket(microseconds: float) -> int:
    return latency.bucket_of(microseconds / _MICROSECONDS)


def _within(bucket: int) -> str:
    """The statistic that counts a bucket; the first and the last have no bound on one side."""
    low = "" if bucket == 0 else _edge(bucket - 1)
    high = "" if bucket == latency.BUCKET_COUNT - 1 else _edge(bucket)
    return f"TC({low}:{high})"


def _edge(bucket: int) -> str:
    return f"{latency.upper_edge_milliseconds(bucket) * _MICROSECONDS:.3f}"


def _moment(interval: int) -> datetime:
    return datetime.fromtimestamp(interval * INTERVAL_SECONDS, UTC)
