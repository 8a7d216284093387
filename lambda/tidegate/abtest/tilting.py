"""Moments of a stratum's hypergeometric law, exact as far as floats go, for bets on odds ratios.

Sums go as far as anything counts under the tilt; where the tilt would throw a stratum many standard
deviations off, an upper bound of the moment is taken instead, which keeps every bet fair or worse.
Where a stratum is big, events are counted in cells: bets on the cell are as fair as bets on the
events, and lose next to nothing while a cell is a small part of a standard deviation.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from operator import mul

from tidegate.abtest.margins import Margins
from tidegate.exact.law import Law
from tidegate.judge.hypergeometric import log_moment_bound
from tidegate.judge.strata import Table

MOST_DEVIATIONS = 12.0
"""A tilt that would move the events by more standard deviations takes a bound, not a sum."""

CELLS_A_DEVIATION = 16
"""At least so many cells to a standard deviation."""

NEGLIGIBLE = 1e-17
"""Part of the moment at which sums end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CentralLaw:
    """The law of the first side's events if the sides do not differ, wide enough to be tilted.

    Cell `c` holds the events from `c * step` on, up to the next cell.
    """

    margins: Margins
    step: int
    mode: int
    """The cell of the most likely number of events."""
    lowest: int
    weights: Sequence[float]
    """Of the cells from `lowest` on, in parts of the chance of the most likely number of events."""
    total: float

    @property
    def end(self) -> int:
        """One more than the highest cell that counts."""
        return self.lowest + len(self.weights)

    @classmethod
    def of(cls, margins: Margins, log_odds: float) -> "CentralLaw":
        """The law, for tilts up to this size."""
        deviation = math.sqrt(margins.variance)
        tilt = min(log_odds, MOST_DEVIATIONS / deviation)
        mode = (
            (margins.trials + 1)
            * (margins.events + 1)
            // (margins.trials + margins.other_trials + 2)
        )
        above = _outwards(margins, mode, tilt)
        below = _outwards(margins.mirrored(), margins.events - mode, 0.0)
        step = max(1, int(deviation / CELLS_A_DEVIATION))
        fine = Law(offset=mode - len(below), chances=(*reversed(below), 1.0, *above))
        cells = fine.coarsened(step)
        return cls(
            margins=margins,
            step=step,
            mode=mode // step,
            lowest=cells.offset,
            weights=cells.chances,
            total=sum(cells.chances),
        )

    def chance(self, cell: int) -> float:
        """The chance of a cell, from `lowest` to before `end`."""
        return self.weights[cell - self.lowest] / self.total

    def log_moment(self, log_odds: float) -> float:
        """Logarithm of E exp(log_odds * step * (cell - mode)), or an upper bound of it."""
        if log_odds * math.sqrt(self.margins.variance) > MOST_DEVIATIONS:
            return self._log_moment_bound(log_odds)
        tilt = log_odds * self.step
        start = math.exp(tilt * (self.lowest - self.mode))
        powers = accumulate(repeat(math.exp(tilt), len(self.weights) - 1), mul, initial=start)
        return math.log(sum(map(mul, self.weights, powers)) / self.total)

    def _log_moment_bound(self, log_odds: float) -> float:
        """From the events' own moment: a cell begins at or below the events in it."""
        table = Table(
            candidate_trials=self.margins.trials,
            candidate_events=0,
            live_trials=self.margins.other_trials,
            live_events=self.margins.events,
        )
        return log_moment_bound(table, log_odds) - log_odds * self.step * self.mode


def _outwards(margins: Margins, mode: int, tilt: float) -> list[float]:
    """Chances above the mode in parts of its own, as far as they count, tilted too.

    Neighbouring chances have falling ratios, so that a geometric series bounds what is left out.
    """
    trials, events, slack = margins.trials, margins.events, margins.other_trials - margins.events
    weights: list[float] = []
    weight, size, odds = 1.0, 1.0, math.exp(tilt)
    for x in range(mode, min(events, trials)):
        ratio = (trials - x) * (events - x) / ((x + 1) * (slack + x + 1))
        weight *= ratio
        size *= ratio * odds
        weights.append(weight)
        if ratio * odds < 1 and size < NEGLIGIBLE * (1 - ratio * odds):
            break
    return weights
