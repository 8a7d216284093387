"""Evidence that one side has more events, valid under a split that adapts to the evidence.

Each stratum is a bet on odds ratios above 1, against the hypergeometric law of its own totals: what
the split is may depend on everything before the stratum. The evidence is an e-value: while the side
has no more events than the other its expectation never exceeds 1, so that it ever reaches 1 / alpha
with at most the chance alpha (Ville's inequality). That bound is not tight: where the split is
fixed `spending` needs fewer requests.
"""

import math
from dataclasses import dataclass
from itertools import accumulate, repeat
from operator import mul

from tidegate.abtest.lattice import Margins, packed, unpacked
from tidegate.judge.hypergeometric import log_moment_bound, log_sum_exp
from tidegate.judge.strata import Table

LOG_ODDS: tuple[float, ...] = tuple(0.02 * 1.7**step for step in range(9))
"""The effects bet on, from 2 % more to 4 times the odds."""

MOST_DEVIATIONS = 20.0
"""Odds that would move a stratum by more standard deviations than this take a bound, not a sum."""

NEGLIGIBLE = 1e-17
"""Part of the moment at which the sum over a stratum's law ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Natural logarithm of the wealth of each odds ratio."""

    log_wealth: tuple[float, ...] = (0.0,) * len(LOG_ODDS)

    @property
    def log_evidence(self) -> float:
        """Natural logarithm of the e-value: the mean wealth."""
        return log_sum_exp(self.log_wealth) - math.log(len(self.log_wealth))

    def plus(self, margins: Margins, events: int) -> "Mixture":
        """The evidence after one more stratum, in which the first side had so many events."""
        if not margins.informative:
            return self
        gains = log_gains(margins, events)
        return Mixture(log_wealth=tuple(a + b for a, b in zip(self.log_wealth, gains, strict=True)))

    def to_json(self) -> str:
        """The evidence as text; `from_json` reads it back."""
        return packed(self.log_wealth)

    @classmethod
    def from_json(cls, data: str) -> "Mixture":
        """The evidence that `to_json` wrote."""
        return cls(log_wealth=unpacked(data))


def log_gains(margins: Margins, events: int) -> list[float]:
    """Natural logarithm of the factor of each odds ratio's wealth in this stratum."""
    deviation = math.sqrt(margins.variance)
    summed = [odds for odds in LOG_ODDS if odds * deviation <= MOST_DEVIATIONS]
    mode, below, above = _weights(margins, summed[-1] if summed else 0.0)
    total = math.fsum(below) + math.fsum(above)
    gains = []
    for odds in summed:
        moment = _tilted(above, math.exp(odds)) + math.exp(-odds) * _tilted(below, math.exp(-odds))
        gains.append(odds * (events - mode) - math.log(moment / total))
    table = Table(
        candidate_trials=margins.trials,
        candidate_events=events,
        live_trials=margins.other_trials,
        live_events=margins.events - events,
    )
    bounded = LOG_ODDS[len(summed) :]
    return [*gains, *(odds * events - log_moment_bound(table, odds) for odds in bounded)]


def _tilted(weights: list[float], factor: float) -> float:
    """The sum of weight i times factor ** i."""
    powers = accumulate(repeat(factor, len(weights) - 1), mul, initial=1.0) if weights else ()
    return math.fsum(map(mul, weights, powers))


def _weights(margins: Margins, log_odds: float) -> tuple[int, list[float], list[float]]:
    """The central law around its mode: the mode, weights below it (outwards), and from it upwards.

    Goes so far that nothing is left that counts, neither as it is nor tilted by the log odds.
    """
    trials, events = margins.trials, margins.events
    slack = margins.other_trials - events
    mode = (trials + 1) * (events + 1) // (trials + margins.other_trials + 2)
    above, below = [1.0], []
    weight, tilt, size = 1.0, math.exp(log_odds), 1.0
    for x in range(mode, min(events, trials)):
        ratio = (trials - x) * (events - x) / ((x + 1) * (slack + x + 1))
        weight *= ratio
        size *= ratio * tilt
        above.append(weight)
        if ratio * tilt < 1 and size < NEGLIGIBLE * (1 - ratio * tilt):
            break
    weight = 1.0
    for x in range(mode, max(0, -slack), -1):
        ratio = x * (slack + x) / ((trials - x + 1) * (events - x + 1))
        weight *= ratio
        below.append(weight)
        if ratio < 1 and weight < NEGLIGIBLE * (1 - ratio):
            break
    return mode, below, above
