"""Metrics of asynchronous endpoints: names, units and dimensions of the developer guide.

Source: "Alarms and logs for tracking metrics from asynchronous endpoints", whose list is said to be
exhaustive: `Invocations`, `InvocationsPerInstance` and `OverheadLatency` are not in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.sagemaker.metrics import Publish, Samples
from emulator.sagemaker.names import Tenant

_UNITS = {
    "TotalProcessingTime": "Milliseconds",
    "TimeInBacklog": "Microseconds",
    "RequestDownloadLatency": "Microseconds",
    "ResponseUploadLatency": "Microseconds",
    "ModelLatency": "Microseconds",
    "ApproximateAgeOfOldestRequest": "Seconds",
    "Invocation4XXErrors": "None",
    "Invocation5XXErrors": "None",
}
"""All others are counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """The queue of an endpoint at one moment; `size` counts what is being processed too."""

    size: int
    oldest_seconds: float
    instances: int
    waiting: int

    def values(self) -> dict[str, float]:
        """The metrics by EndpointName. With no instances the size is told as of one."""
        return {
            "ApproximateBacklogSize": self.size,
            "ApproximateBacklogSizePerInstance": self.size / max(1, self.instances),
            "ApproximateAgeOfOldestRequest": self.oldest_seconds,
            "HasBacklogWithoutCapacity": float(self.waiting > 0 and self.instances == 0),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncMetrics:
    """Publishes what queues and their workers see."""

    publish: Publish

    def of_queue(self, tenant: Tenant, endpoint: str, gauges: Gauges) -> None:
        """The state of a queue counts now."""
        self._send(tenant, {"EndpointName": endpoint}, gauges.values())

    def of_request(
        self, tenant: Tenant, endpoint: str, variant: str, values: Mapping[str, float]
    ) -> None:
        """What became of one request counts now."""
        self._send(tenant, {"EndpointName": endpoint, "VariantName": variant}, values)

    def _send(
        self, tenant: Tenant, dimensions: Mapping[str, str], values: Mapping[str, float]
    ) -> None:
        for name, value in values.items():
            self.publish(
                Samples(
                    tenant=tenant,
                    metric=name,
                    dimensions=dimensions,
                    counted={float(value): 1.0},
                    unit=_UNITS.get(name, "Count"),
                )
            )
