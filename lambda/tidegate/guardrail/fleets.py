"""What CloudWatch knows of one fleet: counts and latency percentiles, an interval each. Pure.

SageMaker counts requests by endpoint configuration, which keeps the fleets of one variant apart
while an update runs. Percentiles are all that CloudWatch gives of latencies; what they say for sure
of the number of slow requests is a lower bound.
"""

from collections.abc import Iterable, Mapping

from tidegate.values import value

PERCENTILES = (10, 25, 50, 75, 90)
"""Which percentiles of latency are read."""


@value
class Fleet:
    """The instances of one endpoint configuration behind one production variant."""

    endpoint_name: str
    variant: str
    config_name: str


@value
class FleetCounts:
    """What a fleet did in one interval. `percentiles` are latencies in milliseconds."""

    interval: int
    requests: int
    errors: int
    percentiles: Mapping[int, float]

    def surely_slow(self, limit_milliseconds: float) -> int:
        """How many requests at least were slower than the limit: a lower bound.

        Where the p-th percentile is above the limit, so are all requests from there on.
        """
        above = [
            p for p, milliseconds in self.percentiles.items() if milliseconds > limit_milliseconds
        ]
        return self.requests * (100 - min(above)) // 100 if above else 0


@value
class FleetTotals:
    """Counts of several intervals together."""

    requests: int = 0
    errors: int = 0

    @property
    def error_rate(self) -> float | None:
        """Share of failed requests, None without any request."""
        return None if self.requests == 0 else self.errors / self.requests


def totals(counts: Iterable[FleetCounts]) -> FleetTotals:
    """All of the intervals added up."""
    known = list(counts)
    return FleetTotals(
        requests=sum(item.requests for item in known), errors=sum(item.errors for item in known)
    )


def typical_slow(counts: Iterable[FleetCounts]) -> float | None:
    """The 90th percentile of latency over several intervals, None where nothing was answered.

    CloudWatch gives no percentile over percentiles: this is the mean of the intervals', weighted by
    their requests.
    """
    known = [item for item in counts if item.requests > 0 and 90 in item.percentiles]
    requests = sum(item.requests for item in known)
    if requests == 0:
        return None
    return sum(item.percentiles[90] * item.requests for item in known) / requests
