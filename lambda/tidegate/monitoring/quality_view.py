"""What is shown of model quality: figures over time, reliability, slices, attributions."""

import math
from collections.abc import Sequence
from typing import Any

from tidegate.monitoring.advance import Watched
from tidegate.monitoring.answers import ndcg
from tidegate.monitoring.baseline import ATTRIBUTIONS
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.labels import recent_of
from tidegate.monitoring.quality_drafts import WHOLE, groups_watched
from tidegate.monitoring.scores import ScoreCounts
from tidegate.monitoring.shares import Family
from tidegate.monitoring.slices import names_of
from tidegate.monitoring.state import MonitorState
from tidegate.monitoring.verdict import Finding

BOUNDS_ERROR = 0.05
"""Chance that the bounds of the area under the curve ever miss it, while it stays what it is."""

NDCG_LIMIT = 0.9
"""Below this SageMaker Model Monitor alerts; here it is shown, and the shares are tested."""


def quality_view(state: MonitorState, watched: Watched) -> dict[str, Any] | None:
    """Ranking, calibration and errors in JSON types; None where labels are not joined."""
    evaluation, quality = watched.baseline.evaluation, state.quality
    if watched.plan.score is None or evaluation is None:
        return None
    recent = recent_of(state, WHOLE, since=0)
    bounds = auc_bounds(*quality.pairs, error=BOUNDS_ERROR)
    return {
        "joined": {
            "waiting": sum(len(one.kept) for one in quality.waiting.values()),
            "offered": quality.offered,
            "kept": quality.kept,
            "labelled": quality.labelled,
            "lapsed": quality.lapsed,
        },
        "evaluation": _figures(evaluation.counts),
        "recent": _figures(recent),
        "auc_bounds": None if bounds is None else [round(one, 4) for one in bounds],
        "bounds_error": BOUNDS_ERROR,
        "points": [one.to_json() for one in quality.points],
        "reliability": _reliability(recent, watched),
    }


def unwatched(watched: Watched) -> list[str]:
    """What the plan asks for and the baseline does not have: an older one of a trained version."""
    plan, baseline = watched.plan, watched.baseline
    missing = [f"slices by {name}" for name in plan.slices if name not in baseline.slices]
    if plan.score is not None and baseline.evaluation is None:
        missing.append("scores against labels")
    if plan.attributions is not None and ATTRIBUTIONS not in baseline.features:
        missing.append("attributions")
    return missing


def _figures(counts: ScoreCounts) -> dict[str, Any]:
    known = counts.known
    return {
        "labelled": round(known),
        "wrong": _rounded(counts.wrong / known if known > 0 else None),
        "auc": _rounded(counts.auc),
        "calibration_error": _rounded(counts.calibration_error),
    }


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 5)


def _reliability(recent: ScoreCounts, watched: Watched) -> list[dict[str, Any]]:
    groups, evaluation = groups_watched(watched.baseline, WHOLE), watched.baseline.evaluation
    now = recent.grouped(groups).bins
    was = [] if evaluation is None else evaluation.counts.grouped(groups).bins
    rows = []
    for place, (group, said) in enumerate(zip(groups, recent.expected(groups), strict=True)):
        positive, negative = now[2 * place], now[2 * place + 1]
        known = positive + negative
        before = was[2 * place] + was[2 * place + 1]
        rows.append(
            {
                "scores": group.text,
                "labelled": round(known),
                "said": _rounded(said if known > 0 else None),
                "positive": _rounded(positive / known if known > 0 else None),
                "evaluation": _rounded(was[2 * place] / before if before > 0 else None),
            }
        )
    return rows


def slices_view(
    state: MonitorState, watched: Watched, findings: Sequence[Finding]
) -> list[dict[str, Any]]:
    """What is known of each slice, the worst first: by evidence against any of it."""
    evidence: dict[str, float] = {}
    refused: dict[str, list[str]] = {}
    cut = watched.baseline.sliced_by(watched.plan.slices)
    names = [(name, index, slicing) for name, _, index, slicing in names_of(cut)]
    for one in findings:
        if one.family != Family.SLICES.value:
            continue
        name, _, what = one.feature.rpartition(" ")
        evidence[name] = max(evidence.get(name, -math.inf), one.log_evidence - one.log_limit)
        if one.refused:
            refused.setdefault(name, []).append(what.strip("()"))
    rows = [
        {
            "slice": name,
            "found": sorted(refused.get(name, [])),
            "evidence": _rounded(evidence[name]),
            "evaluation": _figures(slicing.evaluation[index]) if slicing.evaluation else None,
            "recent": _figures(recent_of(state, name, since=0)),
        }
        for name, index, slicing in names
        # A slice that nobody was in, such as of all other values, says nothing.
        if name in evidence
    ]
    return sorted(rows, key=lambda row: (-evidence[row["slice"]], row["slice"]))


def attributions_view(state: MonitorState, watched: Watched) -> dict[str, Any] | None:
    """Which features answers are attributed to, then and now; None where that is not captured."""
    feature = watched.baseline.features.get(ATTRIBUTIONS)
    if feature is None or watched.plan.attributions is None:
        return None
    was, now = FeatureCounts.empty(feature.bins.count), FeatureCounts.empty(feature.bins.count)
    for cell in feature.cells:
        was.add(cell)
    for window in state.recent:
        counts = window.features.get(ATTRIBUTIONS)
        if counts is not None:
            now.add(counts)
    parts, new = _parts(was, feature.bins.categories), _parts(now, feature.bins.categories)
    return {
        "ndcg": _rounded(ndcg(parts, new) if now.present > 0 else None),
        "limit": NDCG_LIMIT,
        "features": [
            {"feature": name, "baseline": _rounded(parts[name]), "recent": _rounded(new[name])}
            for name in sorted(parts, key=lambda name: (-parts[name], name))
        ],
    }


def _parts(counts: FeatureCounts, names: Sequence[str]) -> dict[str, float]:
    total = counts.present
    bins = counts.bins[: len(names)]
    return {
        name: (one / total if total > 0 else 0.0) for name, one in zip(names, bins, strict=True)
    }


def auc_bounds(wrongly: float, rightly: float, *, error: float) -> tuple[float, float] | None:
    """Bounds that the area under the curve is ever outside of with at most the chance `error`.

    A confidence sequence: the areas that a mixture of bets has not refused (Robbins 1970; of
    binomial counts, with a uniform prior, Ville's inequality gives it at all times at once). It is
    of an area that stays what it is: after a change it lags behind. None where there is no pair.
    """
    pairs = wrongly + rightly
    if pairs <= 0:
        return None
    mixture = math.lgamma(rightly + 1) + math.lgamma(wrongly + 1) - math.lgamma(pairs + 2)
    allowed, seen = -math.log(error), rightly / pairs

    def refused(area: float) -> bool:
        return mixture - _log_chance(rightly, area) - _log_chance(wrongly, 1 - area) > allowed

    return _edge(seen, 0.0, refused), _edge(seen, 1.0, refused)


def _log_chance(count: float, chance: float) -> float:
    if count <= 0:
        return 0.0
    return count * math.log(chance) if chance > 0 else -math.inf


def _edge(inside: float, outside: float, refused: Any) -> float:
    """The last area towards `outside` that is not refused; refusals are of a half-line."""
    if not refused(outside):
        return outside
    for _ in range(40):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if refused(middle) else (middle, outside)
    return outside
