"""Judging a shadow by pairs: what fails, what passes, and how often chance does either."""

import json
import math
import random
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.judge import Comparison, JudgeState, judge
from tidegate.judge.pairs import Differences, best_stake
from tidegate.observation import Observation, ObservationKey, PairCounts
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.shadow.pairing import Pairing
from tidegate.strategies import Mechanism, Strategy
from tidegate.verdict import Verdict, VerdictKind

SLOTS = Comparison(live="blue", candidate="green")
PLAN = ReleasePlan(
    strategy=Strategy.SHADOW,
    mechanism=Mechanism.SHADOW,
    steps=(Step(share_percent=100, bake_seconds=3_600),),
    guardrails=(
        Guardrail(metric=Metric.ERRORS, margin=0.02),
        Guardrail(metric=Metric.LATENCY, margin=0.20),
        Guardrail(metric=Metric.AGREEMENT, margin=0.05),
    ),
    lag_seconds=600,
    pairing=Pairing(answer="/label"),
)
FAST = {20: 40, 21: 40, 22: 20}
SLOW = {20: 10, 24: 50, 28: 40}


def seen(interval: int, pairs: PairCounts) -> Observation:
    """What a shadow did in one interval."""
    key = ObservationKey(release_id="r", interval=interval, split_version=1, slot="green")
    return Observation(key=key, requests=pairs.pairs, pairs=pairs)


def pairs(**counts: Any) -> PairCounts:
    """A hundred pairs of an interval, agreeing and as fast as one another but for these."""
    made = PairCounts(live_latency=FAST, candidate_latency=FAST) + PairCounts(**counts)
    return replace(made, agreed=made.agreed + 100 - made.pairs)


def judged(each: list[PairCounts], plan: ReleasePlan = PLAN) -> Verdict:
    """The last verdict, or the first that ends the release."""
    state, verdict = JudgeState.initial(plan), None
    for interval, counts in enumerate(each):
        state = JudgeState.from_json(json.loads(json.dumps(state.to_json())))
        state, verdict = judge(plan, SLOTS, state, [seen(interval, counts)])
        if verdict.kind in {VerdictKind.PROMOTE, VerdictKind.ROLL_BACK}:
            break
    assert verdict is not None
    return verdict


def test_a_candidate_that_answers_alike_passes() -> None:
    """No harm, as fast, and hardly any answer that differs: every claim of safety is proven."""
    verdict = judged([pairs(differed=1)] * 20)
    assert verdict.kind is VerdictKind.PROMOTE
    assert verdict.reason.startswith("pass because")
    assert "answers that differ are 1.00 %" in verdict.reason


@pytest.mark.parametrize(
    ("counts", "named"),
    [
        (pairs(candidate_only_error=10), "errors are"),
        (pairs(differed=15), "answers that differ are 15.00 %"),
        (replace(pairs(), candidate_latency=SLOW), "the candidate is slower"),
    ],
)
def test_a_candidate_that_is_worse_fails_by_what_is_worse(counts: PairCounts, named: str) -> None:
    """Errors, other answers and slowness are found, and the sentence says which it was."""
    verdict = judged([counts] * 20)
    assert verdict.kind is VerdictKind.ROLL_BACK
    assert verdict.reason.startswith("fail because")
    assert named in verdict.reason


def test_requests_that_both_versions_fail_prove_nothing() -> None:
    """A request that nobody can answer is no difference between the versions."""
    both = pairs(both_error=30)
    assert judged([both] * 3).kind is not VerdictKind.ROLL_BACK


def test_as_many_errors_of_the_live_version_excuse_the_candidate() -> None:
    """Discordant pairs that fall to either side alike are what chance does."""
    even = pairs(candidate_only_error=8, live_only_error=8)
    assert judged([even] * 5).kind is not VerdictKind.ROLL_BACK


def test_too_few_pairs_are_held() -> None:
    """What little was seen is neither a pass nor a fail, and the sentence says so."""
    verdict = judged([PairCounts(agreed=5)])
    assert verdict.kind is VerdictKind.HOLD
    assert "agreement 5" in verdict.reason


def test_what_the_request_log_says_of_the_live_slot_is_not_compared() -> None:
    """Its latencies are those of callers, and its errors are in the pairs already."""
    key = ObservationKey(release_id="r", interval=0, split_version=1, slot="blue")
    log = Observation(key=key, requests=100, errors=50, clients_with_errors=50, latency={1: 50})
    state, _ = judge(PLAN, SLOTS, JudgeState.initial(PLAN), [seen(0, pairs()), log])
    alone, _ = judge(PLAN, SLOTS, JudgeState.initial(PLAN), [seen(0, pairs())])
    assert replace(state, live_requests=0) == alone
    assert state.live_requests == 100


def test_pairs_of_one_look_are_the_same_in_any_order() -> None:
    """Intervals are taken in the order of time, however they come."""
    looks = [seen(n, pairs(differed=n)) for n in range(4)]
    forth = judge(PLAN, SLOTS, JudgeState.initial(PLAN), looks)
    back = judge(PLAN, SLOTS, JudgeState.initial(PLAN), looks[::-1])
    assert forth == back


@given(
    st.sampled_from([0.02, 0.05, 0.3]),
    st.builds(
        lambda worse, better, same: Differences(
            worse=worse, better=better, pairs=worse + better + same
        ),
        st.integers(0, 40),
        st.integers(0, 40),
        st.integers(0, 400),
    ),
    st.floats(0, 1),
)
def test_a_bet_on_safety_is_never_expected_to_win_where_there_is_harm(
    margin: float, before: Differences, spare: float
) -> None:
    """Whatever was seen before, one pair of a candidate at the margin multiplies by 1 at most."""
    stake = best_stake(before, margin)
    gains_rate = spare * (1 - margin) / 2
    chances = {1: gains_rate + margin, -1: gains_rate, 0: 1 - 2 * gains_rate - margin}
    expected = math.fsum(
        chance * math.exp(Differences(worse=d > 0, better=d < 0, pairs=1).log_gain(stake, margin))
        for d, chance in chances.items()
    )
    assert expected <= 1 + 1e-12


def test_a_version_no_worse_fails_no_more_often_than_was_agreed() -> None:
    """All courses of six looks at two discordant pairs each: harm is proven in alpha of them."""
    plan = replace(PLAN, guardrails=PLAN.guardrails[:1], pairing=None, alpha=0.2)
    failed = 0.0
    chance_of = {0: 0.25, 1: 0.5, 2: 0.25}
    for course in product(chance_of, repeat=6):
        each = [pairs(candidate_only_error=n, live_only_error=2 - n) for n in course]
        if judged(each, plan).kind is VerdictKind.ROLL_BACK:
            failed += math.prod(chance_of[n] for n in course)
    assert 0 < failed <= plan.alpha


@pytest.mark.parametrize(("differ", "kind"), [(0.05, VerdictKind.ROLL_BACK)])
def test_answers_that_differ_as_often_as_allowed_rarely_fail(
    differ: float, kind: VerdictKind
) -> None:
    """At the margin itself at most alpha of the candidates fail: of 60, at 5 %, hardly eleven."""
    chance = random.Random(11)  # noqa: S311 - a simulation
    plan = replace(
        PLAN,
        guardrails=(Guardrail(metric=Metric.AGREEMENT, margin=0.05),),
        alpha=0.05,
        steps=(Step(share_percent=100, bake_seconds=1_200),),
        hold_seconds=0,
    )
    failed = 0
    for _ in range(60):
        each = [
            pairs(differed=sum(chance.random() < differ for _ in range(100))) for _ in range(20)
        ]
        failed += judged(each, plan).kind is kind
    # Binomial(60, 0.05): more than ten happen in 1 of 5 000 runs.
    assert failed <= 10
