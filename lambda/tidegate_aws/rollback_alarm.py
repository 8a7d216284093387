"""The alarm on which SageMaker rolls an update back, and the metric that feeds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.guardrail.alarm import DIMENSION, METRIC, alarm_name

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_HIGH_RESOLUTION_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWatchRollbackAlarm:
    """Port `RollbackAlarm`: the judge's metric, and the alarm that the template makes."""

    client: CloudWatchClient
    metric_namespace: str

    def publish(self, endpoint_name: str, *, harm: bool) -> None:
        """The metric behind the alarm has one more value: 1 for harm, else 0."""
        self.client.put_metric_data(
            Namespace=self.metric_namespace,
            MetricData=[
                {
                    "MetricName": METRIC,
                    "Dimensions": [{"Name": DIMENSION, "Value": endpoint_name}],
                    "Value": 1.0 if harm else 0.0,
                    "StorageResolution": _HIGH_RESOLUTION_SECONDS,
                }
            ],
        )

    def firing(self, endpoint_name: str) -> bool:
        """Whether the alarm is in ALARM; one that is not there yet is not."""
        answer = self.client.describe_alarms(AlarmNames=[alarm_name(endpoint_name)])
        return any(alarm["StateValue"] == "ALARM" for alarm in answer["MetricAlarms"])
