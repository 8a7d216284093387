"""Simulated labels: a model with scores, forty slices, and what its quality is judged by.

Labels, scores and slices are drawn raw; the counts are the product's own.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bench.monitoring.worlds import Values
from tidegate.monitoring.advance import Watched, close_window
from tidegate.monitoring.answers import put_parts
from tidegate.monitoring.baseline import ATTRIBUTIONS, Baseline, FeatureBaseline
from tidegate.monitoring.bins import Bins, Kind
from tidegate.monitoring.counts import FeatureCounts, Window
from tidegate.monitoring.hypotheses import hypotheses_of
from tidegate.monitoring.labels import judge_counts
from tidegate.monitoring.outcomes import OutcomePlan
from tidegate.monitoring.plan import MonitoringPlan, ScorePlan
from tidegate.monitoring.scores import BINS, EDGES, ScoreCounts
from tidegate.monitoring.slices import Evaluation, Slicing
from tidegate.monitoring.state import MonitorState

DAYS, DAY_SECONDS = 365, 86_400
SLICES, EVALUATION_ROWS = 40, 40_000
THRESHOLD = 0.5
STEADY_DAYS, WINDOW_LABELS, MOST_WINDOWS = 30, 400, 500
FEATURES = 20
LIMIT = 0.05
"""How far a peer lets the area under the curve of a slice fall on a day."""

Labels = NDArray[np.bool_]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreWorld:
    """Labels that are known: so many a day, by score, in forty slices of equal share.

    `chance` says how often a label is positive at a score, in the evaluation and later; `later`
    says it of what is served, where that differs.
    """

    name: str
    labels: int = 1_000
    chance: Callable[[Values], Values] = lambda scores: scores
    later: Callable[[Values, Numbers], Values] | None = None

    def draw(
        self, rng: np.random.Generator, rows: int, *, served: bool
    ) -> tuple[Values, Numbers, Labels]:
        """Scores, slices and labels."""
        scores = rng.beta(0.8, 1.6, size=rows).round(4)
        slices = rng.integers(0, SLICES, size=rows)
        chances = self.chance(scores)
        if served and self.later is not None:
            chances = self.later(scores, slices)
        return scores, slices, rng.random(rows) < chances


def counted(scores: Values, slices: Numbers, labels: Labels) -> dict[str, ScoreCounts]:
    """The counts that the product would have of these labels (an array's pace: a test compares)."""
    found = {"": _counts(scores, labels)}
    for number in range(SLICES):
        of_it = slices == number
        if of_it.any():
            found[_name(number)] = _counts(scores[of_it], labels[of_it])
    return found


def _name(number: int) -> str:
    return f"part = {number:02}"


def _counts(scores: Values, labels: Labels) -> ScoreCounts:
    places = np.searchsorted(EDGES, scores, side="left")
    return ScoreCounts(
        positives=np.bincount(places[labels], minlength=BINS).astype(float).tolist(),
        negatives=np.bincount(places[~labels], minlength=BINS).astype(float).tolist(),
        scores=np.bincount(places, weights=scores, minlength=BINS).tolist(),
        wrong=float(((scores >= THRESHOLD) != labels).sum()),
    )


def watching(world: ScoreWorld, rng: np.random.Generator) -> Watched:
    """The product's plan, and a baseline with an evaluation of the world."""
    counts = counted(*world.draw(rng, EVALUATION_ROWS, served=False))
    names = tuple(f"{number:02}" for number in range(SLICES))
    bins = Bins(kind=Kind.CATEGORY, categories=names, known=frozenset(names))
    evaluation = (*(counts[_name(number)] for number in range(SLICES)), ScoreCounts())
    part = FeatureBaseline(bins=bins, cells=(FeatureCounts.empty(bins.count),))
    baseline = Baseline(
        features={"part": part},
        rows=EVALUATION_ROWS,
        placing_rows=0,
        slices={"part": Slicing(bins=bins, evaluation=evaluation)},
        evaluation=Evaluation(counts=counts[""], threshold=THRESHOLD),
    )
    plan = MonitoringPlan(
        window_seconds=DAY_SECONDS,
        score=ScorePlan(at="/score"),
        slices=("part",),
        outcomes=OutcomePlan(expected=0.5, rows=100),
    )
    return Watched(plan=plan, baseline=baseline, hypotheses=hypotheses_of(plan, baseline))


def _lower(amount: float) -> Callable[[Values, Numbers], Values]:
    def later(scores: Values, _: Numbers) -> Values:
        moved: Values = np.clip(scores - amount, 0, 1)
        return moved

    return later


def _overconfident(scores: Values) -> Values:
    chances: Values = 0.15 + 0.5 * scores
    return chances


WORLDS = (
    ScoreWorld(name="scores are chances"),
    ScoreWorld(name="scores are off, as in the evaluation", chance=_overconfident),
    ScoreWorld(name="labels 4 points rarer than scores say, of 5", later=_lower(0.04)),
    ScoreWorld(name="50 labels a day", labels=50),
)


def quality_years(world: ScoreWorld, count: int, seed: int) -> dict[str, int]:
    """In how many years without decay there was any alarm, by rule."""
    rng = np.random.default_rng(seed)
    alarms = dict.fromkeys(("tidegate", *PEERS), 0)
    for _ in range(count):
        watched = watching(world, rng)
        state, raised = MonitorState(baseline="b"), set[str]()
        for day in range(DAYS):
            counts = counted(*world.draw(rng, world.labels, served=True))
            raised |= peers(watched, counts)
            judge_counts(state, watched, counts, window=day)
        if state.found:
            raised.add("tidegate")
        for name in raised:
            alarms[name] += 1
    return alarms


PEERS = ("AUC of a slice 5 points lower", "errors of a slice, p < 0.05 / 40")


def peers(watched: Watched, counts: dict[str, ScoreCounts]) -> set[str]:
    """The usual rules, each day anew: a limit on a figure, and a test with a corrected level."""
    raised = set[str]()
    evaluation = watched.baseline.slices["part"].evaluation
    for number in range(SLICES):
        was, now = evaluation[number], counts.get(_name(number))
        if now is None:
            continue
        if was.auc is not None and now.auc is not None and now.auc < was.auc - LIMIT:
            raised.add(PEERS[0])
        share = was.wrong / was.known
        if _tail(round(now.known), round(now.wrong), share) < 0.05 / SLICES:
            raised.add(PEERS[1])
    return raised


def _tail(trials: int, hits: int, share: float) -> float:
    """The chance of so many hits or more."""
    return sum(
        math.comb(trials, one) * share**one * (1 - share) ** (trials - one)
        for one in range(hits, trials + 1)
    )


def _in_one(turn: Callable[[Values], Values]) -> Callable[[Values, Numbers], Values]:
    def later(scores: Values, slices: Numbers) -> Values:
        moved: Values = np.where(slices == 0, turn(scores), scores)
        return moved

    return later


def _mixed(share: float) -> Callable[[Values, Numbers], Values]:
    def later(scores: Values, _: Numbers) -> Values:
        moved: Values = (1 - share) * scores + share * scores.mean()
        return moved

    return later


DECAYS = (
    ScoreWorld(name="labels of one slice in 40 are the contrary", later=_in_one(lambda s: 1 - s)),
    ScoreWorld(name="labels of one slice in 40 by chance", later=_in_one(lambda s: 0 * s + 0.5)),
    ScoreWorld(name="all labels 10 points rarer than scores say", later=_lower(0.10)),
    ScoreWorld(name="a third of all labels by chance", later=_mixed(0.33)),
    ScoreWorld(name="half of all labels by chance", later=_mixed(0.5)),
)


def labels_until_found(world: ScoreWorld, runs: int, seed: int) -> float:
    """Labels of all slices from the change until it is found, the median of the runs."""
    rng, numbers = np.random.default_rng(seed), []
    for _ in range(runs):
        watched, state = watching(world, rng), MonitorState(baseline="b")
        for day in range(STEADY_DAYS):
            steady = counted(*world.draw(rng, world.labels, served=False))
            judge_counts(state, watched, steady, window=day)
        numbers.append(_windows(world, state, watched, rng) * WINDOW_LABELS)
    return median(numbers)


def _windows(
    world: ScoreWorld, state: MonitorState, watched: Watched, rng: np.random.Generator
) -> float:
    for number in range(1, MOST_WINDOWS + 1):
        counts = counted(*world.draw(rng, WINDOW_LABELS, served=True))
        judge_counts(state, watched, counts, window=STEADY_DAYS + number)
        if state.found:
            return number
    return math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionWorld:
    """Answers that are explained by twenty features, the first most; later two may be swapped."""

    swapped: bool = False
    requests: int = 200

    def draw(self, rng: np.random.Generator, rows: int) -> Values:
        """The size of each feature's contribution to each answer."""
        sizes = 1.0 / np.arange(1, FEATURES + 1)
        if self.swapped:
            sizes[[0, 3]] = sizes[[3, 0]]
        drawn: Values = rng.gamma(1.0, 1.0, size=(rows, FEATURES)) * sizes
        return drawn


NAMES = tuple(f"f{number:02}" for number in range(FEATURES))
EXPLAINED = Bins(kind=Kind.CATEGORY, categories=NAMES, known=frozenset(NAMES))


def attributed(sizes: Values) -> FeatureCounts:
    """The product's counts of these contributions."""
    counts = FeatureCounts.empty(EXPLAINED.count)
    for row in (sizes / sizes.sum(axis=1, keepdims=True)).tolist():
        put_parts(counts, dict(zip(NAMES, row, strict=True)), EXPLAINED)
    return counts


def attribution_days(world: AttributionWorld, days: int, seed: int) -> int | None:
    """On which day of so many there is a finding first; None for none."""
    rng = np.random.default_rng(seed)
    cell = attributed(replace(world, swapped=False).draw(rng, 5_000))
    feature = FeatureBaseline(bins=EXPLAINED, cells=(cell,))
    baseline = Baseline(features={ATTRIBUTIONS: feature}, rows=5_000, placing_rows=0)
    plan = MonitoringPlan(window_seconds=DAY_SECONDS, attributions="/why")
    watched = Watched(plan=plan, baseline=baseline, hypotheses=hypotheses_of(plan, baseline))
    state = MonitorState(baseline="b")
    for day in range(days):
        counts = attributed(world.draw(rng, world.requests))
        features = {ATTRIBUTIONS: counts}
        close_window(state, watched, Window(index=day, requests=world.requests, features=features))
        if state.found:
            return day + 1
    return None
