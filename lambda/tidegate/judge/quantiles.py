"""Anytime-valid intervals of latency quantiles and of their ratio, for people to look at only.

A quantile is above the edge of a bucket exactly where more than a certain share of latencies is.
So a quantile's interval comes from those of shares at all edges (Howard & Ramdas, 1906.09712, with
the mixture of `interval`), and ends at edges of buckets: never inside one. Strata weigh as in a
comparison of rates, so that both slots are seen at the same times even while shares move.

What is covered, at every look at once, is the quantile of the slot's mean law: the weighted mean of
what each latency so far was likely to be, given those before it. Where a slot's latencies all
follow one law that is its plain quantile; they need be neither independent nor stationary. That
holds since every edge has its own part of MISS: the mean law's quantile may move to any of them.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from tidegate import latency
from tidegate.judge.interval import MISS, log_evidence_against
from tidegate.judge.strata import ServingStratum

QUANTILES: tuple[float, ...] = (0.5, 0.95, 0.99)
"""The quantiles that are shown."""

EDGES = latency.BUCKET_COUNT - 1
"""Buckets with an upper edge: the last one has none."""

LOG_LIMIT = math.log(4 / MISS * EDGES)
"""Evidence at one edge that makes it a bound: each end misses ever with at most MISS / 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A number between its bounds; a bound is None where nothing is known on that side."""

    value: float
    lower: float | None
    upper: float | None

    def over(self, other: "Bounded") -> "Bounded":
        """This number divided by another one, both positive."""
        return Bounded(
            value=self.value / other.value,
            lower=_ratio(self.lower, other.upper),
            upper=_ratio(self.upper, other.lower),
        )


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or whole is None else part / whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """One quantile (0..1) of both slots' latencies in milliseconds, and candidate over live.

    Each end of a slot's interval misses ever with at most MISS / 4, the ratio's with at most MISS.
    """

    quantile: float
    live: Bounded
    candidate: Bounded
    ratio: Bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Latencies of one slot by bucket, each as heavy as its stratum makes it."""

    counts: Mapping[int, float] = field(default_factory=dict)
    weight: float = 0.0
    scale: float = 0.0
    """The largest weight of one latency."""

    def plus(self, seen: latency.Histogram, *, each: float) -> "Latencies":
        """These and more, each with this weight."""
        counts = dict(self.counts)
        for bucket, count in seen.items():
            counts[bucket] = counts.get(bucket, 0.0) + each * count
        return Latencies(
            counts=counts,
            weight=self.weight + each * sum(seen.values()),
            scale=max(self.scale, each),
        )

    def bounded(self, quantile: float) -> Bounded:
        """The quantile in milliseconds; ValueError without latencies."""
        if self.weight <= 0:
            raise ValueError("there is no latency to read a quantile from: add some first")
        falling = list(accumulate(self.counts.get(b, 0.0) for b in range(EDGES, 0, -1)))
        above = falling[::-1]
        share = 1 - quantile

        def may_be_below(edge: int) -> bool:
            return self._evidence(share, above[edge], side=1.0) < LOG_LIMIT

        def is_below(edge: int) -> bool:
            return self._evidence(share, above[edge], side=-1.0) >= LOG_LIMIT

        def is_seen_below(edge: int) -> bool:
            # The slack is for rounding, where exactly this share is above.
            return above[edge] <= share * self.weight * (1 + 1e-12)

        first, middle, last = (
            bisect_left(range(EDGES), True, key=below)
            for below in (may_be_below, is_seen_below, is_below)
        )
        return Bounded(
            value=latency.upper_edge_milliseconds(middle),
            lower=latency.upper_edge_milliseconds(first - 1) if first > 0 else None,
            upper=latency.upper_edge_milliseconds(last) if last < EDGES else None,
        )

    def _evidence(self, share: float, above: float, *, side: float) -> float:
        return log_evidence_against(
            share, score=above, trials=self.weight / self.scale, scale=self.scale, side=side
        )


def compared(strata: Iterable[ServingStratum]) -> tuple[Latencies, Latencies]:
    """Latencies of live and candidate in the strata that both served, in equal weight.

    A stratum weighs live * candidate / both latencies (Mantel-Haenszel), as a rate's does.
    """
    live, candidate = Latencies(), Latencies()
    for stratum in strata:
        live_seen = sum(stratum.live.latency.values())
        candidate_seen = sum(stratum.candidate.latency.values())
        if live_seen and candidate_seen:
            both = live_seen + candidate_seen
            live = live.plus(stratum.live.latency, each=candidate_seen / both)
            candidate = candidate.plus(stratum.candidate.latency, each=live_seen / both)
    return live, candidate


def latency_quantiles(strata: Iterable[ServingStratum]) -> tuple[Quantile, ...]:
    """Every quantile that is shown; empty where there is nothing to compare."""
    live, candidate = compared(strata)
    if live.weight <= 0:
        return ()
    return tuple(_quantile(quantile, live, candidate) for quantile in QUANTILES)


def _quantile(quantile: float, live: Latencies, candidate: Latencies) -> Quantile:
    of_live, of_candidate = live.bounded(quantile), candidate.bounded(quantile)
    return Quantile(
        quantile=quantile,
        live=of_live,
        candidate=of_candidate,
        ratio=of_candidate.over(of_live),
    )
