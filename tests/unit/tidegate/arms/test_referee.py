"""What objective and guardrails say together of each look at an A/B test."""

import json
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ab_world import TERMS, plan_of
from tidegate.arms.referee import Arms, RefereeState, Seen, ab_plan, referee, seed_of
from tidegate.arms.terms import ABTerms, Policy
from tidegate.errors import InvalidValueError
from tidegate.observation import Observation, ObservationKey, OutcomeCounts, Unit
from tidegate.plan import Guardrail, Metric, ReleasePlan
from tidegate.slots import ARMS
from tidegate.verdict import Verdict, VerdictKind

THREE = Arms(control="a", challengers=("b", "c"))
PLAN = plan_of()
MOST_BYTES = 400_000
"""What an item of DynamoDB may have."""


def seen_at(
    interval: int, arms: dict[str, tuple[int, int, int]], *, version: int = 1
) -> list[Observation]:
    """One interval: of each arm requests, errors, and right ones of the others, known at once."""
    return [
        Observation(
            key=ObservationKey(release_id="r", interval=interval, split_version=version, slot=slot),
            unit=Unit.USER,
            requests=requests,
            errors=errors,
            clients_with_errors=errors,
            latency={20: requests - errors},
            outcomes={0: OutcomeCounts(known=requests - errors, wrong=requests - errors - right)},
        )
        for slot, (requests, errors, right) in arms.items()
    ]


def judged(
    plan: ReleasePlan,
    arms: Arms,
    intervals: list[dict[str, tuple[int, int, int]]],
    *,
    splits: dict[int, dict[str, int]] | None = None,
) -> tuple[RefereeState, list[Verdict]]:
    """The state and every verdict after one look an interval, each stored in between."""
    state, verdicts = RefereeState.initial(plan, arms), []
    shares = dict(zip(arms.all, ab_plan(plan, arms).first_shares.values(), strict=True))
    known = {1: shares} if splits is None else splits
    for number, counts in enumerate(intervals, start=1):
        seen = Seen(observations=seen_at(number, counts), splits=known, seed=seed_of("r", number))
        state, verdict = referee(plan, arms, state, seen)
        state = RefereeState.from_json(json.loads(json.dumps(state.to_json())))
        verdicts.append(Verdict.from_json(json.loads(json.dumps(verdict.to_json()))))
    return state, verdicts


def test_the_winner_is_promoted_when_its_guardrails_are_proven_too():
    """Until then the test goes on, and says what is missing."""
    better = [{"a": (100, 0, 50), "b": (100, 0, 95), "c": (100, 0, 50)}] * 12
    _, verdicts = judged(PLAN, THREE, better)
    first = next(v for v in verdicts if v.ab_test is not None and v.ab_test.slot == "b")
    assert first.kind is VerdictKind.CONTINUE
    assert "b wins" in first.reason
    assert "before it is promoted: continue because" in first.reason
    assert verdicts[-1].kind is VerdictKind.PROMOTE
    assert verdicts[-1].reason.startswith("promote b because b wins")
    assert verdicts[-1].ab_test is not None
    assert verdicts[-1].ab_test.leader == "b"


def test_an_arm_that_does_harm_is_out_for_good_and_cannot_win():
    """Even with the best objective; what it did before stays as it was."""
    harmful = [{"a": (100, 0, 50), "b": (100, 30, 70), "c": (100, 0, 60)}] * 6
    state, verdicts = judged(PLAN, THREE, [*harmful, *[{"a": (150, 0, 75), "c": (50, 0, 50)}] * 20])
    out = [v.ab_test.out for v in verdicts if v.ab_test is not None]
    assert [("b" in one) for one in out] == sorted("b" in one for one in out)
    assert "b" in out[-1]
    assert state.objective.out == ("b",)
    assert verdicts[-1].kind is VerdictKind.PROMOTE
    assert verdicts[-1].ab_test is not None
    assert verdicts[-1].ab_test.slot == "c"
    assert all(v.ab_test is not None and v.ab_test.slot != "b" for v in verdicts if v.ab_test.out)


def test_a_winner_that_turns_harmful_before_it_is_safe_is_out():
    """The decision is void, and the others are compared anew."""
    won = [{"a": (40, 0, 10), "b": (40, 0, 39), "c": (40, 0, 10)}] * 3
    harm = [{"a": (100, 0, 25), "b": (100, 60, 40), "c": (100, 0, 25)}] * 4
    state, verdicts = judged(PLAN, THREE, [*won, *harm])
    assert any(v.ab_test is not None and v.ab_test.slot == "b" for v in verdicts)
    assert "b" in state.out
    assert verdicts[-1].ab_test is not None
    assert verdicts[-1].ab_test.slot != "b"


def test_with_all_challengers_out_it_rolls_back():
    """Nothing is left to be tested."""
    bad = [{"a": (100, 0, 50), "b": (100, 40, 50), "c": (100, 40, 50)}] * 5
    _, verdicts = judged(PLAN, THREE, bad)
    assert verdicts[-1].kind is VerdictKind.ROLL_BACK
    assert "no challenger is left" in verdicts[-1].reason


def test_a_control_that_is_better_is_kept():
    """And so is one that none differs from."""
    worse = [{"a": (100, 0, 95), "b": (100, 0, 50), "c": (100, 0, 50)}] * 8
    _, verdicts = judged(PLAN, THREE, worse)
    assert verdicts[-1].kind is VerdictKind.KEEP
    assert verdicts[-1].reason.startswith("keep a because a (the control) wins")


def test_a_split_that_is_not_followed_is_held_but_harm_is_acted_on():
    """Nothing may be concluded of arms that users did not come to by the split."""
    skewed = [{"a": (400, 0, 200), "b": (100, 40, 60), "c": (100, 0, 95)}] * 12
    _, verdicts = judged(PLAN, THREE, skewed)
    last = verdicts[-1]
    assert last.kind is VerdictKind.HOLD
    assert "the split is not as configured" in last.reason
    assert last.ab_test is not None
    assert list(last.ab_test.out) == ["b"]


def test_the_error_budget_of_the_guardrails_is_shared():
    """Three challengers have a third each: more harm must be seen than with one."""
    alone = replace(TERMS, challengers=1)
    many = replace(TERMS, challengers=3)
    limits = []
    for terms in (alone, many):
        slots = tuple("bcd")[: terms.challengers]
        counts = dict.fromkeys(("a", *slots), (100, 1, 50))
        _, verdicts = judged(plan_of(terms), Arms(control="a", challengers=slots), [counts] * 2)
        limits.append(verdicts[-1].evidence[0].log_limit)
    assert limits[1] > limits[0]


def test_thompson_sampling_proposes_shares_that_can_be_repeated():
    """Another look draws other ones; arms that are out get none."""
    plan = plan_of(replace(TERMS, policy=Policy.THOMPSON))
    better = [{"a": (100, 0, 50), "b": (100, 0, 60), "c": (100, 0, 50)}] * 3
    _, first = judged(plan, THREE, better)
    _, again = judged(plan, THREE, better)
    assert first == again
    shares = first[-1].ab_test.shares if first[-1].ab_test is not None else None
    assert shares is not None
    assert sum(shares.values()) == 100
    assert shares["b"] > shares["a"]
    bad = [{"a": (100, 0, 50), "b": (100, 40, 55), "c": (100, 0, 50)}] * 5
    _, verdicts = judged(plan, THREE, bad)
    assert verdicts[-1].ab_test is not None
    assert verdicts[-1].ab_test.shares is not None
    assert verdicts[-1].ab_test.shares["b"] == 0
    assert seed_of("r", 1) != seed_of("r", 2)


def test_ten_arms_fit_into_an_item_of_the_table():
    """State and verdict, however long the test runs."""
    slots = tuple(slot.value for slot in ARMS)
    arms = Arms(control=slots[0], challengers=slots[1:])
    metrics = (Metric.ERRORS, Metric.LATENCY, Metric.OUTCOMES)
    plan = plan_of(
        ABTerms(challengers=9, horizon_requests=10**6, tie_margin=0.01),
        guardrails=tuple(Guardrail(metric=metric, margin=0.05) for metric in metrics),
    )
    counts = {slot: (40 + n, 1 + n % 3, 20 + n) for n, slot in enumerate(slots)}
    state, verdicts = judged(plan, arms, [counts] * 12)
    text = json.dumps(state.to_json(), separators=(",", ":"))
    assert len(text) < MOST_BYTES / 2
    assert len(json.dumps(verdicts[-1].to_json())) < 40_000
    look = json.dumps([o.to_json() for n in range(6) for o in seen_at(n, counts)])
    assert len(zlib.compress(look.encode())) < MOST_BYTES / 10


@settings(max_examples=20, deadline=None)
@given(
    looks=st.lists(
        st.dictionaries(
            st.sampled_from(["a", "b", "c"]),
            st.tuples(st.integers(1, 30), st.integers(0, 30), st.integers(0, 30)),
            min_size=1,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_counts_leave_a_verdict_that_can_be_stored(
    looks: list[dict[str, tuple[int, int, int]]],
):
    """Arms without requests, with errors only, with nothing right: a kind and a reason."""
    clean = [
        {
            slot: (n, min(errors, n), min(right, n - min(errors, n)))
            for slot, (n, errors, right) in look.items()
        }
        for look in looks
    ]
    state, verdicts = judged(PLAN, THREE, clean)
    assert verdicts[-1].reason
    assert verdicts[-1].candidate_requests + verdicts[-1].live_requests == sum(
        n for look in clean for n, _, _ in look.values()
    )
    assert set(state.out) <= {"b", "c"}


def test_another_plan_or_state_is_refused():
    """A judge's state is no referee's, and only an A/B test has arms."""
    with pytest.raises(InvalidValueError, match="is no A/B test's"):
        RefereeState.from_json({"v": 3, "metrics": []})
    with pytest.raises(InvalidValueError, match="it is no A/B test"):
        ab_plan(ReleasePlan(), THREE)
