"""Fisher's conditional law of a 2 x 2 table: how the events of a stratum fall between the slots.

Given each slot's trials and the number of events of both, the candidate's events follow Fisher's
noncentral hypergeometric law, whose only parameter is the odds ratio; the base rate has dropped
out. Exact for small tables, bounded from the safe side for big ones, so that time and memory are
bounded.
"""

import math
from collections.abc import Sequence

from tidegate.judge.strata import Table

EXACT_SUPPORT = 256
"""Tables with more possible values than this take the bound of `log_moment_bound`."""


def log_sum_exp(values: Sequence[float]) -> float:
    """The logarithm of the sum of exponentials, without overflow."""
    top = max(values)
    if math.isinf(top):
        return top
    return top + math.log(math.fsum([math.exp(value - top) for value in values]))


def log_weights(table: Table) -> tuple[int, list[float]]:
    """The least possible candidate events, and ln of the unnormalised central law from there on.

    Ratio of neighbours: C(n, x+1) C(m, k-x-1) / (C(n, x) C(m, k-x)) with n, m trials, k events.
    """
    lowest = max(0, table.events - table.live_trials)
    highest = min(table.events, table.candidate_trials)
    weights = [0.0]
    for x in range(lowest, highest):
        ratio = ((table.candidate_trials - x) * (table.events - x)) / (
            (x + 1) * (table.live_trials - table.events + x + 1)
        )
        weights.append(weights[-1] + math.log(ratio))
    return lowest, weights


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


def log_ratios(table: Table, log_odds: Sequence[float]) -> list[float]:
    """Natural logarithm of each odds ratio's likelihood ratio against "no difference".

    For an odds ratio above 1 the ratio rises with the candidate's events, so its expectation is 1
    with no difference and at most 1 while the true odds ratio is below 1: an e-value for "not
    worse".
    """
    support = min(table.events, table.candidate_trials) - max(0, table.events - table.live_trials)
    if support >= EXACT_SUPPORT:
        return [table.candidate_events * t - log_moment_bound(table, t) for t in log_odds]
    lowest, weights = log_weights(table)
    total = log_sum_exp(weights)
    excess = table.candidate_events - lowest
    return [
        excess * t + total - log_sum_exp([w + i * t for i, w in enumerate(weights)])
        for t in log_odds
    ]
