"""The usual rules: PSI above 0.2, and Kolmogorov-Smirnov with p below 0.05, each day anew.

PSI by ten bins of equal share (the usual credit-scoring practice). KS is the two-sample test with
its asymptotic law, of counts in 50 bins: the largest gap over bins is at most that over all values,
so this errs towards fewer alarms.
"""

import math
from dataclasses import dataclass

import numpy as np

from bench.monitoring.worlds import FEATURES, Values

PSI_LIMIT = 0.2
P_LIMIT = 0.05
PSI_BINS, KS_BINS = 10, 50
_LEAST = 1e-4
"""Stands for an empty bin's share, as is usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binned:
    """One number of bins for all features: edges, and the baseline's shares."""

    bins: int
    edges: Values
    was: Values

    @classmethod
    def of(cls, rows: Values, bins: int) -> "Binned":
        """Bins of equal share of the baseline's rows."""
        edges = np.quantile(rows, np.arange(1, bins) / bins, axis=0)
        return cls(bins=bins, edges=edges, was=_counts(rows, edges, bins) / len(rows))

    def now(self, day: Values) -> Values:
        """The day's shares, of the values that are there."""
        counts = _counts(day, self.edges, self.bins)
        shares: Values = counts / np.maximum(1, counts.sum(axis=0))
        return shares


def _counts(rows: Values, edges: Values, bins: int) -> Values:
    found = np.empty((bins, FEATURES))
    for feature in range(FEATURES):
        known = rows[:, feature][~np.isnan(rows[:, feature])]
        places = np.searchsorted(edges[:, feature], known)
        found[:, feature] = np.bincount(places, minlength=bins)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """The peers' view of one baseline."""

    rows: int
    coarse: Binned
    fine: Binned

    @classmethod
    def of(cls, rows: Values) -> "Peers":
        """What they make of the baseline's rows."""
        coarse, fine = Binned.of(rows, PSI_BINS), Binned.of(rows, KS_BINS)
        return cls(rows=len(rows), coarse=coarse, fine=fine)

    def alarms(self, day: Values) -> dict[str, bool]:
        """Whether each rule raises an alarm for any feature."""
        was, now = (np.maximum(one, _LEAST) for one in (self.coarse.was, self.coarse.now(day)))
        psi = float(np.max(np.sum((now - was) * np.log(now / was), axis=0)))
        gap = np.abs(np.cumsum(self.fine.was, axis=0) - np.cumsum(self.fine.now(day), axis=0))
        count = self.rows * len(day) / (self.rows + len(day))
        p = min(1.0, 2 * math.exp(-2 * count * float(np.max(gap)) ** 2))
        return {
            "PSI > 0.2": psi > PSI_LIMIT,
            "KS p < 0.05": p < P_LIMIT,
            "KS p < 0.05 / 100": p < P_LIMIT / FEATURES,
        }
