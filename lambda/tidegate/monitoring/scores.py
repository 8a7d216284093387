"""Scores and what became known of them, as counts: ranking and calibration without any pair.

Scores are chances, from 0 to 1. They are counted by label in fixed bins that are narrow where
chances are near 0 or 1. Of each bin the sum of the scores is kept too, so that what the scores
said is known exactly.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from tidegate.monitoring.bins import Place, number_of
from tidegate.monitoring.counts import FeatureCounts

_LOW = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)
EDGES = (*_LOW, 0.5, *(round(1 - edge, 3) for edge in reversed(_LOW)))
"""Bin k holds the scores above `EDGES[k-1]`, up to `EDGES[k]`."""

BINS = len(EDGES) + 1

_DIGITS = 4
"""Of a sum of scores: what is rounded off is far below what chance moves."""


def score_of(raw: Any) -> float | None:
    """The chance that a value is; None for what is none."""
    number = number_of(raw)
    return None if isinstance(number, Place) or not 0 <= number <= 1 else number


def _zeros() -> list[float]:
    return [0.0] * BINS


@dataclass(slots=True, kw_only=True)
class ScoreCounts:
    """Predictions whose label is known, by bin of their score; `wrong` are those that erred."""

    positives: list[float] = field(default_factory=_zeros)
    negatives: list[float] = field(default_factory=_zeros)
    scores: list[float] = field(default_factory=_zeros)
    wrong: float = 0.0

    def put(self, score: float, *, positive: bool, wrong: bool) -> None:
        """One more is counted."""
        place = bisect_left(EDGES, score)
        (self.positives if positive else self.negatives)[place] += 1
        self.scores[place] += score
        self.wrong += wrong

    def add(self, other: "ScoreCounts") -> None:
        """The other counts are in these too."""
        for mine, theirs in zip(self.lists, other.lists, strict=True):
            mine[:] = [one + more for one, more in zip(mine, theirs, strict=True)]
        self.wrong += other.wrong

    @property
    def lists(self) -> tuple[list[float], list[float], list[float]]:
        """Positives, negatives and sums of scores, by bin."""
        return self.positives, self.negatives, self.scores

    @property
    def known(self) -> float:
        """How many there are."""
        return sum(self.positives) + sum(self.negatives)

    @property
    def auc(self) -> float | None:
        """The share of pairs, a positive and a negative, whose positive has the higher score.

        Equal bins are half a pair: it is the area under the curve through the bins' edges (Bamber
        1975), and so at most the finest bins' own. None where there is no pair.
        """
        pairs = sum(self.positives) * sum(self.negatives)
        if pairs <= 0:
            return None
        below = ordered = 0.0
        for positive, negative in zip(self.positives, self.negatives, strict=True):
            ordered += positive * (below + negative / 2)
            below += negative
        return ordered / pairs

    def ranked(self) -> FeatureCounts:
        """Pairs ranked wrongly, and rightly: as many as there are of the rarer label.

        A mean over all pairs has no larger exponential moments than one over so many disjoint
        pairs (Hoeffding 1963, section 5), which is all that bets and bounds use.
        """
        auc = self.auc
        if auc is None:
            return FeatureCounts.empty(2)
        pairs = min(sum(self.positives), sum(self.negatives))
        return FeatureCounts(bins=[pairs * (1 - auc), pairs * auc])

    def erred(self) -> FeatureCounts:
        """Wrong ones, and right ones."""
        return FeatureCounts(bins=[self.wrong, self.known - self.wrong])

    def grouped(self, groups: Sequence["Group"]) -> FeatureCounts:
        """Positives and negatives of each group of bins."""
        bins: list[float] = []
        for group in groups:
            bins += [group.sum(self.positives), group.sum(self.negatives)]
        return FeatureCounts(bins=bins)

    def expected(self, groups: Sequence["Group"]) -> list[float]:
        """The mean score of each group: the share of positives that it says; 0 of none."""
        found = []
        for group in groups:
            known = group.sum(self.positives) + group.sum(self.negatives)
            found.append(group.sum(self.scores) / known if known > 0 else 0.0)
        return found

    @property
    def calibration_error(self) -> float | None:
        """Expected calibration error: the mean gap of a bin between scores and labels.

        Naeini, Cooper and Hauskrecht (AAAI 2015), over our bins. None where nothing is known.
        """
        if self.known <= 0:
            return None
        gaps = zip(*self.lists, strict=True)
        return sum(abs(positive - score) for positive, _, score in gaps) / self.known

    def to_json(self) -> list[Any]:
        """The counts in JSON types; bins in which there is nothing are left out."""
        kept = [
            [place, positive, negative, round(score, _DIGITS)]
            for place, (positive, negative, score) in enumerate(zip(*self.lists, strict=True))
            if positive or negative
        ]
        return [kept, self.wrong]

    @classmethod
    def from_json(cls, data: Iterable[Any]) -> "ScoreCounts":
        """The inverse of `to_json`."""
        kept, wrong = data
        found = cls(wrong=wrong)
        for place, positive, negative, score in kept:
            found.positives[place], found.negatives[place] = positive, negative
            found.scores[place] = score
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Bins next to one another, `first` to `last`, both ends included."""

    first: int
    last: int

    def sum(self, values: Sequence[float]) -> float:
        """The sum of their values."""
        return sum(values[self.first : self.last + 1])

    @property
    def text(self) -> str:
        """The scores in it, as people read them."""
        low = 0.0 if self.first == 0 else EDGES[self.first - 1]
        high = 1.0 if self.last == BINS - 1 else EDGES[self.last]
        return f"{low:g} to {high:g}"


ALL = (Group(first=0, last=BINS - 1),)
"""One group of all scores."""


def groups_of(counts: ScoreCounts, *, most: int) -> tuple[Group, ...]:
    """At most so many groups, each of about as many of the counted predictions; none is empty."""
    ends = sorted(set(_ends(counts, most)))
    firsts = [0, *(end + 1 for end in ends)]
    lasts = [*ends, BINS - 1]
    return tuple(Group(first=one, last=two) for one, two in zip(firsts, lasts, strict=True))


def _ends(counts: ScoreCounts, most: int) -> Iterator[int]:
    """The bins whose ends are nearest to equal parts, with something on either side."""
    held = list(accumulate(map(sum, zip(counts.positives, counts.negatives, strict=True))))
    inner = [place for place, sum_ in enumerate(held) if 0 < sum_ < held[-1]]
    for part in range(1, most if inner else 1):
        aim = held[-1] * part / most
        yield min(inner, key=lambda place: abs(held[place] - aim))
