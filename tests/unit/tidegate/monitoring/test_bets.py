"""The evidence: fair while a share is within its limits, whatever it does, and quick after."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tidegate.monitoring.made import number
from tidegate.monitoring.bounds import divergence, lower_bound, upper_bound
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.discovery import discoveries, limit
from tidegate.monitoring.evidence import Bets, bet, log_factors, start_weight
from tidegate.monitoring.shares import Limits, Share, Side, drift_shares

SHARE = Share(text="<= 10", bins=(0,))


def coin(hits: int, trials: int) -> FeatureCounts:
    """Counts of a feature with two bins."""
    return FeatureCounts(bins=[float(hits), float(trials - hits)])


@given(
    limit_=st.floats(0.01, 0.98),
    share=st.floats(0.0, 1.0),
    trials=st.integers(1, 12),
)
def test_each_factor_is_fair_up_to_the_limit(limit_: float, share: float, trials: int) -> None:
    """Its mean over every possible count is at most 1, wherever the share is below the limit."""
    true = share * limit_
    chances = [
        math.comb(trials, hits) * true**hits * (1 - true) ** (trials - hits)
        for hits in range(trials + 1)
    ]
    for guess in range(3):
        mean = sum(
            chance * math.exp(log_factors(limit_, hits, trials)[guess])
            for hits, chance in enumerate(chances)
        )
        assert mean <= 1 + 1e-9


@given(limit_=st.floats(0.05, 0.9), part=st.floats(0.0, 1.0))
def test_parts_of_a_request_are_fair_too(limit_: float, part: float) -> None:
    """A request whose records differ is at most the mixture of its records' factors."""
    mixed = log_factors(limit_, part, 1.0)
    whole, none = log_factors(limit_, 1.0, 1.0), log_factors(limit_, 0.0, 1.0)
    for one, hit, miss in zip(mixed, whole, none, strict=True):
        assert math.exp(one) <= part * math.exp(hit) + (1 - part) * math.exp(miss) + 1e-12


@pytest.mark.parametrize("true", [(0.5, 0.5, 0.5), (0.5, 0.1, 0.4), (0.3, 0.5, 0.5)])
def test_the_mixture_over_starts_is_fair_over_every_course(true: tuple[float, ...]) -> None:
    """The mean e-value over all courses of three windows is at most 1, whatever the shares did."""
    limits = [Limits(most=0.5, least=0.0)]
    trials, mean = 4, 0.0
    for hits in itertools.product(range(trials + 1), repeat=len(true)):
        chance, bets = 1.0, Bets.fresh([SHARE])
        for index, (count, share) in enumerate(zip(hits, true, strict=True)):
            chance *= math.comb(trials, count) * share**count * (1 - share) ** (trials - count)
            bets = bet(bets, [SHARE], limits, coin(count, trials), window=index)
        mean += chance * math.exp(bets.log_evidence)
    assert mean <= 1 + 1e-9


def test_weights_of_all_starts_are_at_most_one() -> None:
    """However long a monitor runs: the sum to a million, and the integral over the rest."""
    count = 200_000
    begun = sum(start_weight(n) for n in range(1, count + 1))
    assert begun + 1 / (2.11 * math.log(count + 1)) <= 1


def test_a_share_beyond_its_limit_is_found_and_dated() -> None:
    """Forty quiet windows, then ten in which the share is 0.6 instead of 0.25."""
    shares = [SHARE]
    limits = [Limits(most=0.3, least=0.2)]
    bets = Bets.fresh(shares)
    for index in range(40):
        bets = bet(bets, shares, limits, coin(25, 100), window=index)
    assert bets.log_evidence < 0.1
    for index in range(40, 43):
        bets = bet(bets, shares, limits, coin(60, 100), window=index)
    assert bets.log_evidence > 20
    assert bets.begins[0] == 40


def test_a_window_without_values_is_no_evidence() -> None:
    """Nothing changes, not even the number of windows."""
    fresh = Bets.fresh([SHARE])
    empty = FeatureCounts.empty(2)
    assert bet(fresh, [SHARE], [Limits(most=0.3, least=0.2)], empty, window=0) == fresh


def test_bets_survive_json_and_forget_at_most_a_thousandth() -> None:
    """Wealth is rounded down, so that what is read back claims no more than what was written."""
    shares = drift_shares(number())
    limits = [Limits(most=0.4, least=0.2)] * len(shares)
    bets = Bets.fresh(shares)
    counts = FeatureCounts(bins=[10.0, 20.0, 30.0, 40.0])
    bets = bet(bets, shares, limits, counts, window=3)
    back = Bets.from_json(bets.to_json())
    assert bets.log_evidence - 0.0011 <= back.log_evidence <= bets.log_evidence


@given(count=st.integers(0, 300), more=st.integers(0, 300), error=st.floats(1e-9, 0.1))
def test_bounds_hold_what_was_seen_and_are_chernoffs(count: int, more: int, error: float) -> None:
    """The share seen is between the bounds; at a bound, Chernoff's exponent is the error's."""
    trials = count + more
    low, high = (
        lower_bound(count, trials, error=error),
        upper_bound(count, trials, error=error),
    )
    if trials == 0:
        assert (low, high) == (0.0, 1.0)
        return
    seen = count / trials
    assert 0 <= low <= seen + 1e-12
    assert seen - 1e-12 <= high <= 1
    if high < 1 - 1e-9:
        assert trials * divergence(seen, high) == pytest.approx(-math.log(error), rel=1e-3)


def test_bounds_miss_less_often_than_they_say() -> None:
    """The exact chance that the upper bound of 40 trials is below the true share, at 5 %."""
    trials, error = 40, 0.05
    for true in (0.02, 0.1, 0.3, 0.5, 0.9):
        missed = sum(
            math.comb(trials, hits) * true**hits * (1 - true) ** (trials - hits)
            for hits in range(trials + 1)
            if upper_bound(hits, trials, error=error) < true
        )
        assert missed <= error


def test_a_discovery_of_one_needs_all_of_them_and_of_two_half() -> None:
    """e-BH: the k-th largest e-value against J / (k level)."""
    level, names = 0.01, [f"f{n}" for n in range(100)]
    one = limit(100, 1, level=level)
    assert one == pytest.approx(math.log(10_000))
    quiet = dict.fromkeys(names, 0.0)
    assert discoveries(quiet, level=level) == ()
    assert discoveries({**quiet, "f3": one}, level=level) == ("f3",)
    assert discoveries({**quiet, "f3": one - 0.01}, level=level) == ()
    half = limit(100, 2, level=level)
    assert discoveries({**quiet, "f3": half, "f7": half}, level=level) == ("f3", "f7")


@given(
    evidence=st.lists(st.floats(-5, 15), min_size=1, max_size=40),
    level=st.floats(0.001, 0.2),
)
def test_more_evidence_never_discovers_less(evidence: list[float], level: float) -> None:
    """Of any hypothesis, whatever the others have."""
    before = {str(n): one for n, one in enumerate(evidence)}
    found = set(discoveries(before, level=level))
    assert found <= set(discoveries({**before, "0": before["0"] + 1}, level=level))


def test_sides_are_of_opposite_counts() -> None:
    """The null hypothesis of `less` is about the contrary of the share."""
    limits = Limits(most=0.3, least=0.2)
    assert limits.boundary(Side.MORE) == 0.3
    assert limits.boundary(Side.LESS) == 0.8
