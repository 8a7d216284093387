"""Evidence of harm: an e-process from the first stratum to the last."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.judge.harm import HarmState, update
from tidegate.judge.strata import Table

RATE = 1 / 40


def table(candidate: int, x: int, live: int, y: int) -> Table:
    """One stratum."""
    return Table(candidate_trials=candidate, candidate_events=x, live_trials=live, live_events=y)


def run(tables: list[Table]) -> HarmState:
    """The state after these strata."""
    state = HarmState(channels=1)
    for item in tables:
        state = update(state, [item], restart_rate=RATE)
    return state


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 8), st.floats(0.05, 0.95)),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=30, deadline=None)
def test_expected_evidence_over_all_courses_of_a_harmless_release_is_at_most_one(
    strata: list[tuple[int, int, float]],
):
    """Summed over every possible course of several strata, each with a base rate of its own."""
    choices = [
        [
            (
                table(n, x, m, y),
                math.comb(n, x) * math.comb(m, y) * p ** (x + y) * (1 - p) ** (n + m - x - y),
            )
            for x in range(n + 1)
            for y in range(m + 1)
        ]
        for n, m, p in strata
    ]
    if math.prod(len(choice) for choice in choices) > 1_500:
        choices = choices[:1]
    expected = 0.0
    for course in itertools.product(*choices):
        chance = math.prod(weight for _, weight in course)
        expected += chance * math.exp(run([item for item, _ in course]).log_evidence)
    assert expected <= 1 + 1e-9


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.integers(1, 60), st.integers(0, 90), st.floats(0, 1)),
        max_size=12,
    )
)
@settings(deadline=None)
def test_candidate_that_is_never_above_its_share_is_never_blamed(
    strata: list[tuple[int, int, int, float]],
):
    """With a rate at most the live one's in every stratum, evidence of harm stays at most 1."""
    tables = []
    for n, m, k, part in strata:
        events = min(k, n + m)
        fair = math.floor(events * n / (n + m))
        x = max(events - m, math.floor(part * fair))
        if x * (n + m) <= events * n:
            tables.append(table(n, x, m, events - x))
    assert run(tables).log_evidence <= 1e-9


def test_stratum_without_events_changes_nothing():
    """Where events could not have fallen differently there is nothing to learn or to stake."""
    state = run([table(6, 1, 54, 3)])
    assert update(state, [table(6, 0, 54, 0)], restart_rate=RATE) == state
    assert update(state, [table(0, 0, 54, 3)], restart_rate=RATE) == state


def test_late_turn_for_the_worse_is_found_in_spite_of_a_long_good_time():
    """An hour of fewer errors than the live version's does not pay for a bad quarter of one."""
    good = [table(6, 0, 54, 3)] * 60
    bad = [table(6, 2, 54, 3)] * 15
    assert run(good).log_evidence < 0
    assert run(good + bad).log_evidence > math.log(300)


def test_evidence_of_more_harm_is_greater():
    """The evidence rises with the errors of the candidate."""
    evidence = [run([table(20, x, 180, 1)] * 3).log_evidence for x in range(5)]
    assert evidence == sorted(evidence)
    assert evidence[-1] > math.log(300)


def test_worst_channel_is_the_one_with_the_evidence():
    """The channel in which the candidate stands out is named."""
    state = update(
        HarmState(channels=3),
        [table(10, 5, 90, 45), table(10, 9, 90, 9), table(10, 2, 90, 5)],
        restart_rate=RATE,
    )
    assert state.worst_channel == 1
    assert HarmState(channels=3).worst_channel == 0


def test_state_survives_json():
    """What is read back is what was written."""
    state = run([table(6, 1, 54, 3)])
    assert HarmState.from_json(state.to_json()) == state
    assert state.log_evidence == pytest.approx(HarmState.from_json(state.to_json()).log_evidence)
