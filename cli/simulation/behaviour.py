"""How a slot behaves, as chances: of an error, of each latency bucket, of an outcome and when.

Values only: nothing is drawn at random here, and nothing is judged.
"""

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

from tidegate import latency
from tidegate.closing import window_intervals
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.observation import DELAY_EDGES, OutcomeKind, last_delay

Chances = tuple[float, ...]

_Z99 = NormalDist().inv_cdf(0.99)
_EDGES = tuple(latency.upper_edge_milliseconds(b) for b in range(latency.BUCKET_COUNT - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a slot does with a request.

    `latency` has the chance of each bucket for an answered request; `known` the chance of each
    delay bucket that an outcome is reported then (the rest never is); `wrong` is the share of those
    that are wrong. Where only events are reported, `known` are the events: all of them wrong
    (complaints) or none (conversions). `differs` is for shadows: the share of its answers that are
    not the live version's; of the live slot, that of a candidate that does no harm.
    """

    errors: float
    latency: Chances
    known: Chances
    wrong: float
    differs: float = 0.0

    def slower_than(self, bucket: int) -> float:
        """The share of answers in latency buckets above this one."""
        return math.fsum(self.latency[bucket + 1 :])

    def quantile_bucket(self, quantile: float) -> int:
        """The bucket in which a quantile of the latency falls."""
        return quantile_bucket(self.latency, quantile)

    @property
    def known_share(self) -> float:
        """The share of answers of which an outcome is ever reported."""
        return math.fsum(self.known)

    def harmed(self, kind: OutcomeKind) -> float:
        """The share that an outcomes guardrail of this kind is about (`tidegate.plan`)."""
        if kind is OutcomeKind.LABELS:
            return self.wrong
        share = self.known_share
        return share if kind is OutcomeKind.COMPLAINTS else 1 - share

    def reporting(self, share: float) -> "Behaviour":
        """The same with an outcome of another share of the answers, as late as before."""
        factor = 0.0 if self.known_share == 0 else share / self.known_share
        return replace(self, known=tuple(chance * factor for chance in self.known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Requests of both slots together, and what the live slot does with them."""

    requests_per_minute: float
    live: Behaviour


def quantile_bucket(chances: Chances, quantile: float) -> int:
    """The bucket in which a quantile falls."""
    below = 0.0
    for bucket, chance in enumerate(chances):
        below += chance
        if below >= quantile - 1e-12:
            return bucket
    return len(chances) - 1


def lognormal(*, p50_milliseconds: float, p99_milliseconds: float) -> Chances:
    """The chance of each latency bucket of a lognormal distribution with these quantiles."""
    sigma = math.log(p99_milliseconds / p50_milliseconds) / _Z99
    if sigma <= 0:
        return _in_bucket(latency.bucket_of(p50_milliseconds))
    normal = NormalDist(math.log(p50_milliseconds), sigma)
    return _differences([*(normal.cdf(math.log(edge)) for edge in _EDGES), 1.0])


def shifted(chances: Chances, *, buckets: float) -> Chances:
    """The chances when every latency is so many buckets (0 or more, also in between) higher."""
    whole = math.floor(buckets)
    part = buckets - whole
    return tuple(
        (1 - part) * low + part * high
        for low, high in zip(_moved(chances, whole), _moved(chances, whole + 1), strict=True)
    )


def exponential_delays(
    *, mean_seconds: float, outcome_window_seconds: int, known_share: float
) -> Chances:
    """The chance of each delay bucket for outcomes known after an exponential delay.

    What would come after the window is refused, and so never known.
    """
    window = window_intervals(outcome_window_seconds)
    chances = []
    for bucket, first in enumerate(DELAY_EDGES):
        after = last_delay(bucket, window_intervals=window) + 1
        within = _at_least(first, mean_seconds) - _at_least(after, mean_seconds)
        chances.append(known_share * within if first <= window else 0.0)
    return tuple(chances)


def _at_least(intervals: int, mean_seconds: float) -> float:
    """The chance of a delay of so many interval borders, served at any moment of an interval."""
    if intervals == 0:
        return 1.0
    mean = mean_seconds / INTERVAL_SECONDS
    if mean == 0:
        return 0.0
    return mean * (math.exp(-(intervals - 1) / mean) - math.exp(-intervals / mean))


def _in_bucket(wanted: int) -> Chances:
    return tuple(1.0 if bucket == wanted else 0.0 for bucket in range(latency.BUCKET_COUNT))


def _differences(cumulated: list[float]) -> Chances:
    return tuple(
        max(0.0, high - low) for low, high in zip([0.0, *cumulated[:-1]], cumulated, strict=True)
    )


def _moved(chances: Chances, buckets: int) -> Chances:
    """All that would go beyond the last bucket is in it: it has no upper bound."""
    if buckets == 0:
        return chances
    kept = len(chances) - buckets
    if kept <= 0:
        return _in_bucket(latency.BUCKET_COUNT - 1)
    moved = [0.0] * buckets + list(chances[:kept])
    moved[-1] += math.fsum(chances[kept:])
    return tuple(moved)
