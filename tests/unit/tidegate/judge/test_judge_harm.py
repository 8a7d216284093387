"""Harm: how often it is claimed falsely, and what each search is there to find."""

import itertools
import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate import latency
from tidegate.judge import scores
from tidegate.judge.advance import SCORES
from tidegate.judge.harm import SEARCHES, Budget, HarmState, Reading
from tidegate.judge.increments import of_events, of_scores
from tidegate.judge.strata import Table
from tidegate.plan import Metric

Stratum = tuple[int, int, float]


def table(candidate: int, x: int, live: int, y: int) -> Table:
    """One stratum."""
    return Table(candidate_trials=candidate, candidate_events=x, live_trials=live, live_events=y)


def errors(
    requests: Sequence[Table],
    *,
    clients: Sequence[Table] | None = None,
    alpha: float = 0.01,
    minutes: float = 60,
) -> HarmState:
    """The state after a look at each table, with clients counted as requests unless given."""
    state, budget = HarmState.initial(Metric.ERRORS), Budget(alpha=alpha, minutes=minutes)
    witnesses = requests if clients is None else clients
    for now, (by_request, by_client) in enumerate(zip(requests, witnesses, strict=True)):
        state = state.plus("requests", of_events([by_request], odds_ratio=3.0), now=now)
        state = state.plus("clients", of_events([by_client], odds_ratio=3.0), now=now)
        state = state.look(Metric.ERRORS, budget, now=now)
    return state


def proven(state: HarmState, *, alpha: float = 0.01, minutes: float = 60) -> bool:
    """Whether harm is claimed."""
    return state.reading(Metric.ERRORS, Budget(alpha=alpha, minutes=minutes)).proven


def binomial(n: int, x: int, p: float) -> float:
    """The chance of x events in n trials."""
    return math.comb(n, x) * p**x * (1 - p) ** (n - x)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(2, 6), st.floats(0.05, 0.95)),
        min_size=1,
        max_size=3,
    )
)
def test_harmless_courses_are_blamed_no_more_often_than_alpha(strata: list[Stratum]):
    """Summed over every course of several strata, each with a base rate of its own."""
    choices = [
        [
            (table(n, x, m, y), binomial(n, x, p) * binomial(m, y, p))
            for x in range(n + 1)
            for y in range(m + 1)
        ]
        for n, m, p in strata
    ]
    if math.prod(len(choice) for choice in choices) > 500:
        choices = choices[:2]
    blamed = 0.0
    for course in itertools.product(*choices):
        state = errors([one for one, _ in course], alpha=0.3, minutes=3)
        if proven(state, alpha=0.3, minutes=3):
            blamed += math.prod(chance for _, chance in course)
    assert blamed <= 0.3


def test_an_outage_is_proven_in_a_handful_of_requests():
    """Four of four candidate requests fail and none of 76 live ones, within one interval."""
    looks = [table(1, 1, 19, 0)] * 4
    assert proven(errors(looks))
    assert not proven(errors(looks[:1]))


def test_a_client_that_fails_many_times_is_one_event():
    """Two clients of the candidate and five of the live version, each failing five times."""

    def hour(size: int) -> list[Table]:
        of_candidate, of_live = {13, 37}, {3, 9, 19, 29, 49}
        return [
            table(30, size if i in of_candidate else 0, 570, size if i in of_live else 0)
            for i in range(60)
        ]

    assert proven(errors(hour(5)))
    assert not proven(errors(hour(5), clients=hour(1)))


def test_both_ways_of_counting_must_show_harm():
    """Neither requests nor clients alone are believed."""
    bad, fine = [table(30, 6, 570, 5)] * 20, [table(30, 0, 570, 5)] * 20
    assert proven(errors(bad))
    assert not proven(errors(bad, clients=fine))
    assert not proven(errors(fine, clients=bad))


def test_a_late_turn_is_found_although_the_past_was_good():
    """Two hours below the live rate do not delay a roll-back by more than a few minutes."""
    good = [table(60, 0, 1140, 12)] * 120
    bad = [table(60, 4, 1140, 12)] * 10
    assert proven(errors(good + bad, minutes=240), minutes=240)


def test_a_better_candidate_is_never_blamed():
    """Fewer errors are no harm, however many requests there are."""
    state = errors([table(600, 2, 600, 30)] * 100)
    reading = state.reading(Metric.ERRORS, Budget(alpha=0.01, minutes=60))
    assert not reading.proven
    assert reading.log_evidence < 0.1


def test_nothing_is_claimed_of_tables_that_could_not_differ():
    """No events, or nothing but events, or one slot alone: the state stays as it was."""
    before = HarmState.initial(Metric.ERRORS)
    assert errors([table(6, 0, 54, 0), table(0, 0, 54, 3), table(6, 6, 54, 54)]) == before


@pytest.mark.parametrize("metric", list(Metric))
def test_searches_spend_all_of_the_metrics_alpha(metric: Metric):
    """The parts of a metric's searches are all there is."""
    assert sum(search.at_once + search.late for search in SEARCHES[metric]) == pytest.approx(1)


def test_state_survives_json():
    """Read back it is the same state."""
    state = errors([table(60, 3, 1140, 12)] * 7)
    assert HarmState.from_json(Metric.ERRORS, state.to_json()) == state


def test_scores_of_slow_requests_are_high_whatever_slot_they_were_of():
    """Exchanging the slots mirrors the summed score around its mean."""
    fast, slow = {10: 50}, {10: 40, 14: 10}
    by_bucket = {10: -1, 14: 4}
    worse = of_scores(slow, fast, by_bucket, effect=0.6)
    better = of_scores(fast, slow, by_bucket, effect=0.6)
    assert worse is not None
    assert better is not None
    assert worse.value - worse.law.mean == pytest.approx(better.law.mean - better.value)


def latencies(candidate: Mapping[int, int], live: Mapping[int, int], *, minutes: int) -> Reading:
    """The reading after so many minutes in each of which both slots had these latencies."""
    state, budget = HarmState.initial(Metric.LATENCY), Budget(alpha=0.01, minutes=240)
    both: dict[int, int] = {}
    for now in range(minutes):
        both = scores.remember(both, latency.add(candidate, live))
        for name, score in SCORES.items():
            increment = of_scores(candidate, live, score(both), effect=0.6)
            state = state.plus(name, increment, now=now)
        state = state.look(Metric.LATENCY, budget, now=now)
    return state.reading(Metric.LATENCY, budget)


def test_a_longer_tail_is_found_although_no_more_requests_are_in_it():
    """As many requests are slow as before, but they are slower."""
    live = {20: 400, 30: 570, 40: 18, 44: 8, 48: 4}
    longer = {20: 40, 30: 57, 46: 1, 50: 2}
    reading = latencies(longer, live, minutes=12)
    assert reading.proven
    assert reading.search.witnesses == ("stretch",)


def test_fewer_slow_requests_are_no_harm_although_those_are_slower():
    """A tail a tenth as heavy is better, even when what is left of it is far out."""
    live = {20: 400, 30: 540, 40: 36, 44: 16, 48: 8}
    better = {20: 400, 30: 594, 48: 6}
    assert not latencies(better, live, minutes=60).proven


def test_a_stretched_tail_alone_has_no_cusum():
    """A search without budget for a late turn keeps no walk for it."""
    assert set(HarmState.initial(Metric.LATENCY).cusums) == {"body", "tail"}
