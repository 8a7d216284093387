"""The hypotheses of a monitor: each feature's values, and their quality, are as they were."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tidegate.monitoring.baseline import PREDICTION, Baseline
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.outcomes import OUTCOME
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.shares import (
    BUDGET,
    OF_BASELINE,
    Family,
    Limits,
    Share,
    Side,
    drift_shares,
    limits_of,
    quality_shares,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """All these shares of one feature are within the tolerance of the baseline.

    `cells` are the baseline's counts and `limits` follow from them, each of each season; where the
    baseline has no row of a season, all is tolerated.
    """

    family: Family
    feature: str
    shares: tuple[Share, ...]
    cells: tuple[FeatureCounts, ...]
    limits: tuple[tuple[Limits, ...], ...]

    def at(self, season: int) -> int:
        """Which of `cells` and `limits` is of a season; outcomes know no seasons."""
        return season if len(self.cells) > 1 else 0

    @property
    def name(self) -> str:
        """Its name in the state."""
        return f"{self.family.value}: {self.feature}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypotheses:
    """All of them, by name, and which level each family is tested at."""

    alpha: float
    by_name: Mapping[str, Hypothesis] = field(default_factory=dict)

    def families(self) -> Iterator[tuple[Family, float, tuple[Hypothesis, ...]]]:
        """Each family that has any, the level it is tested at, and its hypotheses."""
        for family in Family:
            of_it = tuple(one for one in self.by_name.values() if one.family is family)
            if of_it:
                yield family, self.alpha * BUDGET[family] * (1 - OF_BASELINE), of_it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A hypothesis before its limits are known, which depend on how many bounds there are."""

    family: Family
    feature: str
    shares: tuple[Share, ...]
    cells: tuple[FeatureCounts, ...]
    tolerance: float

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
            limits=tuple(
                tuple(limits_of(self.shares, cell, tolerance=self.tolerance, error=error))
                for cell in self.cells
            ),
        )


def hypotheses_of(plan: MonitoringPlan, baseline: Baseline) -> Hypotheses:
    """What a plan watches, with limits that hold together but for a tenth of alpha."""
    drafts = [draft for draft in _drafts(plan, baseline) if draft.shares]
    bounds = dict.fromkeys(Family, 0)
    for draft in drafts:
        bounds[draft.family] += draft.bounds
    found = (
        draft.with_limits(
            error=plan.alpha * BUDGET[draft.family] * OF_BASELINE / bounds[draft.family]
        )
        for draft in drafts
    )
    return Hypotheses(alpha=plan.alpha, by_name={one.name: one for one in found})


def _drafts(plan: MonitoringPlan, baseline: Baseline) -> Iterator[_Draft]:
    for name, feature in baseline.features.items():
        yield _Draft(
            family=Family.PREDICTION if name == PREDICTION else Family.FEATURES,
            feature=name,
            shares=drift_shares(feature),
            cells=feature.cells,
            tolerance=plan.tolerance_of(name),
        )
        yield _Draft(
            family=Family.QUALITY,
            feature=name,
            shares=quality_shares(feature),
            cells=feature.cells,
            tolerance=plan.quality_tolerance,
        )
    if plan.outcomes is not None:
        bad = Share(text=plan.outcomes.text, bins=(0,), sides=(Side.MORE,))
        yield _Draft(
            family=Family.OUTCOMES,
            feature=OUTCOME,
            shares=(bad,),
            cells=(plan.outcomes.baseline,),
            tolerance=plan.outcomes.tolerance,
        )
