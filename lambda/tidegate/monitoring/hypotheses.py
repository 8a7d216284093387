"""The hypotheses of a monitor: each feature's values, and their quality, are as they were."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tidegate.monitoring.baseline import PREDICTION, Baseline
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.shares import (
    BUDGET,
    OF_BASELINE,
    Family,
    Limits,
    Share,
    drift_shares,
    limits_of,
    quality_shares,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """All these shares of one feature are within the tolerance of the baseline.

    `limits` are those of each season; where the baseline has no row of a season, all is tolerated.
    """

    family: Family
    feature: str
    shares: tuple[Share, ...]
    limits: tuple[tuple[Limits, ...], ...]

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


def hypotheses_of(plan: MonitoringPlan, baseline: Baseline) -> Hypotheses:
    """What a plan watches, with limits that hold together but for a tenth of alpha."""
    drafts: list[tuple[Family, str, tuple[Share, ...]]] = []
    for name, feature in baseline.features.items():
        drift = Family.PREDICTION if name == PREDICTION else Family.FEATURES
        drafts.append((drift, name, drift_shares(feature)))
        drafts.append((Family.QUALITY, name, quality_shares(feature)))
    bounds = dict.fromkeys(Family, 0)
    for family, _, shares in drafts:
        bounds[family] += sum(len(share.sides) for share in shares) * baseline.season.cells
    found = {}
    for family, name, shares in drafts:
        if not shares:
            continue
        error = plan.alpha * BUDGET[family] * OF_BASELINE / bounds[family]
        tolerance = plan.quality_tolerance if family is Family.QUALITY else plan.tolerance_of(name)
        cells = baseline.features[name].cells
        limits = tuple(
            tuple(limits_of(shares, cell, tolerance=tolerance, error=error)) for cell in cells
        )
        one = Hypothesis(family=family, feature=name, shares=shares, limits=limits)
        found[one.name] = one
    return Hypotheses(alpha=plan.alpha, by_name=found)
