"""Evidence that one side has more events, valid under a split that adapts to the evidence.

Each stratum is a bet on odds ratios above 1, against the hypergeometric law of its own totals: what
the split is may depend on everything before the stratum. While the side has no more events than the
other, the wealth is never expected to grow, so that it ever reaches its limit 1 / alpha with at
most the chance alpha (Ville's inequality).

Wealth beyond the limit would be wasted: nobody needs more than certainty. So each bet is capped at
the limit, and what that saves is staked on the outcomes below it, as much as keeps the bet fair.
This makes Ville's inequality nearly tight at any interval length, and the test nearly as quick as
`spending`, with no horizon and with a state of a few numbers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tidegate.abtest.margins import Margins
from tidegate.abtest.tilting import CentralLaw
from tidegate.exact.law import packed, unpacked

COUNTED = 1e-10
"""Least chance of an outcome that is looked at when bets are capped; the rest is left unsaved."""

LEAST_SHIFT = 4.0
"""Standard deviations by which the smallest effect bet on would move the sum by the horizon."""

STEPS = 6
"""Effects bet on in equal parts, each larger than the one before by STEP_FACTOR."""

STEP_FACTOR = 1.6

BLATANT = (1.2, 2.5)
"""Logarithms of odds ratios that need no horizon to be seen: tripled, twelvefold."""

BLATANT_STAKE = 0.05


def ladder(variance_at_horizon: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The log odds to bet on and the logarithms of their stakes, which add up to 1."""
    least = min(max(LEAST_SHIFT / math.sqrt(variance_at_horizon), 1e-4), 0.3)
    odds = [least * STEP_FACTOR**step for step in range(STEPS)]
    blatant = [value for value in BLATANT if value > odds[-1]]
    each = BLATANT_STAKE / len(BLATANT)
    rest = (1 - each * len(blatant)) / STEPS
    stakes = [math.log(rest)] * STEPS + [math.log(each)] * len(blatant)
    return (*odds, *blatant), tuple(stakes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """The wealth of each odds ratio, as the natural logarithm of its part of the limit."""

    variance_at_horizon: float
    log_start: float
    """The part that it began with: the logarithm of alpha."""
    log_parts: tuple[float, ...]
    crossed: bool = False

    @classmethod
    def initial(cls, *, alpha: float, variance_at_horizon: float) -> "Mixture":
        """The wealth before anything was seen: alpha times the limit, staked over the ladder."""
        start = math.log(alpha)
        _, stakes = ladder(variance_at_horizon)
        return cls(
            variance_at_horizon=variance_at_horizon,
            log_start=start,
            log_parts=tuple(start + stake for stake in stakes),
        )

    @property
    def log_part(self) -> float:
        """Natural logarithm of the part of the limit that was reached: 0 when it was crossed."""
        if self.crossed:
            return 0.0
        top = max(self.log_parts)
        return top + math.log(math.fsum(math.exp(part - top) for part in self.log_parts))

    @property
    def log_odds(self) -> tuple[float, ...]:
        """The logarithms of the odds ratios bet on."""
        return ladder(self.variance_at_horizon)[0]

    def plus(self, margins: Margins, events: int) -> "Mixture":
        """The wealth after one more stratum, in which the first side had so many of the events."""
        if self.crossed or not margins.informative:
            return self
        law = CentralLaw.of(margins, max(self.log_odds))
        bet = _Bet(law=law, log_odds=self.log_odds, log_parts=self.log_parts)
        log_raise, boundary = bet.capped()
        cell = events // law.step
        if cell >= boundary:
            return replace(self, crossed=True)
        return replace(self, log_parts=tuple(part + log_raise for part in bet.log_parts_at(cell)))

    def to_json(self) -> list[Any]:
        """The wealth in JSON types; `from_json` reads it back."""
        numbers = (self.variance_at_horizon, self.log_start, *self.log_parts)
        return [packed(numbers), self.crossed]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> "Mixture":
        """The wealth that `to_json` wrote."""
        variance, start, *parts = unpacked(data[0])
        return cls(
            variance_at_horizon=variance,
            log_start=start,
            log_parts=tuple(parts),
            crossed=bool(data[1]),
        )


class _Bet:
    """What each cell of one stratum would make of the wealth, in parts of the limit."""

    def __init__(
        self, *, law: CentralLaw, log_odds: Sequence[float], log_parts: Sequence[float]
    ) -> None:
        self._law = law
        self._odds = [odds * law.step for odds in log_odds]
        self._at_mode = [
            part - law.log_moment(odds) for odds, part in zip(log_odds, log_parts, strict=True)
        ]
        self._wealth = math.fsum(map(math.exp, log_parts))

    def log_parts_at(self, cell: int) -> list[float]:
        """The logarithm of each odds ratio's wealth, should the events be in this cell."""
        away = cell - self._law.mode
        return [start + odds * away for odds, start in zip(self._odds, self._at_mode, strict=True)]

    def part_at(self, cell: int) -> float:
        """The wealth should the events be in this cell; it rises with them."""
        away, whole = cell - self._law.mode, 0.0
        for odds, start in zip(self._odds, self._at_mode, strict=True):
            part = start + odds * away
            whole += math.exp(part) if part < 300 else math.inf
        return whole

    def capped(self) -> tuple[float, int]:
        """The logarithm by which wealth below the limit is raised, and where the limit begins.

        Cells from the boundary on pay the limit, those below pay `raise` times their wealth, so
        that the expectation is what it was. Cells too rare to be counted pay the limit too, and
        what that saves is not raised: that errs on the safe side, as they would pay more.
        """
        law = self._law
        boundary = self._least_beyond()
        chance = paid = 0.0
        for cell in range(boundary, law.end):
            weight = law.chance(cell)
            if weight < COUNTED:
                break
            chance += weight
            paid += weight * self.part_at(cell)
        factor = self._factor(chance, paid)
        while boundary > law.lowest and factor * self.part_at(boundary - 1) >= 1:
            boundary -= 1
            weight = law.chance(boundary)
            chance += weight
            paid += weight * self.part_at(boundary)
            factor = self._factor(chance, paid)
        return math.log(factor), boundary

    def _factor(self, chance: float, paid: float) -> float:
        rest = self._wealth - paid
        if not rest > 1e-12 * self._wealth:
            return 1.0
        return max(1.0, (self._wealth - chance) / rest)

    def _least_beyond(self) -> int:
        """The lowest cell of the law at which the wealth is at the limit."""
        low, high = self._law.lowest, self._law.end
        while low < high:
            middle = (low + high) // 2
            if self.part_at(middle) >= 1:
                high = middle
            else:
                low = middle + 1
        return low
