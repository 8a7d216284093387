"""Anytime-valid intervals of rates and differences, for people to look at; they decide nothing.

Each interval misses ever, over all looks, with at most MISS. Rates may drift from stratum to
stratum: what is covered is the mean over the strata so far. As in `judge/interval.py`: exp(tilt *
score) over its moment is a martingale; the moment of a weight below the largest one, and of
drifting rates, is bounded by that of the largest weight and the mean rate, since ln E exp is convex
in the weight and concave in the rate.
"""

import math
from dataclasses import dataclass

from tidegate.judge.hypergeometric import log_sum_exp

MISS = 0.05
"""Chance that one interval ever misses, over all looks."""

MISS_OF_BASE = 0.01
"""Part of the MISS of a difference that pins down the rate it starts from."""

TILTS: tuple[float, ...] = tuple(0.002 * 2.2**step for step in range(11))
"""The tilts mixed over, for some hundred to some ten million trials."""

BISECTIONS = 14
"""Halvings: an end is known to a hundredth of a percentage point, on the safe side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A weighted sum of events: its weight in all, and the largest weight of one trial."""

    score: float
    weight: float
    scale: float = 1.0

    @property
    def rate(self) -> float:
        """The mean rate, as seen."""
        return self.score / self.weight

    def log_moment(self, rate: float, tilt: float) -> float:
        """A bound of ln E exp(tilt * score) where the mean rate is this."""
        return self.weight / self.scale * math.log1p(rate * math.expm1(tilt * self.scale))

    def slope(self, rate: float, tilt: float) -> float:
        """The derivative of `log_moment` by the rate."""
        pull = math.expm1(tilt * self.scale)
        return self.weight / self.scale * pull / (1 + rate * pull)


def _mean_wealth(logs: list[float]) -> float:
    return log_sum_exp(logs) - math.log(len(logs))


def log_wealth_of_rate(score: Score, rate: float, *, side: float) -> float:
    """Evidence, as a logarithm, that the mean rate is not this but above (1) or below (-1)."""
    tilts = [side * tilt for tilt in TILTS]
    return _mean_wealth([tilt * score.score - score.log_moment(rate, tilt) for tilt in tilts])


def rate_bounds(score: Score, *, miss: float = MISS) -> tuple[float, float]:
    """Lower and upper bound of the mean rate."""
    limit = math.log(2 / miss)
    ends = []
    for side, outside in ((1.0, 0.0), (-1.0, 1.0)):
        kept, out = score.rate, outside
        for _ in range(BISECTIONS):
            middle = (kept + out) / 2
            if log_wealth_of_rate(score, middle, side=side) >= limit:
                out = middle
            else:
                kept = middle
        ends.append(out)
    return ends[0], ends[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two scores over the same strata with the same weight, and where the base rate may be."""

    first: Score
    base: Score
    base_bounds: tuple[float, float]

    def log_wealth_below(self, difference: float) -> float:
        """Evidence, as a logarithm, that the first mean rate exceeds the base by less than this.

        Whatever the base rate is within its bounds: the moment is concave in it, so that its
        tangent bounds it.
        """
        least, most = self.base_bounds
        most = min(most, 1 - difference)
        if least > most:
            return math.inf
        at = min(max(self.base.rate, least), most)
        logs = []
        for tilt in TILTS:
            moment = self.first.log_moment(at + difference, -tilt) + self.base.log_moment(at, tilt)
            slope = self.first.slope(at + difference, -tilt) + self.base.slope(at, tilt)
            slack = max(slope * (least - at), slope * (most - at))
            logs.append(tilt * (self.base.score - self.first.score) - moment - slack)
        return _mean_wealth(logs)

    def upper(self) -> float:
        """The upper bound of the difference."""
        limit = math.log(2 / (MISS - MISS_OF_BASE))
        kept, out = self.first.rate - self.base.rate, 1.0
        for _ in range(BISECTIONS):
            middle = (kept + out) / 2
            if self.log_wealth_below(middle) >= limit:
                out = middle
            else:
                kept = middle
        return out


def difference_bounds(first: Score, second: Score) -> tuple[float, float]:
    """Lower and upper bound of the first mean rate minus the second, over common strata."""
    above = Difference(
        first=first, base=second, base_bounds=rate_bounds(second, miss=MISS_OF_BASE / 2)
    )
    below = Difference(
        first=second, base=first, base_bounds=rate_bounds(first, miss=MISS_OF_BASE / 2)
    )
    return -below.upper(), above.upper()
