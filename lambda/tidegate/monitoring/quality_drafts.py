"""Model quality as hypotheses: ranking, calibration and errors, of all traffic and of each slice.

They are shares too, so that the same bets and the same discovery control hold for them.
"""

from collections.abc import Iterator, Sequence

from tidegate.monitoring.baseline import PREDICTION, Baseline, FeatureBaseline
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.drafts import Draft
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.scores import ALL, Group, ScoreCounts, groups_of
from tidegate.monitoring.shares import Family, Share, Side, drift_shares
from tidegate.monitoring.slices import names_of, of_slice

RANKING, CALIBRATION, ERRORS = "(ranking)", "(calibration)", "(errors)"
"""Names under which model quality is watched, as if each were one more feature."""

WHOLE = ""
"""Stands for all traffic, where there are names of slices."""

MOST_GROUPS, MOST_GROUPS_OF_SLICE = 10, 2
"""Groups of scores that calibration is tested in. Labels of a slice that become the contrary are
as many as before where scores are as often high as low: one group would not see them."""


def groups_watched(baseline: Baseline, name: str) -> tuple[Group, ...]:
    """The groups of scores in which labels of all traffic, or of a slice, are compared."""
    evaluation = baseline.evaluation
    if evaluation is None:
        return ALL
    most = MOST_GROUPS if name == WHOLE else MOST_GROUPS_OF_SLICE
    return groups_of(evaluation.counts, most=most)


def quality_drafts(plan: MonitoringPlan, baseline: Baseline) -> Iterator[Draft]:
    """Of all traffic: pairs ranked wrongly, and positives where scores say how many."""
    if plan.score is None or baseline.evaluation is None:
        return
    counts = baseline.evaluation.counts
    yield _ranking(WHOLE, counts, family=Family.OUTCOMES, tolerance=plan.score.auc_tolerance)
    yield _calibration(
        WHOLE,
        counts,
        groups_watched(baseline, WHOLE),
        family=Family.OUTCOMES,
        tolerance=plan.score.calibration_tolerance,
    )


def slice_drafts(plan: MonitoringPlan, baseline: Baseline) -> Iterator[Draft]:
    """Of each slice: the same, errors, and the distribution of predictions."""
    for name, _, index, slicing in names_of(baseline.sliced_by(plan.slices)):
        if slicing.predictions:
            yield _predictions(name, baseline, slicing.predictions[index], plan.slice_tolerance)
        if plan.score is not None and slicing.evaluation:
            counts, tolerance = slicing.evaluation[index], plan.slice_tolerance
            yield _ranking(name, counts, family=Family.SLICES, tolerance=tolerance)
            groups = groups_watched(baseline, name)
            yield _calibration(name, counts, groups, family=Family.SLICES, tolerance=tolerance)
            yield Draft(
                family=Family.SLICES,
                feature=of_slice(name, ERRORS),
                shares=(Share(text="wrong", bins=(0,), sides=(Side.MORE,)),),
                cells=(counts.erred(),),
                tolerance=tolerance,
                labels_of=name,
            )


def _predictions(
    name: str, baseline: Baseline, cells: tuple[FeatureCounts, ...], tolerance: float
) -> Draft:
    bins = baseline.features[PREDICTION].bins
    return Draft(
        family=Family.SLICES,
        feature=of_slice(name, PREDICTION),
        shares=drift_shares(FeatureBaseline(bins=bins, cells=cells)),
        cells=cells,
        tolerance=tolerance,
    )


def _ranking(name: str, counts: ScoreCounts, *, family: Family, tolerance: float) -> Draft:
    return Draft(
        family=family,
        feature=named(name, RANKING),
        shares=(Share(text="ranked wrongly", bins=(0,), sides=(Side.MORE,)),),
        cells=(counts.ranked(),),
        tolerance=tolerance,
        labels_of=name,
    )


def _calibration(
    name: str, counts: ScoreCounts, groups: Sequence[Group], *, family: Family, tolerance: float
) -> Draft:
    return Draft(
        family=family,
        feature=named(name, CALIBRATION),
        shares=tuple(
            Share(
                text=f"positive at scores {group.text}",
                bins=(2 * place,),
                among=(2 * place, 2 * place + 1),
            )
            for place, group in enumerate(groups)
        ),
        cells=(counts.grouped(groups),),
        tolerance=tolerance,
        labels_of=name,
        expected=tuple(counts.expected(groups)),
    )


def named(name: str, what: str) -> str:
    """What is watched of a slice, or of all traffic where the slice's name is empty."""
    return of_slice(name, what) if name else what
