"""Labels that came are evidence: of how scores rank, whether they say chances, and of each slice.

A window is judged once, when all of its outcomes can have come; then its predictions are forgotten.
"""

from collections.abc import Mapping

from tidegate.monitoring.advance import Watched, judge
from tidegate.monitoring.counts import FeatureCounts, Window
from tidegate.monitoring.outcomes import OutcomePlan, last_mature
from tidegate.monitoring.quality import QualityPoint
from tidegate.monitoring.quality_drafts import (
    CALIBRATION,
    ERRORS,
    RANKING,
    WHOLE,
    groups_watched,
    named,
)
from tidegate.monitoring.scores import ScoreCounts
from tidegate.monitoring.slices import names_of, of_slice
from tidegate.monitoring.state import POINTS_KEPT, RECENT_WINDOWS, MonitorState
from tidegate.monitoring.waiting import KnownLabels, Labelled, Waiting, labelled
from tidegate.outcomes import KEPT_BEYOND_WINDOW_SECONDS


def close_labels(state: MonitorState, watched: Watched, known: KnownLabels, *, now: float) -> None:
    """Every window whose labels can all have come by now is judged by those that came."""
    plan = watched.plan
    if plan.outcomes is None or plan.score is None:
        return
    last = last_mature(
        plan.outcomes, now=now, window_seconds=plan.window_seconds, lag_seconds=plan.lag_seconds
    )
    for window in [one for one in sorted(state.quality.waiting) if one <= last]:
        waiting = state.quality.waiting.pop(window)
        waiting.trim()
        kept_until = window * plan.window_seconds + _kept_seconds(plan.outcomes)
        if now > kept_until:
            # Of an outcome that is not there it is not known whether it never was.
            state.quality.lapsed += waiting.offered
            continue
        close_window_of(state, watched, waiting, known.wrong(waiting.kept), window=window)


def _kept_seconds(plan: OutcomePlan) -> int:
    return plan.window_seconds + KEPT_BEYOND_WINDOW_SECONDS


def close_window_of(
    state: MonitorState,
    watched: Watched,
    waiting: Waiting,
    wrong: Mapping[str, bool],
    *,
    window: int,
) -> None:
    """The window's labels are evidence; what was wrong is given by fingerprint."""
    plan, evaluation = watched.plan.outcomes, watched.baseline.evaluation
    if plan is None or evaluation is None:
        return
    found = list(labelled(waiting, wrong, plan, threshold=evaluation.threshold))
    quality = state.quality
    quality.offered += waiting.offered
    quality.kept += len(waiting.kept)
    quality.labelled += len(found)
    if not found:
        return
    judge_counts(state, watched, counts_of(watched, waiting, found), window=window)


def counts_of(watched: Watched, waiting: Waiting, found: list[Labelled]) -> dict[str, ScoreCounts]:
    """What is known of all traffic, and of each slice in which there is any of it."""
    cut = watched.baseline.sliced_by(watched.plan.slices)
    # Slices are numbered by what is cut: of those that were counted before that changed, none is.
    names = [name for name, *_ in names_of(cut)] if waiting.cut == tuple(cut) else []
    counts = {WHOLE: ScoreCounts()}
    for one in found:
        for name in (WHOLE, *(names[number] for number in one.slices if names)):
            into = counts.setdefault(name, ScoreCounts())
            into.put(one.score, positive=one.positive, wrong=one.wrong)
    return counts


def judge_counts(
    state: MonitorState, watched: Watched, counts: Mapping[str, ScoreCounts], *, window: int
) -> None:
    """The counts of a window are evidence, and remembered."""
    features: dict[str, FeatureCounts] = {}
    said: dict[str, list[float]] = {}
    for name, one in counts.items():
        features |= features_of(watched, name, one)
        said[named(name, CALIBRATION)] = expected_of(watched, name, one)
    judge(state, watched, Window(index=window, features=features), said=said)
    quality, whole = state.quality, counts[WHOLE]
    point = QualityPoint(
        window=window,
        labelled=round(whole.known),
        wrong=whole.wrong / whole.known,
        auc=whole.auc,
        calibration_error=whole.calibration_error,
    )
    quality.recent = [*quality.recent, (window, dict(counts))][-RECENT_WINDOWS:]
    quality.points = [*quality.points, point][-POINTS_KEPT:]
    wrongly, rightly = whole.ranked().bins
    quality.pairs = (quality.pairs[0] + wrongly, quality.pairs[1] + rightly)


def features_of(watched: Watched, name: str, counts: ScoreCounts) -> dict[str, FeatureCounts]:
    """What is watched of all traffic, or of a slice, as counts of shares."""
    groups = groups_watched(watched.baseline, name)
    found = {
        named(name, RANKING): counts.ranked(),
        named(name, CALIBRATION): counts.grouped(groups),
    }
    return found if name == WHOLE else {**found, of_slice(name, ERRORS): counts.erred()}


def expected_of(watched: Watched, name: str, counts: ScoreCounts) -> list[float]:
    """What scores say of each share of calibration."""
    return counts.expected(groups_watched(watched.baseline, name))


def recent_of(state: MonitorState, name: str, *, since: int) -> ScoreCounts:
    """What is known of all traffic, or of a slice, in the last windows from one on."""
    found = ScoreCounts()
    for window, counts in state.quality.recent:
        if window >= since and name in counts:
            found.add(counts[name])
    return found
