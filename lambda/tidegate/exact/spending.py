"""Spending functions: how much of an error budget may be used up by when."""

import math
from dataclasses import dataclass
from typing import Protocol


class Spends(Protocol):
    """A share of the budget, from 0 to 1, that rises with the minutes since the first evidence."""

    def share(self, minutes: float) -> float:
        """The share that may be used up by then."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Early:
    """Most of the budget while the evidence is young: equal shares for equal ratios of time.

    Harm of unknown size is then found within the same factor of the time it takes at least, large
    or small (the logarithm makes up for that). `reserve` is kept for the time past the horizon,
    which never ends.
    """

    horizon: float
    first: float = 3.0
    """Minutes within which shares are even."""
    reserve: float = 0.10

    def share(self, minutes: float) -> float:
        """The share that may be used up by then."""
        if minutes > self.horizon:
            return 1 - self.reserve * self.horizon / minutes
        scale = math.log1p(self.horizon / self.first)
        return (1 - self.reserve) * math.log1p(max(0.0, minutes) / self.first) / scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Even:
    """The same share of the budget in every minute up to the horizon, the reserve after it."""

    horizon: float
    reserve: float = 0.05

    def share(self, minutes: float) -> float:
        """The share that may be used up by then."""
        if minutes > self.horizon:
            return 1 - self.reserve * self.horizon / minutes
        return (1 - self.reserve) * max(0.0, minutes) / self.horizon
