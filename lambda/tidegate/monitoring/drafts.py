"""One hypothesis, and how its limits follow from the baseline once it is known how many there are.

What is watched against scores has its limits around what the scores say, which each window knows
only itself: its limits here are distances from that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.monitoring.bounds import lower_bound, upper_bound
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.shares import Family, Limits, Share, limits_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """All these shares of one feature are within the tolerance of the baseline.

    `cells` are the baseline's counts and `limits` follow from them, each of each season; where the
    baseline has no row of a season, all is tolerated. `expected` is what scores said of each share
    in the evaluation, where limits are distances from what scores say; None where they are shares.
    `labels_of` names whose labels are counted: a slice's, all traffic's (""); None: no labels are.
    """

    family: Family
    feature: str
    shares: tuple[Share, ...]
    cells: tuple[FeatureCounts, ...]
    limits: tuple[tuple[Limits, ...], ...]
    expected: tuple[float, ...] | None = None
    labels_of: str | None = None

    def at(self, season: int) -> int:
        """Which of `cells` and `limits` is of a season; outcomes know no seasons."""
        return season if len(self.cells) > 1 else 0

    @property
    def name(self) -> str:
        """Its name in the state."""
        return f"{self.family.value}: {self.feature}"

    def around(self, expected: Sequence[float]) -> tuple[Limits, ...]:
        """The limits where the scores say this of each share; only of what `expected` is of."""
        return tuple(
            Limits(most=min(1.0, said + one.most), least=max(0.0, said + one.least))
            for said, one in zip(expected, self.limits[0], strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A hypothesis before its limits are known, which depend on how many bounds there are."""

    family: Family
    feature: str
    shares: tuple[Share, ...]
    cells: tuple[FeatureCounts, ...]
    tolerance: float
    expected: tuple[float, ...] | None = None
    labels_of: str | None = None

    @property
    def bounds(self) -> int:
        """How many bounds of the baseline it rests on."""
        return sum(len(share.sides) for share in self.shares) * len(self.cells)

    def with_limits(self, *, error: float) -> Hypothesis:
        """The hypothesis, each of whose bounds is wrong with at most this chance."""
        return Hypothesis(
            family=self.family,
            feature=self.feature,
            shares=self.shares,
            cells=self.cells,
            limits=tuple(self._limits(cell, error) for cell in self.cells),
            expected=self.expected,
            labels_of=self.labels_of,
        )

    def _limits(self, cell: FeatureCounts, error: float) -> tuple[Limits, ...]:
        if self.expected is None:
            return tuple(limits_of(self.shares, cell, tolerance=self.tolerance, error=error))
        return tuple(
            _distances(share.of(cell), said, tolerance=self.tolerance, error=error)
            for share, said in zip(self.shares, self.expected, strict=True)
        )


def _distances(seen: tuple[float, float], said: float, *, tolerance: float, error: float) -> Limits:
    """How far from what scores say: the tolerance, and as far as it may have been at evaluation.

    Scores that were off then, or of which the evaluation knew little, are so no finding.
    """
    count, trials = seen
    return Limits(
        most=max(0.0, upper_bound(count, trials, error=error) - said) + tolerance,
        least=min(0.0, lower_bound(count, trials, error=error) - said) - tolerance,
    )
