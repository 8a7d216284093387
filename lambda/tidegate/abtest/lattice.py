"""Laws of whole numbers: what is added, made coarser and cut off in exact sequential tests.

Nothing here knows of slots or rates. Sums over floats are exact to about 1e-13 in all; chances too
small to matter are dropped only by `trimmed`, which says how much, so that callers account for it.
"""

import base64
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any

NEGLIGIBLE = 1e-15
"""Chance below which the far tails of one hypergeometric increment are not computed."""


def packed(numbers: Sequence[float]) -> str:
    """Numbers as text, every bit kept, in half the space that JSON would take."""
    return base64.b64encode(struct.pack(f"<{len(numbers)}d", *numbers)).decode("ascii")


def unpacked(text: str) -> tuple[float, ...]:
    """The numbers that `packed` wrote."""
    found = base64.b64decode(text)
    return struct.unpack(f"<{len(found) // 8}d", found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The chances of `offset`, `offset + 1`, ...; they need not add up to 1."""

    offset: int = 0
    chances: tuple[float, ...] = (1.0,)

    @property
    def total(self) -> float:
        """All chances together."""
        return math.fsum(self.chances)

    @property
    def top(self) -> int:
        """The largest value that has a chance."""
        return self.offset + len(self.chances) - 1

    def plus(self, other: "Law") -> "Law":
        """The law of the sum of two independent numbers."""
        long, short = self.chances, other.chances
        if len(long) < len(short):
            long, short = short, long
        width = len(short)
        pad = (0.0,) * (width - 1)
        padded = pad + long + pad
        kernel = short[::-1]
        sums = tuple(
            sum(map(mul, padded[i : i + width], kernel)) for i in range(len(long) + width - 1)
        )
        return Law(offset=self.offset + other.offset, chances=sums)

    def coarsened(self, factor: int) -> "Law":
        """The law of the number divided by `factor` and rounded down."""
        if factor == 1:
            return self
        first = self.offset // factor
        lead = self.offset - first * factor
        padded = (0.0,) * lead + self.chances
        cells = tuple(sum(padded[i : i + factor]) for i in range(0, len(padded), factor))
        return Law(offset=first, chances=cells)

    def trimmed(self, chance: float) -> "tuple[Law, float]":
        """This law without the ends that have at most this chance each, and what was dropped."""
        low, below = 0, 0.0
        while low < len(self.chances) - 1 and below + self.chances[low] <= chance:
            below += self.chances[low]
            low += 1
        high, above = len(self.chances), 0.0
        while high > low + 1 and above + self.chances[high - 1] <= chance:
            high -= 1
            above += self.chances[high]
        kept = Law(offset=self.offset + low, chances=self.chances[low:high])
        return kept, below + above

    def cut_above(self, chance: float) -> "tuple[Law, int, float]":
        """What is left below the lowest boundary whose cut has at most this chance.

        Returns the rest, the boundary (values at or above it are cut) and the chance cut off.
        """
        index, cut = len(self.chances), 0.0
        while index > 0 and cut + self.chances[index - 1] <= chance:
            index -= 1
            cut += self.chances[index]
        rest = Law(offset=self.offset, chances=self.chances[:index] or (0.0,))
        return rest, self.offset + index, cut

    def mirrored(self) -> "Law":
        """The law of the number with its sign changed."""
        return Law(offset=-self.top, chances=self.chances[::-1])

    def to_json(self) -> dict[str, Any]:
        """The law in JSON types, every bit kept; `from_json` reads it back."""
        return {"offset": self.offset, "chances": packed(self.chances)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Law":
        """The law that `to_json` wrote."""
        return cls(offset=int(data["offset"]), chances=unpacked(data["chances"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """The totals of a 2 x 2 table, which say all that is known of it before the split is seen."""

    trials: int
    other_trials: int
    events: int

    @property
    def informative(self) -> bool:
        """Whether the events could have fallen differently between the two sides."""
        both = self.trials + self.other_trials
        return self.trials > 0 and self.other_trials > 0 and 0 < self.events < both

    def mirrored(self) -> "Margins":
        """The totals with the sides exchanged."""
        return Margins(trials=self.other_trials, other_trials=self.trials, events=self.events)

    @property
    def mean(self) -> float:
        """Expected events of the first side, should the sides not differ."""
        return self.events * self.trials / (self.trials + self.other_trials)

    @property
    def variance(self) -> float:
        """Variance of the first side's events, should the sides not differ."""
        if not self.informative:
            return 0.0
        both = self.trials + self.other_trials
        share, rate = self.trials / both, self.events / both
        return both * share * (1 - share) * rate * (1 - rate) * both / (both - 1)

    def law(self) -> tuple[Law, float]:
        """The hypergeometric law of the first side's events, and the chance that it leaves out.

        Walks from the mode outwards until the rest is below NEGLIGIBLE: neighbouring chances have
        falling ratios, so that a geometric series bounds the rest. Time grows with the square root
        of the trials.
        """
        if not self.informative:
            certain = self.trials if self.events else 0
            return Law(offset=min(certain, self.events)), 0.0
        mode = (self.trials + 1) * (self.events + 1) // (self.trials + self.other_trials + 2)
        up, rest_up = _outwards(self, mode)
        down, rest_down = _outwards(self.mirrored(), self.events - mode)
        total = math.fsum(up) + math.fsum(down) + 1.0
        chances = tuple(weight / total for weight in (*reversed(down), 1.0, *up))
        return Law(offset=mode - len(down), chances=chances), (rest_up + rest_down) / total


def _outwards(margins: Margins, mode: int) -> tuple[list[float], float]:
    """Chances above the mode, relative to its own, and a bound of the rest."""
    trials, events, slack = margins.trials, margins.events, margins.other_trials - margins.events
    weights: list[float] = []
    weight = 1.0
    for x in range(mode, min(events, trials)):
        ratio = (trials - x) * (events - x) / ((x + 1) * (slack + x + 1))
        weight *= ratio
        if ratio < 1 and weight / (1 - ratio) < NEGLIGIBLE:
            return weights, weight / (1 - ratio)
        weights.append(weight)
    return weights, 0.0
