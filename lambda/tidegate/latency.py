"""Latency as counts in fixed logarithmic buckets.

Four buckets an octave from 0.25 ms to 128 s: a quantile read from them is at most 19 % too high
(2 ** (1/4)). Counts add, averages do not; that is why nothing else is kept.
"""

import math
from collections.abc import Mapping

BUCKETS_PER_OCTAVE = 4
LOWEST_MILLISECONDS = 0.25
BUCKET_COUNT = 19 * BUCKETS_PER_OCTAVE + 1
"""Bucket 0 holds all up to the lowest edge, the last one all above 128 s."""

Histogram = Mapping[int, int]
"""Bucket index to count; buckets without a count are left out."""


def bucket_of(milliseconds: float) -> int:
    """The bucket that holds a latency: the lowest one whose upper edge is not below it."""
    if milliseconds <= LOWEST_MILLISECONDS:
        return 0
    octaves = math.log2(milliseconds / LOWEST_MILLISECONDS)
    # The slack keeps a value that is an edge, up to rounding, in the bucket it closes.
    return min(BUCKET_COUNT - 1, math.ceil(octaves * BUCKETS_PER_OCTAVE - 1e-9))


def upper_edge_milliseconds(bucket: int) -> float:
    """The largest latency a bucket holds, in milliseconds (the last bucket has no upper bound)."""
    return float(LOWEST_MILLISECONDS * 2 ** (bucket / BUCKETS_PER_OCTAVE))


def add(left: Histogram, right: Histogram) -> dict[int, int]:
    """The histogram of both samples together."""
    total = dict(left)
    for bucket, count in right.items():
        total[bucket] = total.get(bucket, 0) + count
    return total


def count_above(histogram: Histogram, bucket: int) -> int:
    """How many latencies lie in buckets above this one."""
    return sum(count for index, count in histogram.items() if index > bucket)


def quantile_bucket(histogram: Histogram, quantile: float) -> int | None:
    """The bucket in which the quantile (0..1) falls, or None for an empty histogram."""
    total = sum(histogram.values())
    if total == 0:
        return None
    rank = max(1, math.ceil(quantile * total))
    seen = 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= rank:
            return bucket
    return max(histogram)


def quantile_milliseconds(histogram: Histogram, quantile: float) -> float | None:
    """The upper edge of the quantile's bucket, in milliseconds, or None without data."""
    bucket = quantile_bucket(histogram, quantile)
    return None if bucket is None else upper_edge_milliseconds(bucket)
