"""Counts of scores by label give ranking and calibration, and bets on them are fair."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.monitoring.evidence import log_factors
from tidegate.monitoring.quality_view import auc_bounds
from tidegate.monitoring.scores import EDGES, ScoreCounts, groups_of, score_of

scores = st.one_of(st.floats(0, 1), st.sampled_from(EDGES))
pairs = st.lists(st.tuples(scores, st.booleans(), st.booleans()), max_size=60)


def counted(found: list[tuple[float, bool, bool]]) -> ScoreCounts:
    """These predictions as counts."""
    counts = ScoreCounts()
    for score, positive, wrong in found:
        counts.put(score, positive=positive, wrong=wrong)
    return counts


def place(score: float) -> int:
    """The bin of a score, the slow way."""
    return sum(score > edge for edge in EDGES)


@given(found=pairs)
def test_the_area_is_the_share_of_pairs_in_order(found: list[tuple[float, bool, bool]]) -> None:
    """As counted pair by pair, with equal bins as half a pair."""
    up = [place(score) for score, positive, _ in found if positive]
    down = [place(score) for score, positive, _ in found if not positive]
    auc = counted(found).auc
    if not up or not down:
        assert auc is None
        return
    order = sum(1.0 if one > other else 0.5 * (one == other) for one in up for other in down)
    assert auc == pytest.approx(order / (len(up) * len(down)))


@given(one=pairs, other=pairs)
def test_counts_add_up_and_are_read_back(
    one: list[tuple[float, bool, bool]], other: list[tuple[float, bool, bool]]
) -> None:
    """Windows may be added in any order; JSON keeps all but the last digits of sums."""
    both, together = counted(one), counted([*one, *other])
    both.add(counted(other))
    assert both.positives == together.positives
    assert both.wrong == together.wrong
    assert sum(both.scores) == pytest.approx(sum(together.scores))
    back = ScoreCounts.from_json(both.to_json())
    assert (back.positives, back.negatives, back.wrong) == (
        both.positives,
        both.negatives,
        both.wrong,
    )
    assert back.scores == pytest.approx(both.scores, abs=1e-4)


@given(found=pairs, most=st.integers(1, 12))
def test_groups_hold_everything_once(found: list[tuple[float, bool, bool]], most: int) -> None:
    """Next to one another, at most so many, and none is empty where anything is counted."""
    counts = counted(found)
    groups = groups_of(counts, most=most)
    assert len(groups) <= most
    assert (groups[0].first, groups[-1].last) == (0, len(EDGES))
    assert all(one.last + 1 == two.first for one, two in itertools.pairwise(groups))
    assert counts.grouped(groups).present == counts.known
    if found:
        assert all(group.sum(counts.positives) + group.sum(counts.negatives) for group in groups)


@given(
    up=st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
    down=st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_bets_on_the_ranking_are_fair(
    up: list[float], down: list[float], sizes: tuple[int, int]
) -> None:
    """With any two distributions of scores the mean factor is at most 1, summed exactly.

    The limit is the true share of pairs ranked wrongly, which is the worst that is allowed.
    """
    values = (0.15, 0.3, 0.8)
    chances = [[one / sum(law) for one in law] for law in (up, down)]
    wrongly = sum(
        p * q * (1.0 if a < b else 0.5 * (a == b))
        for a, p in zip(values, chances[0], strict=True)
        for b, q in zip(values, chances[1], strict=True)
    )
    means = [0.0, 0.0, 0.0]
    for positives in itertools.product(range(3), repeat=sizes[0]):
        for negatives in itertools.product(range(3), repeat=sizes[1]):
            chance = math.prod(chances[0][i] for i in positives)
            chance *= math.prod(chances[1][i] for i in negatives)
            drawn = [(values[i], True, False) for i in positives]
            drawn += [(values[i], False, False) for i in negatives]
            ranked = counted(drawn).ranked()
            factors = log_factors(wrongly, ranked.bins[0], ranked.present)
            means = [mean + chance * math.exp(f) for mean, f in zip(means, factors, strict=True)]
    assert all(mean <= 1 + 1e-9 for mean in means)


@given(
    chances=st.lists(st.floats(0.02, 0.98), min_size=1, max_size=6),
    off=st.floats(-0.3, 0.0),
)
def test_bets_on_calibration_are_fair(chances: list[float], off: float) -> None:
    """Where each label is positive at most as often as its score says, no bet wins on average."""
    said = sum(chances) / len(chances)
    true = [max(0.0, chance + off) for chance in chances]
    means = [0.0, 0.0, 0.0]
    for labels in itertools.product((0, 1), repeat=len(chances)):
        chance = math.prod(p if one else 1 - p for one, p in zip(labels, true, strict=True))
        factors = log_factors(said, sum(labels), len(labels))
        means = [mean + chance * math.exp(f) for mean, f in zip(means, factors, strict=True)]
    assert all(mean <= 1 + 1e-9 for mean in means)


def test_calibration_error_is_the_mean_gap_of_bins() -> None:
    """Ten at 0.3 of which five are positive, ten at 0.9 of which nine are: 0.2 and 0, so 0.1."""
    told = [(0.3, number < 5, False) for number in range(10)]
    told += [(0.9, number < 9, False) for number in range(10)]
    assert counted(told).calibration_error == pytest.approx(0.1)
    assert ScoreCounts().calibration_error is None


@given(wrongly=st.floats(0, 500), rightly=st.floats(0, 500))
def test_bounds_of_the_area_hold_what_was_seen(wrongly: float, rightly: float) -> None:
    """Within 0 and 1, around the share that was seen, narrower with more pairs."""
    bounds = auc_bounds(wrongly, rightly, error=0.05)
    if wrongly + rightly <= 0:
        assert bounds is None
        return
    assert bounds is not None
    seen = rightly / (wrongly + rightly)
    assert 0 <= bounds[0] <= seen + 1e-9
    assert seen - 1e-9 <= bounds[1] <= 1
    more = auc_bounds(100 * wrongly, 100 * rightly, error=0.05)
    assert more is not None
    assert more[1] - more[0] <= bounds[1] - bounds[0] + 1e-9


def test_the_bounds_hold_at_every_look() -> None:
    """Of sixty runs of thirty windows at most one in twenty is ever missed, and ties count half."""
    chance, missed = random.Random(12), 0  # noqa: S311 - draws, not secrets
    true = 0.0
    laws = {True: (0.2, 0.3, 0.5), False: (0.5, 0.3, 0.2)}
    for one, p in enumerate(laws[True]):
        true += sum(p * q * (1 if one > o else 0.5 * (one == o)) for o, q in enumerate(laws[False]))
    for _ in range(60):
        wrongly = rightly = 0.0
        outside = False
        for _ in range(30):
            window = ScoreCounts()
            for _ in range(40):
                label = chance.random() < 0.4
                (score,) = chance.choices((0.2, 0.4, 0.8), laws[label])
                window.put(score, positive=label, wrong=False)
            ranked = window.ranked().bins
            wrongly, rightly = wrongly + ranked[0], rightly + ranked[1]
            bounds = auc_bounds(wrongly, rightly, error=0.05)
            outside |= bounds is None or not bounds[0] <= true <= bounds[1]
        missed += outside
    assert missed <= 3


def test_the_bounds_of_many_pairs_are_narrow() -> None:
    """Ten thousand pairs tell an area to about two points."""
    bounds = auc_bounds(2_000, 8_000, error=0.05)
    assert bounds is not None
    assert bounds == (pytest.approx(0.785, abs=0.003), pytest.approx(0.814, abs=0.003))


@pytest.mark.parametrize("raw", [None, "", "x", -0.1, 1.1, float("nan"), True, [0.5]])
def test_what_is_no_chance_is_no_score(raw: object) -> None:
    """Nor a number beyond 0 and 1."""
    assert score_of(raw) is None
