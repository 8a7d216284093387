"""How often a fleet was asked: invocations of the function in its network, as Lambda counts them.

Source: Lambda developer guide, "Types of metrics for Lambda functions": Invocations. The load
balancer would not count requests that find no instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tidegate.ec2 import asking_function

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_PERIOD_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWatchDemand:
    """Port `Demand` over the metric `Invocations` of a fleet's function."""

    client: CloudWatchClient

    def __call__(self, endpoint_name: str, start: float, end: float) -> int:
        """How often the fleet was asked between two moments, in Unix seconds."""
        pages = self.client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[_query(asking_function(endpoint_name))],
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
        )
        values = [v for page in pages for r in page["MetricDataResults"] for v in r["Values"]]
        return round(sum(values))


def _query(function: str) -> Any:
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "FunctionName", "Value": function}],
    }
    stat = {"Metric": metric, "Period": _PERIOD_SECONDS, "Stat": "Sum"}
    return {"Id": "asked", "MetricStat": stat}
