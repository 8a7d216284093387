"""Exact spending: the chance of a false alarm is what was allowed, by enumeration of all paths."""

import json
import math
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.abtest.margins import Margins
from tidegate.abtest.spending import LogUniform, Side, Spending, Walk

Strata = Sequence[Margins]
Looks = tuple[list[Margins], list[tuple[float, float]]]


def chances(margins: Margins) -> Iterator[tuple[int, float]]:
    """Every number of events of the first side and its chance."""
    ways = math.comb(margins.trials + margins.other_trials, margins.events)
    least = max(0, margins.events - margins.other_trials)
    for x in range(least, min(margins.events, margins.trials) + 1):
        both = math.comb(margins.trials, x) * math.comb(margins.other_trials, margins.events - x)
        yield x, both / ways


def crossings(start: Spending, strata: Strata, shares: Sequence[tuple[float, float]]):
    """The chance of having crossed either side by each look, over all paths, with no shortcuts."""
    paths = [(start, 1.0)]
    crossed = {Side.ABOVE: 0.0, Side.BELOW: 0.0}
    for margins, (above, below) in zip(strata, shares, strict=True):
        following = []
        for test, chance in paths:
            for x, p in chances(margins):
                moved = test.plus(margins, x).look(above=above, below=below)
                if moved.crossed is None:
                    following.append((moved, chance * p))
                else:
                    crossed[moved.crossed] += chance * p
        paths = following
        yield dict(crossed), paths


@st.composite
def looked_at(draw: st.DrawFn) -> Looks:
    """A few small strata and rising allowances for either side."""
    strata = []
    for _ in range(draw(st.integers(1, 4))):
        trials, other = draw(st.integers(1, 5)), draw(st.integers(1, 5))
        events = draw(st.integers(1, trials + other - 1))
        strata.append(Margins(trials=trials, other_trials=other, events=events))
    above = sorted(draw(st.lists(st.floats(0, 0.3), min_size=4, max_size=4)))
    below = sorted(draw(st.lists(st.floats(0, 0.3), min_size=4, max_size=4)))
    return strata, list(zip(above, below, strict=True))[: len(strata)]


@given(looked_at(), st.sampled_from((1, 2, 4)))
@settings(max_examples=60, deadline=None)
def test_chance_of_a_false_alarm_is_exactly_what_is_booked_as_spent(test: Looks, step: int):
    """On any lattice, at every look, on both sides, and never more than allowed."""
    strata, shares = test
    start = Spending(tested=Walk(step=step), waiting=Walk())
    looks = crossings(start, strata, shares)
    for (crossed, paths), (above, below) in zip(looks, shares, strict=True):
        assert crossed[Side.ABOVE] <= above + 1e-12
        assert crossed[Side.BELOW] <= below + 1e-12
        if paths:
            assert crossed[Side.ABOVE] == pytest.approx(paths[0][0].spent_above, abs=1e-12)
            assert crossed[Side.BELOW] == pytest.approx(paths[0][0].spent_below, abs=1e-12)


@given(looked_at())
@settings(max_examples=30, deadline=None)
def test_boundaries_do_not_depend_on_how_the_events_fell(test: Looks):
    """All paths that are still open carry the same law and the same boundaries."""
    strata, shares = test
    for _, paths in crossings(Spending(), strata, shares):
        laws = {(p.tested.law, p.boundary_above, p.boundary_below) for p, _ in paths}
        assert len(laws) <= 1


def simulated(seed: int, *, rates: tuple[float, float], size: int, looks: int) -> Spending:
    """One whole test at 5 %, half on either side."""
    rng = random.Random(seed)  # noqa: S311 - seeded so that it can be repeated
    schedule, test = LogUniform(), Spending()
    for look in range(1, looks + 1):
        trials = sum(rng.random() < 0.5 for _ in range(size))
        x = sum(rng.random() < rates[0] for _ in range(trials))
        y = sum(rng.random() < rates[1] for _ in range(size - trials))
        margins = Margins(trials=trials, other_trials=size - trials, events=x + y)
        allowed = 0.025 * schedule.share(look / looks)
        test = test.plus(margins, x).look(above=allowed, below=allowed)
    return test


@pytest.mark.parametrize(("rates", "side"), [((0.5, 0.2), Side.ABOVE), ((0.2, 0.5), Side.BELOW)])
def test_difference_is_found_on_its_side(rates: tuple[float, float], side: Side):
    """More events cross above, fewer cross below."""
    assert simulated(1, rates=rates, size=30, looks=20).crossed is side


def test_spent_chance_stays_just_below_the_budget():
    """At the horizon what was spent is the budget less the reserve, up to one lattice cell."""
    budget = 0.025 * (1 - LogUniform().reserve)
    test = simulated(2, rates=(0.4, 0.4), size=40, looks=60)
    assert test.crossed is None
    assert 0.98 * budget < test.spent_above <= budget
    assert 0.98 * budget < test.spent_below <= budget


def test_side_that_is_allowed_nothing_is_never_crossed():
    """A one-sided test is a two-sided one with an allowance of 0."""
    margins, test = Margins(trials=20, other_trials=20, events=12), Spending()
    for _ in range(6):
        test = test.plus(margins, 0).look(above=0.05, below=0.0)
    assert test.crossed is None
    assert test.boundary_below is None
    assert test.boundary_above is not None


def test_table_that_cannot_tell_changes_nothing():
    """No events, only events, or one side alone."""
    test = Spending().plus(Margins(trials=5, other_trials=5, events=3), 2)
    for margins, x in (
        (Margins(trials=5, other_trials=5, events=0), 0),
        (Margins(trials=5, other_trials=5, events=10), 5),
        (Margins(trials=0, other_trials=5, events=2), 0),
    ):
        assert test.plus(margins, x) == test


def test_test_that_has_stopped_stays_as_it_is():
    """Later strata and looks change nothing."""
    test = simulated(1, rates=(0.9, 0.1), size=30, looks=20)
    margins = Margins(trials=5, other_trials=5, events=5)
    assert test.crossed is Side.ABOVE
    assert test.plus(margins, 0).look(above=1.0, below=1.0) == test


@pytest.mark.parametrize(("size", "looks"), [(100_000, 12), (4_000, 300)])
def test_state_is_bounded_and_fine_enough_at_any_traffic(size: int, looks: int):
    """Whatever the traffic, the carried law is small and rounding loses hardly any variance."""
    margins, schedule, test = (
        Margins(trials=size // 2, other_trials=size // 2, events=size // 5),
        LogUniform(),
        Spending(),
    )
    for look in range(1, looks + 1):
        allowed = 0.025 * schedule.share(look / looks)
        test = test.plus(margins, size // 10).look(above=allowed, below=allowed)
    assert len(json.dumps(test.to_json())) < 12_000
    assert test.tested.step > 1
    assert test.tested.step <= math.sqrt(margins.variance) or test.waiting_variance > 0
    assert test.spent_above > 0.9 * 0.025


def test_small_strata_wait_until_a_coarse_lattice_can_tell_them():
    """Strata below the resolution are added up exactly first, so that rounding loses little."""
    margins = Margins(trials=50, other_trials=50, events=50)
    test = Spending(tested=Walk(step=8)).plus(margins, 25)
    assert test.tested.value == 0
    assert test.waiting.value == 25
    for _ in range(99):
        test = test.plus(margins, 25)
    assert test.tested.value > 0
    assert test.variance == pytest.approx(100 * margins.variance)


@given(looked_at())
@settings(max_examples=20, deadline=None)
def test_state_survives_json(test: Looks):
    """What is read back is what was written, and goes on in the same way."""
    strata, shares = test
    state = Spending()
    for margins, (above, below) in zip(strata, shares, strict=True):
        state = state.plus(margins, max(0, margins.events - margins.other_trials))
        state = Spending.from_json(json.loads(json.dumps(state.to_json())))
        looked = state.look(above=above, below=below)
        assert Spending.from_json(json.loads(json.dumps(looked.to_json()))) == looked
        state = looked


@given(st.floats(1e-4, 0.5), st.floats(0, 0.3), st.floats(0, 0.3))
def test_spending_function_rises_to_the_budget_and_keeps_a_reserve(
    first: float, early: float, reserve: float
):
    """From nothing to all but the reserve at the horizon, and to all of it for ever after."""
    schedule = LogUniform(first=first, early=early, reserve=reserve)
    points = [schedule.share(f) for f in (0, 1e-6, first / 2, first, 0.6, 1, 1.5, 10, 1e9)]
    assert points[0] == 0
    assert all(a <= b + 1e-12 for a, b in pairwise(points))
    assert schedule.share(1) == pytest.approx(1 - reserve)
    assert points[-1] == pytest.approx(1)
    assert points[-1] <= 1 + 1e-12
