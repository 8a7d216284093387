"""The shares that are tested of each feature, and what is tolerated of each.

Drift of a feature is a share that moved: of values up to an edge (numbers), of a category, of
missing, impossible or strange values. Small moves do not matter to anybody: the null hypothesis is
that a share is within a tolerance of what it was in the baseline, and what it was there is itself
known only within bounds.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from tidegate.monitoring.baseline import FeatureBaseline
from tidegate.monitoring.bins import Bins, Kind
from tidegate.monitoring.bounds import lower_bound, upper_bound
from tidegate.monitoring.counts import FeatureCounts
from tidegate.values import value


class Family(StrEnum):
    """What is watched. Each family has a part of the error budget, however many it has in it."""

    QUALITY = "data quality"
    FEATURES = "data drift"
    PREDICTION = "prediction drift"
    OUTCOMES = "model quality"
    SLICES = "slices"
    ATTRIBUTIONS = "attribution drift"


BUDGET = {
    Family.QUALITY: 0.2,
    Family.FEATURES: 0.3,
    Family.PREDICTION: 0.1,
    Family.OUTCOMES: 0.2,
    Family.SLICES: 0.1,
    Family.ATTRIBUTIONS: 0.1,
}
"""Parts of alpha; families that a monitor has none of leave theirs unused."""

OF_BASELINE = 0.1
"""Part of a family's alpha for the chance that the baseline's bounds miss what they bound."""


class Side(StrEnum):
    """Which way a share may not move."""

    MORE = "more"
    LESS = "less"


@value
class Share:
    """One share: of the values in `bins`, or of those at a `place`.

    It is a share of the values `among` some bins, or of all that are in any.
    """

    text: str
    bins: tuple[int, ...] = ()
    among: tuple[int, ...] = ()
    place: str = ""
    sides: tuple[Side, ...] = (Side.MORE, Side.LESS)

    def of(self, counts: FeatureCounts) -> tuple[float, float]:
        """How many values are of it, and of how many."""
        if self.place == "missing":
            return counts.missing, counts.total
        if self.place == "invalid":
            return counts.invalid, counts.total - counts.missing
        if self.place == "strange":
            return counts.strange, counts.present
        of = counts.present if not self.among else sum(counts.bins[one] for one in self.among)
        return sum(counts.bins[index] for index in self.bins), of


@value
class Limits:
    """The largest and smallest share that is within the tolerance of the baseline."""

    most: float
    least: float

    def boundary(self, side: Side) -> float:
        """The null hypothesis of a side: the share of it (or of its contrary) is at most this."""
        return self.most if side is Side.MORE else 1 - self.least


def drift_shares(baseline: FeatureBaseline) -> tuple[Share, ...]:
    """Where a feature's distribution is looked at: each edge, or each category."""
    bins = baseline.bins
    if bins.kind is Kind.CATEGORY:
        return category_shares(bins, sign="= ")
    return tuple(
        Share(text=f"<= {edge:g}", bins=tuple(range(index + 1)))
        for index, edge in enumerate(bins.edges)
    )


def category_shares(bins: Bins, *, sign: str) -> tuple[Share, ...]:
    """The share of each category, named after a sign."""
    return tuple(
        Share(text=f"{sign}{bins.name(index)}", bins=(index,)) for index in range(bins.count)
    )


def quality_shares(baseline: FeatureBaseline) -> tuple[Share, ...]:
    """Values that are missing, that cannot be what they should, or were never seen before."""
    bins = baseline.bins
    number = bins.kind is Kind.NUMBER
    strange = f"outside {bins.low:g} to {bins.high:g}" if number else "of a category never seen"
    return (
        Share(text="missing", place="missing"),
        Share(text="not a number" if number else "not text", place="invalid", sides=(Side.MORE,)),
        Share(text=strange, place="strange", sides=(Side.MORE,)),
    )


def limits_of(
    shares: Sequence[Share], cell: FeatureCounts, *, tolerance: float, error: float
) -> Iterator[Limits]:
    """The limits of each share; each bound of the baseline is wrong with at most `error`."""
    for share in shares:
        count, trials = share.of(cell)
        yield Limits(
            most=min(1.0, upper_bound(count, trials, error=error) + tolerance),
            least=max(0.0, lower_bound(count, trials, error=error) - tolerance),
        )
