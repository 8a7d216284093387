"""Invocation metrics of endpoints, as SageMaker publishes them to `AWS/SageMaker`.

A request costs a few dictionary look-ups here; everything counted goes to CloudWatch once a second
of wall time or more often. Names, units and the "1 for each such request, 0 otherwise" rule are
those of the developer guide, "SageMaker AI endpoint invocation metrics"; latencies are in
microseconds. Every metric exists twice: by endpoint and variant, and by these and the endpoint
configuration, which keeps an old and a new fleet of one variant apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import InvocationRecord

NAMESPACE = "AWS/SageMaker"

_Histogram = dict[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What CloudWatch is to count of one metric: each value as often as `counted` says."""

    tenant: Tenant
    metric: str
    dimensions: Mapping[str, str]
    counted: Mapping[float, float]
    unit: str


Publish = Callable[[Samples], None]


@dataclass(slots=True)
class _Counts:
    """What one variant of one configuration answered since the last flush."""

    invocations: int = 0
    errors_4xx: int = 0
    errors_5xx: int = 0
    model_errors: int = 0
    model_latency: _Histogram = field(default_factory=dict)
    overhead_latency: _Histogram = field(default_factory=dict)
    setup_time: _Histogram = field(default_factory=dict)
    utilization: dict[str, _Histogram] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EndpointMetrics:
    """Counts what the data plane answers; `flush` publishes it."""

    publish: Publish
    _counts: dict[tuple[Tenant, str, str, str], _Counts] = field(default_factory=dict)

    def record(self, tenant: Tenant, invocation: InvocationRecord) -> None:
        """The invocation is counted; it is published with the next flush."""
        key = (tenant, invocation.endpoint, invocation.variant, invocation.config)
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = _Counts()
        counts.invocations += 1
        if 400 <= invocation.status < 500:
            counts.errors_4xx += 1
        elif invocation.status >= 500:
            counts.errors_5xx += 1
        if invocation.model_error:
            counts.model_errors += 1
        if invocation.model_latency_microseconds is not None:
            _count(counts.model_latency, invocation.model_latency_microseconds)
        _count(counts.overhead_latency, invocation.overhead_latency_microseconds)
        if invocation.setup_microseconds is not None:
            _count(counts.setup_time, invocation.setup_microseconds)
        for name, share in invocation.utilization.items():
            _count(counts.utilization.setdefault(name, {}), share)

    def flush(self) -> int:
        """Everything counted so far is published; how many invocations that were."""
        taken = dict(self._counts)
        self._counts.clear()
        for (tenant, endpoint, variant, config), counts in taken.items():
            pair = {"EndpointName": endpoint, "VariantName": variant}
            for dimensions in (pair, pair | {"EndpointConfigName": config}):
                self._publish(tenant, dimensions, counts)
        return sum(counts.invocations for counts in taken.values())

    def _publish(self, tenant: Tenant, dimensions: Mapping[str, str], counts: _Counts) -> None:
        total = counts.invocations
        flags = {
            "Invocations": total,
            "Invocation4XXErrors": counts.errors_4xx,
            "Invocation5XXErrors": counts.errors_5xx,
            "InvocationModelErrors": counts.model_errors,
        }
        histograms = {name: _flags(count, total) for name, count in flags.items()}
        self._send(tenant, dimensions, histograms, "None")
        latencies = {
            "ModelLatency": counts.model_latency,
            "OverheadLatency": counts.overhead_latency,
            "ModelSetupTime": counts.setup_time,
        }
        self._send(tenant, dimensions, latencies, "Microseconds")
        self._send(tenant, dimensions, counts.utilization, "None")

    def _send(
        self,
        tenant: Tenant,
        dimensions: Mapping[str, str],
        histograms: Mapping[str, _Histogram],
        unit: str,
    ) -> None:
        for name, counted in histograms.items():
            if counted:
                samples = Samples(
                    tenant=tenant, metric=name, dimensions=dimensions, counted=counted, unit=unit
                )
                self.publish(samples)


def _flags(ones: int, total: int) -> _Histogram:
    counted = {1.0: float(ones), 0.0: float(total - ones)}
    return {value: count for value, count in counted.items() if count > 0.0}


def _count(histogram: _Histogram, value: float) -> None:
    """The value is counted to three digits: a busy second stays small and p99 stays true."""
    rounded = float(f"{max(value, 0.0):.3g}")
    histogram[rounded] = histogram.get(rounded, 0.0) + 1.0
