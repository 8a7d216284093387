"""Laws of whole numbers on a lattice, and what sequential tests do with them.

Nothing here knows of slots or rates. Chances too small to matter are dropped only where a function
says so and returns how much, so that callers can book it as used.
"""

import math
import struct
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence

from tidegate.untyped import Any
from tidegate.values import value


def packed(numbers: Sequence[float]) -> str:
    """Numbers as text, every bit kept, in less space than JSON would take.

    Numbers that are of single precision take half of what others do.
    """
    width = "f" if _single(numbers) == tuple(numbers) else "d"
    binary = struct.pack(f"<{len(numbers)}{width}", *numbers)
    return width + b2a_base64(binary, newline=False).decode("ascii")


def unpacked(text: str) -> tuple[float, ...]:
    """The numbers that `packed` wrote."""
    width, found = text[0], a2b_base64(text[1:])
    return struct.unpack(f"<{len(found) // struct.calcsize(width)}{width}", found)


def _single(numbers: Sequence[float]) -> tuple[float, ...]:
    form = f"<{len(numbers)}f"
    return struct.unpack(form, struct.pack(form, *numbers))


@value
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

    @property
    def mean(self) -> float:
        """The mean, should the chances add up to 1."""
        return self.offset + math.fsum(i * chance for i, chance in enumerate(self.chances))

    def plus(self, other: "Law") -> "Law":
        """The law of the sum of two independent numbers."""
        sums = _convolved(self.chances, other.chances)
        return Law(offset=self.offset + other.offset, chances=tuple(sums))

    def times(self, factor: int) -> "Law":
        """The law of the number multiplied by a factor other than 0."""
        chances = self.chances if factor > 0 else self.chances[::-1]
        first = factor * (self.offset if factor > 0 else self.top)
        spread = [0.0] * ((len(chances) - 1) * abs(factor) + 1)
        spread[:: abs(factor)] = chances
        return Law(offset=first, chances=tuple(spread))

    def moved(self, by: int) -> "Law":
        """The law of the number plus `by`."""
        return Law(offset=self.offset + by, chances=self.chances)

    def raised(self, floor: int) -> "Law":
        """The law of the larger of the number and `floor`."""
        below = floor - self.offset
        if below <= 0:
            return self
        kept = self.chances[below:] or (0.0,)
        return Law(offset=floor, chances=(math.fsum(self.chances[:below]) + kept[0], *kept[1:]))

    def coarsened(self, factor: int) -> "Law":
        """The law of the number divided by `factor` and rounded down."""
        if factor == 1:
            return self
        first = self.offset // factor
        lead = self.offset - first * factor
        padded = (0.0,) * lead + self.chances
        cells = tuple(sum(padded[i : i + factor]) for i in range(0, len(padded), factor))
        return Law(offset=first, chances=cells)

    def quantile(self, chance: float) -> int:
        """The largest value with at most this chance below it."""
        index, below = 0, 0.0
        while index < len(self.chances) - 1 and below + self.chances[index] <= chance:
            below += self.chances[index]
            index += 1
        return self.offset + index

    def trimmed(self, chance: float) -> "tuple[Law, float]":
        """This law without the ends that have at most this chance each, and what was dropped."""
        low = self.quantile(chance) - self.offset
        high, above = len(self.chances), 0.0
        while high > low + 1 and above + self.chances[high - 1] <= chance:
            high -= 1
            above += self.chances[high]
        kept = Law(offset=self.offset + low, chances=self.chances[low:high])
        return kept, math.fsum(self.chances[:low]) + above

    def above(self, value: int) -> float:
        """The chance of this value or a larger one."""
        return math.fsum(self.chances[max(0, value - self.offset) :])

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

    def rounded(self) -> "Law":
        """This law in single precision: each chance moves by less than 1e-7 of itself."""
        return Law(offset=self.offset, chances=_single(self.chances))

    def to_json(self) -> dict[str, Any]:
        """The law in JSON types, every bit kept; `from_json` reads it back."""
        return {"offset": self.offset, "chances": packed(self.chances)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Law":
        """The law that `to_json` wrote."""
        return cls(offset=int(data["offset"]), chances=unpacked(data["chances"]))


def _convolved(left: Sequence[float], right: Sequence[float]) -> list[float]:
    """Chances of a sum, by adding shifted copies of the longer law: a loop in C a copy."""
    long, short = (left, right) if len(left) >= len(right) else (right, left)
    width = len(long)
    sums = [0.0] * (width + len(short) - 1)
    for shift, chance in enumerate(short):
        if chance:
            window = sums[shift : shift + width]
            sums[shift : shift + width] = [
                a + chance * b for a, b in zip(window, long, strict=True)
            ]
    return sums
