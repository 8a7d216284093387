"""Verdicts on A/B tests: right, in time, and final."""

import json
import random
from dataclasses import replace

import pytest

from tests.contests import PLAN, THOMPSON, interval, simulated
from tidegate.abtest.decide import decide
from tidegate.abtest.plan import ABPlan, Better
from tidegate.abtest.state import ABState
from tidegate.abtest.verdict import ABVerdictKind
from tidegate.closing import closed
from tidegate.observation import (
    Observation,
    ObservationKey,
    OutcomeCounts,
    OutcomeKind,
    delay_bucket,
)


@pytest.mark.parametrize("plan", [PLAN, THOMPSON], ids=["fixed", "thompson"])
@pytest.mark.parametrize(("rates", "slot"), [((0.3, 0.4), "green"), ((0.4, 0.3), "blue")])
def test_better_arm_wins_whether_it_is_the_control_or_not(
    plan: ABPlan, rates: tuple[float, float], slot: str
):
    """Under either assignment, with a difference of ten points."""
    for seed in range(4):
        _, found = simulated(plan, rates, seed=seed)
        assert (found.kind, found.slot) == (ABVerdictKind.WINNER, slot)


@pytest.mark.parametrize("plan", [PLAN, THOMPSON], ids=["fixed", "thompson"])
def test_equal_arms_are_a_tie_and_the_control_is_kept(plan: ABPlan):
    """Both margins are excluded well before the horizon."""
    kinds = [simulated(plan, (0.3, 0.3), seed=seed)[1] for seed in range(6)]
    ties = [found for found in kinds if found.kind is ABVerdictKind.TIE]
    assert len(ties) >= 5
    assert all(found.slot == "blue" and found.tied == ("blue", "green") for found in ties)


@pytest.mark.parametrize("plan", [PLAN, THOMPSON], ids=["fixed", "thompson"])
def test_wrong_winners_are_rare_while_rates_and_shares_move(plan: ABPlan):
    """Forty tests of equal arms whose rate triples: 5 % are allowed, six would be a 2 % chance."""
    plan = replace(plan, tie_margin=None, horizon_requests=4_000)
    wrong = sum(
        simulated(plan, (0.2, 0.2), seed=seed, course=lambda at: 1 + at / 10)[1].kind
        is ABVerdictKind.WINNER
        for seed in range(40)
    )
    assert wrong <= 5


def test_smaller_is_better_where_the_plan_says_so():
    """The arm with fewer events wins, and the reason says fewer."""
    plan = replace(PLAN, better=Better.SMALLER)
    _, found = simulated(plan, (0.4, 0.3), seed=1)
    assert found.slot == "green"
    assert "points fewer" in found.reason
    against = found.pairs[0]
    assert against.difference is not None
    assert against.difference < 0
    assert against.upper is not None
    assert against.upper <= 0


def test_best_of_three_arms_wins_against_each_other_one():
    """The verdict waits for the closest rival."""
    three = replace(PLAN, arms=("a", "b", "c"), control="a", tie_margin=None)
    state, found = simulated(three, (0.3, 0.45, 0.36), seed=2)
    assert found.slot == "b"
    assert {pair.better for pair in state.pairs if "b" in (pair.first, pair.second)} == {"b"}
    assert "each of the 2 other arms" in found.reason


def test_arms_that_are_left_are_a_tie_when_the_others_are_beaten():
    """Two equal good ones, one bad one."""
    three = replace(PLAN, arms=("a", "b", "c"), control="a")
    _, found = simulated(three, (0.5, 0.5, 0.3), seed=3)
    assert found.kind is ABVerdictKind.TIE
    assert found.tied == ("a", "b")


def test_ten_arms_are_judged_by_bets():
    """The best of ten is found, with a state that stays small."""
    ten = replace(PLAN, arms=tuple("abcdefghij"), control="a", tie_margin=None)
    rates = [0.3, 0.3, 0.55, *[0.3] * 7]
    state, found = simulated(ten, rates, seed=4, requests=500)
    assert found.slot == "c"
    assert len(json.dumps(state.to_json())) < 40_000


def converting(rng: random.Random, at: int, arm: str, rate: float) -> Observation:
    """Counters of 80 requests, of which some convert ten intervals later on average."""
    converts = sum(rng.random() < rate for _ in range(80))
    buckets = [delay_bucket(min(60, int(rng.expovariate(0.1)))) for _ in range(converts)]
    return Observation(
        key=ObservationKey(release_id="r", interval=at, split_version=1, slot=arm),
        requests=80,
        outcomes={bucket: OutcomeCounts(known=buckets.count(bucket)) for bucket in buckets},
    )


def test_late_conversions_decide_before_their_window_closes():
    """Nobody waits for non-conversions, and awaited ones are no failures of the younger arm."""
    plan = replace(
        PLAN, kind=OutcomeKind.CONVERSIONS, outcome_window_seconds=3_600, horizon_requests=8_000
    )
    rng = random.Random(5)  # noqa: S311 - seeded so that it can be repeated
    state, counters, at = ABState.initial(plan), [], 0
    while state.decision is None:
        counters += [
            converting(rng, at, arm, rate)
            for arm, rate in zip(plan.arms, (0.15, 0.30), strict=True)
        ]
        look = closed(
            counters, after=at - 1, through=at, outcome_window_seconds=3_600, kind=plan.kind
        )
        state, found = decide(plan, state, look)
        at += 1
    assert found.slot == "green"
    assert at < 40
    assert found.arms[0].trials == 0
    assert "conversions with green" in found.reason


def test_decision_once_made_stays():
    """Later intervals that look otherwise do not take it back."""
    state = ABState.initial(PLAN)
    state, found = decide(PLAN, state, interval(PLAN, 0, [(500, 100), (500, 250)]))
    assert found.slot == "green"
    for at in range(1, 6):
        state, found = decide(PLAN, state, interval(PLAN, at, [(500, 400), (500, 100)]))
    assert found.slot == "green"
    assert found.requests == 6_000
