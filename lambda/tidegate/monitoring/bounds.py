"""Bounds of a share that was counted in a sample: what the share really is, with a stated error.

Source: Chernoff's bound for binomial counts, P(share seen >= q) <= exp(-n KL(q, p)) for q > p
(Hoeffding 1963, theorem 1). It holds for every n, without a normal law.
"""

import math

HALVINGS = 50


def divergence(seen: float, true: float) -> float:
    """Kullback-Leibler divergence of two coins, in nats; infinite where `true` excludes `seen`."""
    found = 0.0
    for one, other in ((seen, true), (1 - seen, 1 - true)):
        if one > 0:
            if other <= 0:
                return math.inf
            found += one * math.log(one / other)
    return found


def upper_bound(count: float, trials: float, *, error: float) -> float:
    """The share is above this with at most the chance `error`; 1 where nothing was counted."""
    if trials <= 0:
        return 1.0
    seen, allowed = count / trials, -math.log(error) / trials
    low, high = seen, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if divergence(seen, middle) > allowed:
            high = middle
        else:
            low = middle
    return high


def lower_bound(count: float, trials: float, *, error: float) -> float:
    """The share is below this with at most the chance `error`; 0 where nothing was counted."""
    return 1.0 - upper_bound(trials - count, trials, error=error)
