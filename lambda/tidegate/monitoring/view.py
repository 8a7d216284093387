"""The one view of a monitor: computed once, shown by terminal, page, metrics and event."""

from typing import Any

from tidegate.metrics import Metric
from tidegate.monitoring.advance import Watched
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.labels import recent_of
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.quality_drafts import WHOLE
from tidegate.monitoring.quality_view import (
    attributions_view,
    quality_view,
    slices_view,
    unwatched,
)
from tidegate.monitoring.shares import Family
from tidegate.monitoring.state import MonitorState
from tidegate.monitoring.verdict import by_family, verdict_of

FORMAT = 1
FAMILY_METRICS = {
    Family.QUALITY: "DataQualityFindings",
    Family.FEATURES: "DataDriftFindings",
    Family.PREDICTION: "PredictionDriftFindings",
    Family.OUTCOMES: "ModelQualityFindings",
    Family.SLICES: "SliceFindings",
    Family.ATTRIBUTIONS: "AttributionDriftFindings",
}
FINDINGS = "MonitoringFindings"
"""The metric that the alarm looks at: how many hypotheses are refused."""


def view_of(model: str, state: MonitorState, watched: Watched, *, at: float) -> dict[str, Any]:
    """The view in JSON types. `at` is the moment of the look, in epoch seconds."""
    verdict = verdict_of(state, watched)
    return {
        "format": FORMAT,
        "model": model,
        "at": at,
        **verdict.to_json(),
        "promise": promise(watched),
        "window_seconds": watched.plan.window_seconds,
        "baseline": {
            "digest": watched.mark,
            "of": watched.of,
            "rows": watched.baseline.rows,
            "season": watched.baseline.season.value,
        },
        "totals": state.totals.to_json(),
        "open_requests": sum(window.requests for window in state.windows.values()),
        "points": [point.to_json() for point in state.points],
        "outcomes": [list(one) for one in state.outcomes],
        "found": [one.to_json() for one in state.found],
        "quality": quality_view(state, watched),
        "slices": slices_view(state, watched, verdict.findings),
        "attributions": attributions_view(state, watched),
        "unwatched": unwatched(watched),
        "distributions": {
            name: _distribution(state, watched, name) for name in watched.baseline.features
        },
    }


def promise(watched: Watched) -> str:
    """What the verdict promises, in a sentence."""
    plan = watched.plan
    return (
        f"While every share stays within {100 * plan.tolerance:g} points of the baseline (missing "
        f"and impossible values {100 * plan.quality_tolerance:g}{_more(plan)}), the chance of any "
        f"finding, ever, is at most {100 * plan.alpha:g} %"
    )


def _more(plan: MonitoringPlan) -> str:
    """The tolerances of what not every monitor watches."""
    told = {} if not plan.slices else {"shares of slices": plan.slice_tolerance}
    if plan.score is not None:
        told["pairs ranked wrongly"] = plan.score.auc_tolerance
        told["labels against scores"] = plan.score.calibration_tolerance
    return "".join(f", {name} {100 * tolerance:g}" for name, tolerance in told.items())


def _distribution(state: MonitorState, watched: Watched, name: str) -> dict[str, Any]:
    feature = watched.baseline.features[name]
    was, now = FeatureCounts.empty(feature.bins.count), FeatureCounts.empty(feature.bins.count)
    for cell in feature.cells:
        was.add(cell)
    for window in state.recent:
        counts = window.features.get(name)
        if counts is not None:
            now.add(counts)
    return {
        "bins": [feature.bins.name(index) for index in range(feature.bins.count)],
        "baseline": _shares(was),
        "recent": _shares(now),
        "missing": [_share(was.missing, was.total), _share(now.missing, now.total)],
    }


def _shares(counts: FeatureCounts) -> list[float]:
    present = counts.present
    return [_share(count, present) for count in counts.bins]


def _share(count: float, of: float) -> float:
    return round(count / of, 6) if of > 0 else 0.0


def metric_of(model: str, state: MonitorState, watched: Watched) -> Metric:
    """The view as metrics, for alarms and people."""
    verdict = verdict_of(state, watched)
    families = by_family(verdict)
    values = {
        FINDINGS: float(len(verdict.refused)),
        "MonitoredRequests": float(state.totals.requests),
        "UnreadableCaptures": float(state.totals.unreadable),
        **{FAMILY_METRICS[family]: float(count) for family, count in families.items()},
        **_figures(state, watched),
    }
    return Metric(dimensions={"Model": model}, values=values, units={})


def _figures(state: MonitorState, watched: Watched) -> dict[str, float]:
    """Figures of the last windows, of what there is any; a figure that is not there is no zero."""
    recent, told = recent_of(state, WHOLE, since=0), attributions_view(state, watched)
    figures = {
        "AreaUnderCurve": recent.auc,
        "CalibrationError": recent.calibration_error,
        "AttributionRankingGain": None if told is None else told["ndcg"],
    }
    return {name: figure for name, figure in figures.items() if figure is not None}
