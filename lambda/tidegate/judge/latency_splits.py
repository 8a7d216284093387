"""Turns latency into yes-or-no events: slower than an edge, with edges from the live slot's past.

An edge is a quantile of live latencies in strata *before* the one that is judged by it, so that the
question is fixed before the answer is seen. Until enough live latencies are known there are no
edges, and latency gives no evidence.
"""

import math

from tidegate import latency

QUANTILES: tuple[float, ...] = (0.5, 0.75, 0.9, 0.95, 0.99)
"""Quantiles of the live slot at which harm is looked for, each in a channel of its own."""

MARGIN_CHANNEL = QUANTILES.index(0.9)
"""The channel of the quantile that a guardrail's margin is about (`plan.Guardrail`)."""

LEAST_LATENCIES = 50
"""Live latencies needed before an edge is read from them."""

MEMORY_LATENCIES = 4_000
"""Live latencies after which the past counts half, so that edges follow the load of the day."""


def tolerated_buckets(slowdown: float) -> int:
    """How many buckets slower the candidate may be, for a tolerated slowdown of 1 or more."""
    # The slack keeps a slowdown that is a whole number of buckets, up to rounding, at that number.
    return math.ceil(math.log2(slowdown) * latency.BUCKETS_PER_OCTAVE - 1e-9)


def remember(reference: latency.Histogram, seen: latency.Histogram) -> latency.Histogram:
    """The reference after one more stratum of live latencies."""
    if sum(reference.values()) > MEMORY_LATENCIES:
        reference = {bucket: count // 2 for bucket, count in reference.items() if count > 1}
    return latency.add(reference, seen)


def edges(reference: latency.Histogram) -> list[int] | None:
    """The bucket of each quantile, above which a latency counts as slow.

    None while too few live latencies are known.
    """
    if sum(reference.values()) < LEAST_LATENCIES:
        return None
    buckets = [latency.quantile_bucket(reference, quantile) for quantile in QUANTILES]
    return [bucket for bucket in buckets if bucket is not None]
