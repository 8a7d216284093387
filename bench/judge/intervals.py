"""Exact confidence intervals for shares of simulated releases."""

import math
from collections.abc import Callable

CONFIDENCE = 0.95
HALVINGS = 60


def clopper_pearson(count: int, of: int) -> tuple[float, float]:
    """The exact 95 % interval of a chance seen `count` times in `of` (Clopper, Pearson 1934)."""
    if not 0 <= count <= of or of == 0:
        raise ValueError(f"count must be 0 to the number of runs, got {count} of {of}")
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if count == 0 else _root(lambda p: 1 - _at_most(count - 1, of, p) < tail)
    high = 1.0 if count == of else _root(lambda p: _at_most(count, of, p) > tail)
    return low, high


def _root(below: Callable[[float], bool]) -> float:
    """Where a condition that holds for small chances ceases to."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2


def _at_most(count: int, of: int, chance: float) -> float:
    """The binomial distribution function, by logarithms so that no term is lost."""
    success, failure = math.log(chance), math.log1p(-chance)
    return math.fsum(
        math.exp(
            math.lgamma(of + 1)
            - math.lgamma(k + 1)
            - math.lgamma(of - k + 1)
            + k * success
            + (of - k) * failure
        )
        for k in range(count + 1)
    )
