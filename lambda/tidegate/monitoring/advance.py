"""Closes windows: their counts become evidence, and what the evidence refuses becomes a finding."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tidegate.monitoring.baseline import Baseline
from tidegate.monitoring.counts import FeatureCounts, Window
from tidegate.monitoring.discovery import discoveries, limit
from tidegate.monitoring.drafts import Hypothesis
from tidegate.monitoring.evidence import Bets, bet
from tidegate.monitoring.hypotheses import Hypotheses, hypotheses_of
from tidegate.monitoring.outcomes import OUTCOME
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.shares import Family
from tidegate.monitoring.state import (
    POINTS_KEPT,
    RECENT_WINDOWS,
    Found,
    MonitorState,
    Point,
)
from tidegate.monitoring.trained import FILE, Reference
from tidegate.values import value

NOTHING_SAID: Mapping[str, Sequence[float]] = MappingProxyType({})


@value
class Watched:
    """A plan, the baseline it is about, and the hypotheses that follow from both.

    `of` says whose baseline it is, `since` from when requests count (`trained.Reference`).
    """

    plan: MonitoringPlan
    baseline: Baseline
    hypotheses: Hypotheses
    of: str = FILE
    since: float = 0.0

    @classmethod
    def against(cls, reference: Reference) -> "Watched":
        """What is watched against a reference."""
        return cls(
            plan=reference.plan,
            baseline=reference.baseline,
            hypotheses=hypotheses_of(reference.plan, reference.baseline),
            of=reference.of,
            since=reference.since,
        )

    @property
    def mark(self) -> str:
        """Tells references apart: evidence against one says nothing of another."""
        digest = self.baseline.digest
        return digest if self.of == FILE else f"{digest}/{self.of}/{self.since:.0f}"


def close_due(state: MonitorState, watched: Watched, *, now: float) -> int:
    """Every window whose captures have arrived by now is closed; returns how many there were."""
    seconds, lag = watched.plan.window_seconds, watched.plan.lag_seconds
    last = int((now - lag) // seconds) - 1
    due = [index for index in sorted(state.windows) if index <= last]
    for index in due:
        close_window(state, watched, state.windows.pop(index))
    if state.closed_through is None or last > state.closed_through:
        state.closed_through = last
    return len(due)


def close_window(state: MonitorState, watched: Watched, window: Window) -> None:
    """The window is evidence."""
    evidence = judge(state, watched, window)
    window.clients.clear()
    state.recent = [*state.recent, window][-RECENT_WINDOWS:]
    state.points = [*state.points, _point(watched, window, evidence)][-POINTS_KEPT:]


def close_outcomes(
    state: MonitorState, watched: Watched, counts: FeatureCounts, *, window: int
) -> None:
    """What became known of a window's predictions is evidence; nothing known is none."""
    if counts.total > 0:
        judge(state, watched, Window(index=window, features={OUTCOME: counts}))
        bad, good = counts.bins
        state.outcomes = [*state.outcomes, (window, bad, good)][-POINTS_KEPT:]
    state.outcomes_through = window


def judge(
    state: MonitorState,
    watched: Watched,
    window: Window,
    *,
    said: Mapping[str, Sequence[float]] = NOTHING_SAID,
) -> Mapping[str, float]:
    """The bets on what the window has counts of are one window on; returns all evidence.

    `said` is what scores said of each share, of what is compared with scores.
    """
    hypotheses = watched.hypotheses
    season = watched.baseline.season.of(window.index * watched.plan.window_seconds)
    for name, one in hypotheses.by_name.items():
        counts = window.features.get(one.feature)
        if counts is None:
            continue
        before = state.bets.get(name, Bets.fresh(one.shares))
        limits = (
            one.limits[one.at(season)] if one.expected is None else one.around(said[one.feature])
        )
        state.bets[name] = bet(before, one.shares, limits, counts, window=window.index)
    evidence = {name: log_evidence(state, one) for name, one in hypotheses.by_name.items()}
    _find(state, hypotheses, evidence, window=window.index)
    return evidence


def _find(
    state: MonitorState, hypotheses: Hypotheses, evidence: Mapping[str, float], *, window: int
) -> None:
    known = {one.name for one in state.found}
    now: list[str] = []
    for _, level, of_it in hypotheses.families():
        of_family = {one.name: evidence[one.name] for one in of_it}
        now.extend(discoveries(of_family, level=level))
    state.now = tuple(now)
    # What was found once is not found anew when its evidence has fallen and risen again.
    state.found = [
        *state.found,
        *(
            Found(name=name, window=window, since=since(state, hypotheses.by_name[name]))
            for name in now
            if name not in known
        ),
    ]


def log_evidence(state: MonitorState, one: Hypothesis) -> float:
    """Natural logarithm of the e-value against a hypothesis; 0 before anything was seen."""
    bets = state.bets.get(one.name)
    return 0.0 if bets is None else bets.log_evidence


def since(state: MonitorState, one: Hypothesis) -> int:
    """The window in which a hypothesis probably ceased to hold."""
    bets = state.bets[one.name]
    place = max(range(len(bets.gains)), key=bets.gains.__getitem__)
    return bets.begins[place]


_DISTANT = (Family.FEATURES, Family.PREDICTION, Family.ATTRIBUTIONS)
"""Whose distances are kept of each window; of all slices that would be most of the state."""


def _point(watched: Watched, window: Window, evidence: Mapping[str, float]) -> Point:
    season = watched.baseline.season.of(window.index * watched.plan.window_seconds)
    reached = {}
    for family, level, of_it in watched.hypotheses.families():
        needed = limit(len(of_it), 1, level=level)
        reached[family.value] = max(evidence[one.name] for one in of_it) / needed
    distances = {}
    for one in watched.hypotheses.by_name.values():
        counts = window.features.get(one.feature)
        if one.family in _DISTANT and counts is not None:
            distances[one.feature] = distance(one, counts, one.cells[one.at(season)])
    return Point(
        window=window.index, requests=window.requests, distances=distances, reached=reached
    )


def distance(one: Hypothesis, counts: FeatureCounts, cell: FeatureCounts) -> float:
    """How far the share that moved most is from where it was; 0 where there is nothing to see."""
    found = 0.0
    for share in one.shares:
        (seen, trials), (was, of) = share.of(counts), share.of(cell)
        if trials > 0 and of > 0:
            found = max(found, abs(seen / trials - was / of))
    return found
