"""What CloudWatch counted of fleets, which the endpoint configuration's name keeps apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tidegate.guardrail.fleets import PERCENTILES, Fleet, FleetCounts
from tidegate.intervals import INTERVAL_SECONDS, interval_of

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_NAMESPACE = "AWS/SageMaker"
_SUMS = {"requests": "Invocations", "errors": "Invocation5XXErrors"}
_MICROSECONDS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWatchFleetMetrics:
    """Port `FleetMetrics` over SageMaker's invocation metrics."""

    client: CloudWatchClient

    def read(self, fleet: Fleet, *, from_interval: int, through: int) -> tuple[FleetCounts, ...]:
        """The intervals in which the fleet was asked anything, in order; the last may grow."""
        series = self._series(fleet, from_interval=from_interval, through=through)
        return tuple(
            FleetCounts(
                interval=interval,
                requests=round(requests),
                errors=round(series["errors"].get(interval, 0.0)),
                percentiles={
                    percentile: series[f"p{percentile}"][interval] / _MICROSECONDS
                    for percentile in PERCENTILES
                    if interval in series[f"p{percentile}"]
                },
            )
            for interval, requests in sorted(series["requests"].items())
            if requests > 0
        )

    def _series(
        self, fleet: Fleet, *, from_interval: int, through: int
    ) -> dict[str, dict[int, float]]:
        pages = self.client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=list(_queries(fleet)),
            StartTime=_moment(from_interval),
            EndTime=_moment(through + 1),
            ScanBy="TimestampAscending",
        )
        found: dict[str, dict[int, float]] = {name: {} for name in _names()}
        for page in pages:
            for result in page["MetricDataResults"]:
                moments = (interval_of(moment.timestamp()) for moment in result["Timestamps"])
                found[result["Id"]].update(zip(moments, result["Values"], strict=True))
        return found


def _names() -> list[str]:
    return [*_SUMS, *(f"p{percentile}" for percentile in PERCENTILES)]


def _queries(fleet: Fleet) -> Iterable[Any]:
    for name, metric in _SUMS.items():
        yield _query(name, fleet, metric, "Sum")
    for percentile in PERCENTILES:
        yield _query(f"p{percentile}", fleet, "ModelLatency", f"p{percentile}")


def _query(name: str, fleet: Fleet, metric: str, statistic: str) -> Mapping[str, Any]:
    dimensions = {
        "EndpointName": fleet.endpoint_name,
        "VariantName": fleet.variant,
        "EndpointConfigName": fleet.config_name,
    }
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": _NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
            },
            "Period": INTERVAL_SECONDS,
            "Stat": statistic,
        },
    }


def _moment(interval: int) -> datetime:
    return datetime.fromtimestamp(interval * INTERVAL_SECONDS, UTC)
