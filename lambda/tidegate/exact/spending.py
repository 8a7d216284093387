"""Spending functions: how much of an error budget may be used up by when.

Each gives the share of the budget, from 0 to 1, that may be used up so many minutes after the first
evidence, and rises with them.
"""

import math

EVEN_MINUTES = 3.0
"""Minutes within which shares of early spending are even."""

EARLY_RESERVE, EVEN_RESERVE = 0.10, 0.05
"""Kept for the time past the horizon, which never ends."""


def early(minutes: float, *, horizon: float) -> float:
    """Most of the budget while the evidence is young: equal shares for equal ratios of time.

    Harm of unknown size is then found within the same factor of the time it takes at least, large
    or small (the logarithm makes up for that).
    """
    if minutes > horizon:
        return 1 - EARLY_RESERVE * horizon / minutes
    scale = math.log1p(horizon / EVEN_MINUTES)
    return (1 - EARLY_RESERVE) * math.log1p(max(0.0, minutes) / EVEN_MINUTES) / scale


def even(minutes: float, *, horizon: float) -> float:
    """The same share of the budget in every minute up to the horizon, the reserve after it."""
    if minutes > horizon:
        return 1 - EVEN_RESERVE * horizon / minutes
    return (1 - EVEN_RESERVE) * max(0.0, minutes) / horizon
