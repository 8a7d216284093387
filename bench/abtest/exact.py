"""Requests to decision without simulation: the law of the look at which a test stops.

Every look has the same totals (the expected ones), so that the carried laws under "no difference"
and under the effect can be computed by convolution. The oracle knows the size of the effect, not
its sign, nor the base rate: it stops where the conditional likelihood ratio of either sign reaches
a constant, set so that its chance of a wrong winner within the horizon is exactly alpha.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegate.abtest.margins import Margins
from tidegate.abtest.spending import Spending

Numbers = NDArray[np.float64]

MOST_CELLS = 2_400
"""Width of the laws that are carried: 16 standard deviations at the horizon."""

ORACLE_BISECTIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """An A/B test at 50/50 with a steady effect: rates of both arms, looks, requests a look."""

    base: float = 0.10
    effect: float = 0.01
    looks: int = 240
    requests: int = 1_000

    @property
    def margins(self) -> Margins:
        """The totals that each look has."""
        rates = 2 * self.base + self.effect
        half = self.requests // 2
        return Margins(trials=half, other_trials=half, events=round(half * rates))

    @property
    def log_odds(self) -> float:
        """The effect as logarithm of the odds ratio."""
        better = self.base + self.effect
        return math.log(better / (1 - better) / self.base * (1 - self.base))

    def laws(self) -> tuple[Numbers, Numbers]:
        """The law of the better arm's events in a look: no difference, and under the effect."""
        law, _ = self.margins.law()
        null = np.zeros(self.margins.events + 1)
        null[law.offset : law.top + 1] = law.chances
        tilted = null * np.exp(self.log_odds * (np.arange(len(null)) - self.margins.mean))
        return null, tilted / tilted.sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """Chance of stopping at each look: for the better arm, and for a wrong winner on a tie."""

    trial: Trial
    right: Numbers
    wrong_on_tie: Numbers

    @property
    def power(self) -> float:
        """Chance of naming the better arm within the horizon."""
        return float(self.right.sum())

    @property
    def median_requests(self) -> float:
        """Requests by which half of the tests have named the better arm, between looks too."""
        so_far = np.concatenate([[0.0], np.cumsum(self.right)])
        if so_far[-1] < 0.5:
            return math.inf
        return self.trial.requests * float(np.interp(0.5, so_far, np.arange(len(so_far))))

    @property
    def mean_requests(self) -> float:
        """Mean requests to the decision, or to the horizon."""
        looks = np.arange(1, self.trial.looks + 1)
        undecided = 1 - self.right.sum()
        mean = (looks * self.right).sum() + self.trial.looks * undecided
        return self.trial.requests * float(mean)


Boundary = Callable[[int], float]
"""Look to the least excess (events of the better arm beyond expectation) at which a test stops."""


def stopping(trial: Trial, boundary: Boundary) -> Stopping:
    """The law of the look at which a test with this boundary, on both sides, stops."""
    null, alternative = trial.laws()
    laws = np.array([1.0]), np.array([1.0])
    right, wrong = np.zeros(trial.looks), np.zeros(trial.looks)
    first = 0.0
    for look in range(trial.looks):
        laws = np.convolve(laws[0], null), np.convolve(laws[1], alternative)
        first -= trial.margins.mean
        excess = first + np.arange(len(laws[0]))
        limit = boundary(look) - 1e-9
        above, below = excess >= limit, excess <= -limit
        right[look] = laws[1][above].sum()
        wrong[look] = laws[0][above].sum() + laws[0][below].sum()
        keep = ~(above | below)
        narrow = np.abs(excess) <= MOST_CELLS / 2
        keep &= narrow
        first = float(excess[keep][0])
        laws = laws[0][keep], laws[1][keep]
    return Stopping(trial=trial, right=right, wrong_on_tie=wrong)


def spent(trial: Trial, *, alpha: float, share: Callable[[float], float]) -> Stopping:
    """The product's exact spending test with a spending function."""
    test, margins = Spending(), trial.margins
    limits = []
    for look in range(1, trial.looks + 1):
        allowed = alpha / 2 * share(look / trial.looks)
        # The middle is never beyond a boundary, and boundaries do not depend on how events fall.
        test = test.plus(margins, round(margins.mean)).look(above=allowed, below=allowed)
        above = test.boundary_above
        excess = math.inf if above is None else above * test.tested.step - look * margins.mean
        limits.append(excess)
    return stopping(trial, lambda look: limits[look])


def oracle(trial: Trial, *, alpha: float) -> Stopping:
    """The best test that knows the size of the effect, calibrated to alpha over the horizon."""
    information = trial.margins.variance * trial.log_odds / 2

    def straight(limit: float) -> Stopping:
        return stopping(trial, lambda look: limit / trial.log_odds + information * (look + 1))

    low, high = 0.5, 8.0
    for _ in range(ORACLE_BISECTIONS):
        middle = (low + high) / 2
        if straight(middle).wrong_on_tie.sum() > alpha:
            low = middle
        else:
            high = middle
    return straight(high)
