"""The hypotheses of a monitor: each feature's values, and their quality, are as they were."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tidegate.monitoring.baseline import ATTRIBUTIONS, PREDICTION, Baseline
from tidegate.monitoring.drafts import Draft, Hypothesis
from tidegate.monitoring.outcomes import OUTCOME
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.quality_drafts import quality_drafts, slice_drafts
from tidegate.monitoring.shares import (
    BUDGET,
    OF_BASELINE,
    Family,
    Share,
    Side,
    category_shares,
    drift_shares,
    quality_shares,
)


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


def _drafts(plan: MonitoringPlan, baseline: Baseline) -> Iterator[Draft]:
    for name, feature in baseline.features.items():
        explains = name == ATTRIBUTIONS
        yield Draft(
            family=_DRIFT.get(name, Family.FEATURES),
            feature=name,
            shares=category_shares(feature.bins, sign="to ") if explains else drift_shares(feature),
            cells=feature.cells,
            tolerance=plan.tolerance_of(name),
        )
        yield Draft(
            family=Family.QUALITY,
            feature=name,
            shares=quality_shares(feature),
            cells=feature.cells,
            tolerance=plan.quality_tolerance,
        )
    if plan.outcomes is not None:
        bad = Share(text=plan.outcomes.text, bins=(0,), sides=(Side.MORE,))
        yield Draft(
            family=Family.OUTCOMES,
            feature=OUTCOME,
            shares=(bad,),
            cells=(plan.outcomes.baseline,),
            tolerance=plan.outcomes.tolerance,
        )
    yield from quality_drafts(plan, baseline)
    yield from slice_drafts(plan, baseline)


_DRIFT = {PREDICTION: Family.PREDICTION, ATTRIBUTIONS: Family.ATTRIBUTIONS}
