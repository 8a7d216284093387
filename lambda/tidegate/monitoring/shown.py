"""What is shown of a hypothesis: its most telling share, before and since it probably moved."""

from tidegate.monitoring.advance import Watched
from tidegate.monitoring.baseline import ATTRIBUTIONS
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.drafts import Hypothesis
from tidegate.monitoring.labels import expected_of, features_of, recent_of
from tidegate.monitoring.outcomes import OUTCOME
from tidegate.monitoring.quality_drafts import RANKING
from tidegate.monitoring.shares import Family, Limits, Share
from tidegate.monitoring.state import MonitorState
from tidegate.values import value

_COUNTED_BY_THEMSELVES = (Family.OUTCOMES, Family.SLICES)


@value
class Shown:
    """A share: what it was and is, of what, and within which limits it might be.

    `now` is None where nothing of it is kept; `requests` are those since then, or labels.
    """

    share: str
    of: str
    against: str
    was: float
    limits: Limits
    now: float | None
    requests: float


def shown_of(
    state: MonitorState, watched: Watched, one: Hypothesis, *, place: int, since: int
) -> Shown:
    """The share at a place among the sides of all shares, since a window."""
    season = one.at(watched.baseline.season.of(since * watched.plan.window_seconds))
    index = [number for number, share in enumerate(one.shares) for _ in share.sides][place]
    share, limits = one.shares[index], one.limits[season][index]
    recent = _recent(state, watched, one, since)
    seen, trials = (0.0, 0.0) if recent is None else share.of(recent)
    now = seen / trials if trials > 0 else None
    if one.expected is not None and one.labels_of is not None:
        counts = recent_of(state, one.labels_of, since=since)
        said = expected_of(watched, one.labels_of, counts)
        return Shown(
            share=share.text,
            of="labels",
            against="by the scores",
            was=said[index],
            limits=one.around(said)[index],
            now=now,
            requests=trials,
        )
    count, of = share.of(one.cells[season])
    return Shown(
        share=share.text,
        of=_of(one, share),
        against="in the baseline" if one.labels_of is None else "in the evaluation",
        was=count / of if of > 0 else 0.0,
        limits=limits,
        now=now,
        requests=_requests(state, one, recent, since),
    )


def _of(one: Hypothesis, share: Share) -> str:
    if one.feature.endswith(RANKING):
        return "pairs"
    if one.labels_of is not None:
        return "labels"
    return "attribution" if one.feature == ATTRIBUTIONS and not share.place else "values"


def _recent(
    state: MonitorState, watched: Watched, one: Hypothesis, since: int
) -> FeatureCounts | None:
    if one.labels_of is not None:
        counts = recent_of(state, one.labels_of, since=since)
        return features_of(watched, one.labels_of, counts)[one.feature]
    found: FeatureCounts | None = None
    if one.feature == OUTCOME:
        found = FeatureCounts.empty(2)
        for index, bad, good in state.outcomes:
            if index >= since:
                found.add(FeatureCounts(bins=[bad, good]))
        return found
    for window in state.recent:
        counts_ = window.features.get(one.feature)
        if counts_ is None or window.index < since:
            continue
        if found is None:
            found = FeatureCounts.empty(len(counts_.bins))
        found.add(counts_)
    return found


def _requests(
    state: MonitorState, one: Hypothesis, recent: FeatureCounts | None, since: int
) -> float:
    """Requests since then; of outcomes and labels, how many are known; of slices, those in it."""
    if one.labels_of is not None:
        return recent_of(state, one.labels_of, since=since).known
    if recent is not None and one.family in _COUNTED_BY_THEMSELVES:
        return recent.total
    return sum(window.requests for window in state.recent if window.index >= since)
