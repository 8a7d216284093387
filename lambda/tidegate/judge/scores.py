"""Scores of latencies: numbers that are higher the slower a request was, among those of both slots.

Ranks are taken among the latencies of both slots together, so that no score tells who was slow.
Three scores see what one would miss: `body` a shift of everything, `tail` more requests that are
very slow, `stretch` slow requests that are as many as before, but slower.
"""

import math
from collections.abc import Iterator

from tidegate import latency

BODY_SCALE, BODY_CLIP = 2.0, 2.5
"""Normal scores, the best for a shift of lognormal latencies, in halves and cut off at 2.5."""

LOGIT_OF_NORMAL = 1.702
"""logit(p) / 1.702 is the normal quantile of p to within a tenth (Camilli 1994), cheaper to have
than `statistics`, which takes longer to import than the judge takes to judge."""

TAIL_SHARES: tuple[float, ...] = (0.02, 0.005)
"""Shares of slowest requests; each that a latency belongs to adds 1 to its score."""

STRETCHED_SHARE = 0.04
"""The slowest requests, among which `stretch` looks for the slower ones."""

MOST_HALVINGS = 2
"""One for each halving of that share. With one only, the cut would have to lie where the tail
happens to begin; with more, a few very slow requests outweigh the many that show a shift."""

MEMORY = 8_000
"""Latencies after which the past counts half, so that ranks follow the load of the day."""


def remember(seen: latency.Histogram, more: latency.Histogram) -> dict[int, int]:
    """The latencies that ranks are taken among, with more of them."""
    if sum(seen.values()) > MEMORY:
        seen = {bucket: count // 2 for bucket, count in seen.items() if count > 1}
    return latency.add(seen, more)


def body(ranked: latency.Histogram) -> dict[int, int]:
    """The normal score of each bucket, in whole steps of 1 / BODY_SCALE."""
    scores = {}
    for bucket, slower in _slower(ranked):
        normal = math.log((1 - slower) / slower) / LOGIT_OF_NORMAL
        scores[bucket] = round(BODY_SCALE * max(-BODY_CLIP, min(BODY_CLIP, normal)))
    return scores


def tail(ranked: latency.Histogram) -> dict[int, int]:
    """To how many of the shares of slowest requests each bucket belongs."""
    return {
        bucket: sum(slower < share for share in TAIL_SHARES) for bucket, slower in _slower(ranked)
    }


def stretch(ranked: latency.Histogram) -> dict[int, int]:
    """How far out in the tail each of its buckets is; the others have no score.

    What falls into the tail is taken as given, so that this adds to `tail` and does not repeat it.
    """
    return {
        bucket: min(MOST_HALVINGS, math.floor(math.log2(STRETCHED_SHARE / slower)))
        for bucket, slower in _slower(ranked)
        if slower < STRETCHED_SHARE
    }


def _slower(ranked: latency.Histogram) -> Iterator[tuple[int, float]]:
    """The share of latencies that are slower than each bucket's, half of its own included."""
    total = sum(ranked.values())
    above = total
    for bucket in sorted(ranked):
        above -= ranked[bucket]
        yield bucket, (above + ranked[bucket] / 2) / total
