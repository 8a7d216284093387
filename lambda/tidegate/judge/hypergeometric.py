"""A bound of the moments of Fisher's conditional law of a 2 x 2 table, and sums of logarithms.

Given each slot's trials and the number of events of both, the candidate's events are hypergeometric
while the slots do not differ. `tidegate.exact` has that law itself; a bound takes constant time.
"""

import math
from collections.abc import Sequence

from tidegate.judge.strata import Table


def log_sum_exp(values: Sequence[float]) -> float:
    """The logarithm of the sum of exponentials, without overflow."""
    top = max(values)
    if math.isinf(top):
        return top
    return top + math.log(math.fsum([math.exp(value - top) for value in values]))


def log_moment_bound(table: Table, log_odds: float) -> float:
    """An upper bound of ln E[odds ** X], X central hypergeometric, in constant time.

    Sampling without replacement is below binomial sampling in convex order (Hoeffding 1963, theorem
    4); the table can be read as a sample in four ways, and the smallest of the four bounds is
    taken.
    """
    share = table.candidate_trials / table.trials
    rate = table.events / table.trials
    up, down = math.expm1(log_odds), math.expm1(-log_odds)
    return min(
        table.events * math.log1p(share * up),
        table.candidate_trials * math.log1p(rate * up),
        table.candidate_trials * log_odds
        + (table.trials - table.events) * math.log1p(share * down),
        table.events * log_odds + table.live_trials * math.log1p(rate * down),
    )
