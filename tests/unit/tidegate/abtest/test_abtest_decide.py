"""Verdicts on A/B tests: right, in time, never because of when or in which order one looked."""

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.abtest.assignment import next_shares
from tidegate.abtest.contest import SCHEDULE, ExactContest
from tidegate.abtest.decide import advance, decide, verdict
from tidegate.abtest.plan import ABPlan, Better, Policy
from tidegate.abtest.state import ABState
from tidegate.abtest.verdict import ABVerdict, ABVerdictKind
from tidegate.closing import closed
from tidegate.errors import InvalidValueError
from tidegate.observation import (
    Observation,
    ObservationKey,
    OutcomeCounts,
    OutcomeKind,
    Unit,
    delay_bucket,
)

PLAN = ABPlan(arms=("blue", "green"), control="blue", horizon_requests=20_000, tie_margin=0.05)

Shares = Mapping[str, int]


def interval(
    plan: ABPlan, at: int, counts: Sequence[tuple[int, int]], **changes: object
) -> list[Observation]:
    """One interval whose outcomes are known at once: requests and right ones of each arm."""
    return [
        Observation(
            key=ObservationKey(release_id="r", interval=at, split_version=1, slot=arm),
            requests=requests,
            outcomes={0: OutcomeCounts(known=requests, wrong=requests - rights)},
            **changes,
        )
        for arm, (requests, rights) in zip(plan.arms, counts, strict=True)
    ]


def drawn(rng: random.Random, requests: int, shares: Sequence[float]) -> list[int]:
    """Requests of each arm."""
    arms = rng.choices(range(len(shares)), weights=shares, k=requests)
    return [arms.count(arm) for arm in range(len(shares))]


def simulated(
    plan: ABPlan,
    rates: Sequence[float],
    *,
    seed: int,
    requests: int = 200,
    course: Callable[[int], float] = lambda _: 1.0,
) -> tuple[ABState, ABVerdict]:
    """One whole test, to its decision or to the horizon."""
    rng = random.Random(seed)  # noqa: S311 - seeded so that it can be repeated
    state, shares, splits = ABState.initial(plan), plan.first_shares, {}
    for at in range(plan.horizon_requests // requests):
        splits[at] = shares
        counts = [
            (n, sum(rng.random() < min(1.0, p * course(at)) for _ in range(n)))
            for n, p in zip(
                drawn(rng, requests, [shares[arm] for arm in plan.arms]), rates, strict=True
            )
        ]
        look = [
            replace(item, key=replace(item.key, split_version=at))
            for item in interval(plan, at, counts)
        ]
        state = advance(plan, state, look, splits=splits)
        if state.decision is not None:
            break
        shares = next_shares(plan, state.experience, seed=at)
    return state, verdict(plan, state, splits=splits)


THOMPSON = replace(PLAN, policy=Policy.THOMPSON)


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


counts = st.lists(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda c: (sum(c), c[0])),
        min_size=2,
        max_size=2,
    ),
    min_size=1,
    max_size=6,
)


@given(counts, st.sampled_from((PLAN, THOMPSON)), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_and_number_of_looks_do_not_matter(
    rows: list[list[tuple[int, int]]], plan: ABPlan, rng: random.Random
):
    """One interval at a time, or all at once in any order: the same state."""
    looks = [interval(plan, at, row) for at, row in enumerate(rows)]
    state = ABState.initial(plan)
    for look in looks:
        state = advance(plan, state, look)
    mixed = [item for look in looks for item in look]
    rng.shuffle(mixed)
    assert advance(plan, ABState.initial(plan), mixed) == state


@given(counts, st.sampled_from((PLAN, THOMPSON)))
@settings(max_examples=20, deadline=None)
def test_state_and_verdict_survive_json_after_every_look(
    rows: list[list[tuple[int, int]]], plan: ABPlan
):
    """What is read back is what was written, and goes on in the same way."""
    state = ABState.initial(plan)
    for at, row in enumerate(rows):
        state = ABState.from_json(json.loads(json.dumps(state.to_json())))
        state, found = decide(plan, state, interval(plan, at, row))
        assert ABVerdict.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert ABState.from_json(json.loads(json.dumps(state.to_json()))) == state


def batch(rows: Sequence[Sequence[tuple[int, int]]], plan: ABPlan) -> list[tuple[int, int]]:
    """Both boundaries at each look, from scratch: all laws by plain sums over dictionaries."""
    law, spent, served, boundaries = {0: 1.0}, [0.0, 0.0], 0, []
    for (n, x), (m, y) in rows:
        k, served = x + y, served + n + m
        chances = {
            i: math.comb(n, i) * math.comb(m, k - i) / math.comb(n + m, k)
            for i in range(max(0, k - m), min(n, k) + 1)
        }
        moved: dict[int, float] = {}
        for start, p in law.items():
            for i, q in chances.items():
                moved[start + i] = moved.get(start + i, 0.0) + p * q
        allowed = plan.alpha / 2 * SCHEDULE.share(served / plan.horizon_requests)
        high, low = max(moved) + 1, min(moved) - 1
        while spent[0] + moved.get(high - 1, 0.0) <= allowed:
            high -= 1
            spent[0] += moved.pop(high, 0.0)
        while spent[1] + moved.get(low + 1, 0.0) <= allowed:
            low += 1
            spent[1] += moved.pop(low, 0.0)
        law = moved
        boundaries.append((high, low))
    return boundaries


def test_streaming_equals_the_batch_form():
    """Every boundary of every look is that of a law computed from scratch."""
    rng = random.Random(11)  # noqa: S311 - seeded so that it can be repeated
    plan = replace(PLAN, horizon_requests=2_000, tie_margin=None)
    rows = []
    for _ in range(15):
        n, m = drawn(rng, 60, (1, 1))
        rows.append([(n, sum(rng.random() < 0.3 for _ in range(n))), (m, round(0.3 * m))])
    state, found = ABState.initial(plan), []
    for at, row in enumerate(rows):
        state = advance(plan, state, interval(plan, at, row))
        contest = state.pairs[0].contest
        assert isinstance(contest, ExactContest)
        found.append((contest.test.boundary_above, contest.test.boundary_below))
    assert state.decision is None
    assert found == batch(rows, plan)


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


def test_wrong_split_holds_the_test_and_says_which():
    """Nothing is compared when requests do not follow the split."""
    state, found = decide(PLAN, ABState.initial(PLAN), interval(PLAN, 0, [(300, 30), (700, 300)]))
    assert found.kind is ABVerdictKind.HOLD
    assert "not as configured" in found.reason
    assert state.decision is None


def test_split_is_tested_on_users_and_not_on_resolvers():
    """Users are drawn one by one and counted once; resolvers are not, and the reason says so."""
    kinds = {}
    for unit in (Unit.USER, Unit.RESOLVER):
        look = interval(PLAN, 0, [(300, 30), (700, 70)], unit=unit)
        _, kinds[unit] = decide(PLAN, ABState.initial(PLAN), look)
    assert kinds[Unit.USER].kind is ABVerdictKind.HOLD
    assert "green 70.0 % of users (configured 50.0 %)" in kinds[Unit.USER].reason
    assert kinds[Unit.RESOLVER].kind is ABVerdictKind.CONTINUE
    assert kinds[Unit.RESOLVER].srm.mismatch is None
    assert "resolvers" in kinds[Unit.RESOLVER].srm.reason


def test_other_slots_are_not_of_the_test():
    """Requests whose slot is unknown are left out."""
    look = interval(PLAN, 0, [(100, 10), (100, 12)])
    stray = replace(look[0], key=replace(look[0].key, slot="unknown"))
    assert decide(PLAN, ABState.initial(PLAN), [*look, stray]) == decide(
        PLAN, ABState.initial(PLAN), look
    )


def test_impossible_counts_are_refused():
    """More errors than requests."""
    look = interval(PLAN, 0, [(100, 10), (100, 12)], errors=101)
    with pytest.raises(InvalidValueError, match="errors must be 0 to requests"):
        decide(PLAN, ABState.initial(PLAN), look)


def test_state_of_another_plan_is_refused():
    """Arms may not change during a test."""
    other = replace(PLAN, arms=("a", "b"), control="a")
    with pytest.raises(InvalidValueError, match="a plan may not change"):
        decide(PLAN, ABState.initial(other), [])


def test_state_of_another_version_is_refused():
    """The version found and the one known are named."""
    data = {**ABState.initial(PLAN).to_json(), "v": 9}
    with pytest.raises(InvalidValueError, match="version 9 is unknown, read: 1"):
        ABState.from_json(data)


def test_decision_once_made_stays():
    """Later intervals that look otherwise do not take it back."""
    state = ABState.initial(PLAN)
    state, found = decide(PLAN, state, interval(PLAN, 0, [(500, 100), (500, 250)]))
    assert found.slot == "green"
    for at in range(1, 6):
        state, found = decide(PLAN, state, interval(PLAN, at, [(500, 400), (500, 100)]))
    assert found.slot == "green"
    assert found.requests == 6_000


def test_reason_of_a_winner_has_the_numbers():
    """Rates, difference, bounds, requests and the chance of being wrong."""
    _, found = decide(PLAN, ABState.initial(PLAN), interval(PLAN, 0, [(500, 100), (500, 250)]))
    assert found.reason.startswith(
        "green wins because it is better than blue: 50.0 % right outcomes with green against "
        "20.0 % with blue, 30.0 points more (between "
    )
    assert found.reason.endswith(
        "after 1 000 requests; the chance of ever naming a wrong winner is at most 5.00 %"
    )


def test_reason_to_continue_says_how_many_requests_are_missing():
    """And the verdict holds the number."""
    _, found = decide(PLAN, ABState.initial(PLAN), interval(PLAN, 0, [(500, 100), (500, 118)]))
    assert found.kind is ABVerdictKind.CONTINUE
    assert found.requests_needed is not None
    assert found.requests_needed > 500
    assert "after 1 000 of 20 000 planned requests no arm is proven better" in found.reason
    assert "more requests at this difference" in found.reason


def test_reason_before_any_outcome_says_that_none_is_known():
    """Requests alone compare nothing."""
    look = [replace(item, outcomes={}) for item in interval(PLAN, 0, [(500, 0), (500, 0)])]
    _, found = decide(PLAN, ABState.initial(PLAN), look)
    assert "too few outcomes are known" in found.reason
    assert found.requests_needed is None


def test_horizon_without_a_winner_says_to_keep_the_control():
    """The test may go on, and the reason says what to do else."""
    plan = replace(PLAN, tie_margin=None, horizon_requests=1_000)
    _, found = decide(plan, ABState.initial(plan), interval(plan, 0, [(500, 100), (500, 104)]))
    assert found.kind is ABVerdictKind.CONTINUE
    assert found.reason.endswith("else keep blue (the control)")


def test_regret_is_what_the_worse_arm_missed():
    """Five hundred requests at thirty points less."""
    _, found = decide(PLAN, ABState.initial(PLAN), interval(PLAN, 0, [(500, 100), (500, 250)]))
    assert found.regret.best == "green"
    assert found.regret.missed == pytest.approx(150)
    assert found.regret.reason.startswith(
        "about 150 fewer right outcomes than if all 1 000 requests had been served by green"
    )


def test_evidence_of_each_arm_and_pair_is_told():
    """Rates with their intervals, and the pair against its limit."""
    _, found = decide(PLAN, ABState.initial(PLAN), interval(PLAN, 0, [(500, 100), (500, 118)]))
    blue, green = found.arms
    assert (blue.requests, blue.trials, blue.rate) == (500, 500, 0.2)
    assert blue.lower is not None
    assert blue.upper is not None
    assert blue.lower < 0.2 < blue.upper
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.leader) == ("green", "blue", "green")
    assert pair.difference == pytest.approx(0.036)
    assert pair.lower is not None
    assert pair.lower < 0
    assert pair.limit is not None
    assert pair.evidence == pytest.approx(9)
    assert pair.evidence < pair.limit
    assert green.slot == "green"
