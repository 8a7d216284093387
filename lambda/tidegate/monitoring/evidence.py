"""Evidence that a share left its limits at some time: a mixture of bets over when, and how far.

For each side and each guess g of how far, a window with x of n values multiplies the wealth of bets
that are running by (g / m)^x ((1 - g) / (1 - m))^(n - x), where m is the limit. While the share is
at most m, whatever it does below, the factor's mean is at most 1. Bets begin in every window, with
weights that add up to at most 1, so that the sum of all of them, begun or not, is an e-process: the
chance that it ever exceeds c is at most 1 / c (Ville). That is an e-detector with a summable prior
over the change point (Shin, Ramdas, Rinaldo, 2203.03532). Parts of a request (x, n not whole) keep
the mean: a^x b^y <= 1 + x (a - 1) + y (b - 1) for x + y <= 1.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.shares import Limits, Share, Side
from tidegate.values import value

GUESSES = (0.25, 0.7, 1.8)
"""How far beyond its limit a share may have gone, as log odds: each is bet on with equal parts."""

LOWEST = -1e9
"""Stands for the logarithm of nothing: JSON knows no infinity."""

_LEAST_LIMIT, _MOST_LIMIT = 1e-9, 1 - 1e-6


@lru_cache(maxsize=8192)
def start_weight(number: int) -> float:
    """The part of the wealth whose bets begin in a hypothesis' n-th window, n from 1.

    1 / ((n + 1) ln^2(n + 1)) adds up to 2.1098 over all n (sequence A115563 of the OEIS).
    """
    return 1 / (2.11 * (number + 1) * math.log(number + 1) ** 2)


@value
class Bets:
    """All bets on one hypothesis: logarithms of wealth by share, side and guess, in this order.

    `gains` and `begins` are of each share and side: the best sum of logarithms of factors of the
    middle guess over stretches that end now (CUSUM), and the window in which that stretch begins,
    which is the likeliest moment of the change.
    """

    windows: int
    unbegun: float
    wealth: tuple[float, ...]
    gains: tuple[float, ...]
    begins: tuple[int, ...]

    @classmethod
    def fresh(cls, shares: Sequence[Share]) -> "Bets":
        """No bet has begun."""
        sides = sum(len(share.sides) for share in shares)
        return cls(
            windows=0,
            unbegun=1.0,
            wealth=(LOWEST,) * (sides * len(GUESSES)),
            gains=(0.0,) * sides,
            begins=(0,) * sides,
        )

    @property
    def log_evidence(self) -> float:
        """Natural logarithm of the e-value: the mean of all wealth, what has not begun included."""
        if not self.wealth:
            return 0.0
        begun = _log_sum(self.wealth) - math.log(len(self.wealth))
        unbegun = math.log(self.unbegun) if self.unbegun > 0 else LOWEST
        return _log_sum((begun, unbegun))

    def to_json(self) -> dict[str, Any]:
        """The bets in JSON types. Wealth is rounded down: to forget a little of it is fair."""
        return {
            "windows": self.windows,
            "unbegun": self.unbegun,
            "wealth": [_rounded_down(one) for one in self.wealth],
            "gains": [round(one, 3) for one in self.gains],
            "begins": list(self.begins),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Bets":
        """The inverse of `to_json`."""
        return cls(
            windows=data["windows"],
            unbegun=data["unbegun"],
            wealth=tuple(data["wealth"]),
            gains=tuple(data["gains"]),
            begins=tuple(data["begins"]),
        )


def bet(
    bets: Bets,
    shares: Sequence[Share],
    limits: Sequence[Limits],
    counts: FeatureCounts,
    *,
    window: int,
) -> Bets:
    """The bets after one more window; without a value in it, as they were."""
    if counts.total <= 0:
        return bets
    number = bets.windows + 1
    begin = start_weight(number)
    log_begin = math.log(begin)
    wealth: list[float] = []
    gains: list[float] = []
    begins: list[int] = []
    place = 0
    for share, limit in zip(shares, limits, strict=True):
        seen, trials = share.of(counts)
        for side in share.sides:
            hits = seen if side is Side.MORE else trials - seen
            factors = log_factors(limit.boundary(side), hits, trials)
            for factor in factors:
                wealth.append(factor + _log_add(bets.wealth[len(wealth)], log_begin))
            gain = bets.gains[place]
            begins.append(bets.begins[place] if gain > 0 else window)
            gains.append(max(0.0, gain) + factors[1])
            place += 1
    return Bets(
        windows=number,
        unbegun=max(0.0, bets.unbegun - begin),
        wealth=tuple(wealth),
        gains=tuple(max(0.0, gain) for gain in gains),
        begins=tuple(begins),
    )


def log_factors(limit: float, hits: float, trials: float) -> tuple[float, ...]:
    """By guess, the logarithm of what the bets are multiplied by; no bet where all is tolerated."""
    if trials <= 0 or limit >= _MOST_LIMIT:
        return (0.0,) * len(GUESSES)
    misses = trials - hits
    return tuple(hits * more + misses * less for more, less in _log_odds(max(limit, _LEAST_LIMIT)))


@lru_cache(maxsize=65_536)
def _log_odds(limit: float) -> tuple[tuple[float, float], ...]:
    found = []
    for step in GUESSES:
        odds = math.exp(step) * limit / (1 - limit)
        guess = odds / (1 + odds)
        found.append((math.log(guess / limit), math.log1p(-guess) - math.log1p(-limit)))
    return tuple(found)


def _log_add(one: float, other: float) -> float:
    high, low = (one, other) if one > other else (other, one)
    return high + math.log1p(math.exp(low - high)) if high - low < 40 else high


def _log_sum(logarithms: Sequence[float]) -> float:
    high = max(logarithms)
    return high + math.log(sum(math.exp(one - high) for one in logarithms if high - one < 40))


def _rounded_down(logarithm: float) -> float:
    return math.floor(logarithm * 1_000) / 1_000
