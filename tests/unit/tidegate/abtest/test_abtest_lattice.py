"""Laws on a lattice: exact where they are added, accounted for where they are cut."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.abtest.lattice import Law, Margins


def hypergeometric(margins: Margins) -> dict[int, float]:
    """The textbook law: choose the events among all trials."""
    both = margins.trials + margins.other_trials
    ways = math.comb(both, margins.events)
    return {
        x: math.comb(margins.trials, x) * math.comb(margins.other_trials, margins.events - x) / ways
        for x in range(margins.events + 1)
        if x <= margins.trials and margins.events - x <= margins.other_trials
    }


def as_dict(law: Law) -> dict[int, float]:
    """Value to chance."""
    return {law.offset + i: chance for i, chance in enumerate(law.chances)}


@st.composite
def all_margins(draw: st.DrawFn) -> Margins:
    """Any small table."""
    trials, other = draw(st.integers(0, 12)), draw(st.integers(0, 12))
    return Margins(trials=trials, other_trials=other, events=draw(st.integers(0, trials + other)))


laws = st.builds(
    lambda offset, chances: Law(offset=offset, chances=tuple(chances)),
    st.integers(-20, 20),
    st.lists(st.floats(0, 1), min_size=1, max_size=12),
)


@given(all_margins())
def test_law_of_a_table_is_the_hypergeometric_one(margins: Margins):
    """Every possible number of events has its textbook chance."""
    law, left_out = margins.law()
    expected = hypergeometric(margins)
    assert left_out == 0
    assert {x: c for x, c in as_dict(law).items() if c > 0} == pytest.approx(expected)


@given(all_margins())
def test_mean_and_variance_are_those_of_the_law(margins: Margins):
    """The formulas agree with sums over the law."""
    if not margins.informative:
        assert margins.variance == 0
        return
    law = as_dict(margins.law()[0])
    mean = sum(x * c for x, c in law.items())
    assert margins.mean == pytest.approx(mean)
    assert margins.variance == pytest.approx(sum((x - mean) ** 2 * c for x, c in law.items()))


def test_law_of_a_big_table_leaves_out_next_to_nothing():
    """What is not computed is bounded, and what is computed has the right ratios."""
    margins = Margins(trials=40_000, other_trials=60_000, events=9_000)
    law, left_out = margins.law()
    assert 0 < left_out < 1e-14
    assert law.total == pytest.approx(1)
    assert len(law.chances) < 20 * math.sqrt(margins.variance)
    x = 3_610
    ratio = law.chances[x + 1 - law.offset] / law.chances[x - law.offset]
    assert ratio == pytest.approx((40_000 - x) * (9_000 - x) / ((x + 1) * (51_000 + x + 1)))


@given(laws, laws)
def test_law_of_a_sum_adds_the_chances_of_all_pairs(one: Law, other: Law):
    """A convolution, value by value."""
    expected: dict[int, float] = {}
    for x, p in as_dict(one).items():
        for y, q in as_dict(other).items():
            expected[x + y] = expected.get(x + y, 0.0) + p * q
    assert as_dict(one.plus(other)) == pytest.approx(expected)


@given(laws, st.integers(1, 9))
def test_coarser_law_is_that_of_the_number_rounded_down(law: Law, factor: int):
    """Each coarse value has the chances of all that round down to it."""
    expected: dict[int, float] = {}
    for x, p in as_dict(law).items():
        expected[x // factor] = expected.get(x // factor, 0.0) + p
    assert as_dict(law.coarsened(factor)) == pytest.approx(expected)


@given(laws, st.floats(0, 2))
def test_cut_takes_as_much_as_it_may_and_no_more(law: Law, chance: float):
    """The boundary is the lowest whose cut has at most the chance given."""
    rest, boundary, cut = law.cut_above(chance)
    beyond = [c for x, c in as_dict(law).items() if x >= boundary]
    assert cut == pytest.approx(sum(beyond))
    assert cut <= chance
    assert rest.total + cut == pytest.approx(law.total)
    if boundary > law.offset:
        assert cut + as_dict(law)[boundary - 1] > chance


def test_nothing_is_cut_when_nothing_is_allowed():
    """A negative allowance leaves the law whole."""
    law = Law(offset=3, chances=(0.5, 0.5))
    assert law.cut_above(-0.1) == (law, 5, 0.0)


def test_trimming_drops_ends_and_says_how_much():
    """Small ends go, the middle stays, however small the chances are."""
    law = Law(offset=0, chances=(0.01, 0.4, 0.0, 0.58, 0.005, 0.005))
    kept, dropped = law.trimmed(0.011)
    assert kept == Law(offset=1, chances=(0.4, 0.0, 0.58))
    assert dropped == pytest.approx(0.02)


@given(laws)
def test_mirrored_law_has_the_signs_changed(law: Law):
    """Twice mirrored is the same again."""
    assert as_dict(law.mirrored()) == {-x: c for x, c in as_dict(law).items()}


@given(laws)
@settings(max_examples=30)
def test_law_survives_json_to_the_last_bit(law: Law):
    """What is read back is what was written."""
    assert Law.from_json(json.loads(json.dumps(law.to_json()))) == law
