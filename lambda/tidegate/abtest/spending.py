"""Exact sequential tests: spends a given chance of a false alarm over the looks, wasting nothing.

Given the totals of every stratum, the events of one side follow a known law while the sides do not
differ (hypergeometric, `Margins`). The law of their sum is carried along the paths that have not
been stopped, and each look puts the boundary where the chance just allowed is used up. One-sided
and two-sided tests are the same thing: the side that may not be crossed is allowed 0.

Holds while the totals of later strata do not depend on how the events of earlier ones fell, so for
a split that is fixed or planned ahead. A split that adapts to the evidence needs `mixture`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from tidegate.abtest.margins import Margins
from tidegate.exact.law import Law

MOST_CELLS = 768
"""A carried law that gets wider is kept on a lattice twice as coarse."""

TRIM = 1e-13
"""Chance at either end of a carried law that a step drops, and books as used on both sides."""

CELLS_A_DEVIATION = 3.0
"""Lattice cells to a standard deviation of what is added: rounding then costs 1 % of the power."""


_EARLIEST = 1e-4
"""Fraction of the horizon from which the early share is spread log-uniformly."""


class Side(StrEnum):
    """Where a boundary was crossed: more, or fewer, events than no difference explains."""

    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A sum of whole numbers in units of `step`: where it is, and where it could have been."""

    step: int = 1
    value: int = 0
    law: Law = field(default_factory=Law)

    def plus(self, other: "Walk") -> "Walk":
        """This sum after another one, whose step divides this one's, was rounded and added."""
        factor = self.step // other.step
        return Walk(
            step=self.step,
            value=self.value + other.value // factor,
            law=self.law.plus(other.law.coarsened(factor)),
        )

    def coarsened(self, step: int) -> "Walk":
        """This sum in units of a multiple of its step, rounded down."""
        factor = step // self.step
        return Walk(step=step, value=self.value // factor, law=self.law.coarsened(factor))

    def to_json(self) -> dict[str, Any]:
        """The walk in JSON types; `from_json` reads it back."""
        return {"step": self.step, "value": self.value, "law": self.law.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Walk":
        """The walk that `to_json` wrote."""
        return cls(step=int(data["step"]), value=int(data["value"]), law=Law.from_json(data["law"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A sequential test so far.

    `tested` is what looks have judged, `waiting` what was added since and is still too little for
    the lattice of `tested`. `spent_above` and `spent_below` bound the chance of ever having crossed
    that side by now while the sides do not differ.
    """

    tested: Walk = field(default_factory=Walk)
    waiting: Walk = field(default_factory=Walk)
    waiting_variance: float = 0.0
    variance: float = 0.0
    """Null variance of all strata so far: how much is known."""
    spent_above: float = 0.0
    spent_below: float = 0.0
    boundary_above: int | None = None
    boundary_below: int | None = None
    """Boundaries of the last look, in steps of `tested`: at or beyond them the test stops."""
    crossed: Side | None = None

    def plus(self, margins: Margins, events: int) -> "Spending":
        """The test with one more stratum, in which the first side had so many of the events."""
        if self.crossed is not None or not margins.informative:
            return self
        law, left_out = margins.law()
        variance = margins.variance
        added = Walk(value=events, law=law).coarsened(_step(variance))
        step = max(added.step, self.waiting.step)
        waiting = self.waiting.coarsened(step).plus(added)
        return _folded(
            replace(
                self,
                waiting=waiting,
                waiting_variance=self.waiting_variance + variance,
                variance=self.variance + variance,
                spent_above=self.spent_above + left_out,
                spent_below=self.spent_below + left_out,
            )
        )

    def look(self, *, above: float, below: float) -> "Spending":
        """The test after a look that may have used these chances on either side, all looks counted.

        Both may depend on the totals of all strata so far, never on how their events fell.
        """
        if self.crossed is not None:
            return self
        law, high, cut_high = self.tested.law.cut_above(above - self.spent_above)
        law, low, cut_low = law.mirrored().cut_above(below - self.spent_below)
        may_rise, may_fall = above >= self.spent_above, below >= self.spent_below
        crossed = None
        if may_rise and self.tested.value >= high:
            crossed = Side.ABOVE
        elif may_fall and self.tested.value <= -low:
            crossed = Side.BELOW
        return replace(
            self,
            tested=replace(self.tested, law=law.mirrored()),
            spent_above=self.spent_above + cut_high,
            spent_below=self.spent_below + cut_low,
            boundary_above=high if may_rise else None,
            boundary_below=-low if may_fall else None,
            crossed=crossed,
        )

    def to_json(self) -> dict[str, Any]:
        """The test in JSON types; `from_json` reads it back."""
        return {
            "tested": self.tested.to_json(),
            "waiting": self.waiting.to_json(),
            "waiting_variance": self.waiting_variance,
            "variance": self.variance,
            "spent_above": self.spent_above,
            "spent_below": self.spent_below,
            "boundary_above": self.boundary_above,
            "boundary_below": self.boundary_below,
            "crossed": None if self.crossed is None else self.crossed.value,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Spending":
        """The test that `to_json` wrote."""
        walks = {name: Walk.from_json(data[name]) for name in ("tested", "waiting")}
        crossed = None if data["crossed"] is None else Side(data["crossed"])
        return cls(**{**data, **walks, "crossed": crossed})


def _folded(test: Spending) -> Spending:
    """The test with what waits added to what is tested, unless rounding it would lose much."""
    enough = (CELLS_A_DEVIATION * test.tested.step) ** 2
    if test.waiting.step < test.tested.step and test.waiting_variance < enough:
        return test
    tested = test.tested.coarsened(max(test.tested.step, test.waiting.step)).plus(test.waiting)
    law, dropped = tested.law.trimmed(TRIM)
    tested = replace(tested, law=law)
    while len(tested.law.chances) > MOST_CELLS:
        tested = tested.coarsened(2 * tested.step)
    return replace(
        test,
        tested=tested,
        waiting=Walk(),
        waiting_variance=0.0,
        spent_above=test.spent_above + dropped,
        spent_below=test.spent_below + dropped,
        boundary_above=None,
        boundary_below=None,
    )


def _step(variance: float) -> int:
    """The power of two that has CELLS_A_DEVIATION or more cells to a standard deviation."""
    cells = math.sqrt(variance) / CELLS_A_DEVIATION
    return 1 << max(0, math.floor(math.log2(cells))) if cells > 1 else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LogUniform:
    """A spending function: equal chances for equal ratios of what is known.

    `first` is the fraction of the horizon at which spending sets in, since smaller samples can only
    tell huge effects, for which the share `early` is kept. The share `reserve` is kept for the time
    past the horizon, which never ends. `bench/abtest` compares this with other functions.
    """

    first: float = 0.006
    early: float = 0.03
    reserve: float = 0.01

    def share(self, fraction: float) -> float:
        """The share of the error budget that may be used up at this fraction of the horizon."""
        soon = min(1.0, math.log1p(fraction / _EARLIEST) / math.log1p(self.first / _EARLIEST))
        span = math.log(min(max(fraction, self.first), 1.0) / self.first) / -math.log(self.first)
        beyond = 1 - 1 / max(fraction, 1.0)
        rest = 1 - self.early - self.reserve
        return self.early * soon + rest * span + self.reserve * beyond
