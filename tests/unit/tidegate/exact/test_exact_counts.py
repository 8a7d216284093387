"""Laws of counts agree with enumeration, and scores with what labels drawn one by one do."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.exact.counts import (
    LEFT_OUT,
    binomial,
    drawn,
    hypergeometric,
    labelled,
    scores_variance,
    variance,
)
from tidegate.exact.law import Law


@given(st.integers(0, 40), st.integers(0, 40), st.data())
def test_hypergeometric_is_exact(trials: int, others: int, data: st.DataObject):
    """Each chance is the share of ways to choose that many of the events."""
    events = data.draw(st.integers(0, trials + others))
    law = hypergeometric(trials, others, events)
    for index, chance in enumerate(law.chances):
        x = law.offset + index
        ways = math.comb(trials, x) * math.comb(others, events - x)
        assert chance == pytest.approx(ways / math.comb(trials + others, events), abs=1e-9)


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_variance_is_that_of_the_law(trials: int, others: int, data: st.DataObject):
    """The formula and the law agree."""
    events = data.draw(st.integers(0, trials + others))
    law = hypergeometric(trials, others, events)
    squares = sum((law.offset + i - law.mean) ** 2 * p for i, p in enumerate(law.chances))
    assert squares == pytest.approx(variance(trials, others, events), abs=1e-6)


def test_wide_law_leaves_out_next_to_nothing():
    """Of half a million events all but LEFT_OUT is in the law, which is only as wide as needed."""
    law = hypergeometric(1_000_000, 1_000_000, 500_000)
    sigma = math.sqrt(variance(1_000_000, 1_000_000, 500_000))
    assert len(law.chances) < 16 * sigma
    assert law.chances[0] + law.chances[-1] < LEFT_OUT


@given(st.integers(1, 50), st.floats(0.02, 0.98))
def test_binomial_is_exact(trials: int, share: float):
    """Each chance is the binomial one."""
    law = binomial(trials, share)
    for index, chance in enumerate(law.chances):
        x = law.offset + index
        expected = math.comb(trials, x) * share**x * (1 - share) ** (trials - x)
        assert chance == pytest.approx(expected, abs=1e-9)


def test_few_labelled_items_are_enumerated():
    """The law of the summed score is what all ways to label the items give."""
    items, share = {-2: 2, 1: 3, 4: 1}, 0.3
    scores = [score for score, count in items.items() for _ in range(count)]
    expected: dict[int, float] = {}
    for labels in itertools.product((0, 1), repeat=len(scores)):
        total = sum(score * label for score, label in zip(scores, labels, strict=True))
        chance = math.prod(share if label else 1 - share for label in labels)
        expected[total] = expected.get(total, 0.0) + chance
    law, step = labelled(items, share, cells=4)
    assert step == 1
    for index, chance in enumerate(law.chances):
        assert chance == pytest.approx(expected.get(law.offset + index, 0.0), abs=1e-9)


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_many_labelled_items_are_normal_enough(share: float):
    """From MANY_ITEMS on, tails down to 1e-4 are within a tenth of the exact ones."""
    items = {-5: 40, -3: 90, -1: 250, 0: 200, 1: 250, 3: 90, 5: 40, 9: 8}
    close, step = labelled(items, share, cells=4)
    exact = Law()
    for score, count in items.items():
        exact = exact.plus(binomial(count, share).times(score)) if score else exact
    exact = exact.coarsened(step)
    for tail in (1e-2, 1e-3, 1e-4):
        values = range(exact.offset, exact.top)
        value = next(value for value in values if exact.above(value) < tail)
        assert close.above(value) == pytest.approx(exact.above(value), rel=0.1)


@given(st.dictionaries(st.integers(-5, 5), st.integers(1, 3), min_size=1, max_size=4), st.data())
def test_drawn_items_are_enumerated(items: dict[int, int], data: st.DataObject):
    """The law of the summed score is what all ways to draw so many of the items give."""
    scores = [score for score, count in items.items() for _ in range(count)]
    chosen = data.draw(st.integers(0, len(scores)))
    sums = [sum(drawn_scores) for drawn_scores in itertools.combinations(scores, chosen)]
    law = drawn(items, chosen)
    assert law.total == pytest.approx(1)
    for index, chance in enumerate(law.chances):
        expected = sums.count(law.offset + index) / len(sums)
        assert chance == pytest.approx(expected, abs=1e-12)


def test_conditioning_narrows_the_law():
    """Given how many items a side has, centred scores vary as if labelled one by one, or less."""
    items, trials, others = {-2: 6, 0: 8, 2: 6}, 5, 15
    scores = [score for score, count in items.items() for _ in range(count)]
    sums = [sum(chosen) for chosen in itertools.combinations(scores, trials)]
    mean = sum(sums) / len(sums)
    given_trials = sum((value - mean) ** 2 for value in sums) / len(sums)
    one_by_one = scores_variance(items, trials / (trials + others))
    assert given_trials <= one_by_one * 20 / 19 + 1e-9
