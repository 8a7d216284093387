"""Assignment: fixed as planned, or drawn to what went well, never counting what is awaited."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.abtest.assignment import Experience, chances_to_be_best, kept, next_shares
from tidegate.abtest.plan import ABPlan, Better, Policy
from tidegate.abtest.strata import Learnt


def plan(**changes: object) -> ABPlan:
    """Two arms under Thompson sampling, unless changed."""
    base = {
        "arms": ("blue", "green"),
        "control": "blue",
        "horizon_requests": 10_000,
        "policy": Policy.THOMPSON,
    }
    return ABPlan(**{**base, **changes})


def learnt(*arms: tuple[int, int], bucket: int = 0) -> Experience:
    """The experience of these events among these trials, one pair an arm."""
    item = Learnt(bucket=bucket, events=tuple(x for x, _ in arms), trials=tuple(n for _, n in arms))
    return Experience().plus([item], kept=1.0)


def test_fixed_policy_never_moves():
    """Whatever was learnt."""
    fixed = plan(policy=Policy.FIXED, shares={"blue": 80, "green": 20})
    assert next_shares(fixed, learnt((0, 900), (900, 900)), seed=1) == {"blue": 80, "green": 20}


def test_thompson_begins_as_planned():
    """Before anything is known the shares are equal."""
    assert next_shares(plan(), Experience(), seed=1) == {"blue": 50, "green": 50}


def test_clear_winner_gets_all_but_the_floor():
    """Two arms are kept within 10 and 90 percent."""
    assert next_shares(plan(), learnt((10, 500), (100, 500)), seed=1) == {"blue": 10, "green": 90}


def test_smaller_is_better_turns_it_round():
    """The arm with fewer events gets the traffic."""
    found = next_shares(plan(better=Better.SMALLER), learnt((10, 500), (100, 500)), seed=1)
    assert found == {"blue": 90, "green": 10}


def test_same_seed_same_shares_and_another_seed_about_the_same():
    """The draws are the seed's; their number makes them nearly alike."""
    known = learnt((50, 500), (56, 500))
    shares = [next_shares(plan(), known, seed=seed)["green"] for seed in (7, 7, 8)]
    assert shares[0] == shares[1]
    assert abs(shares[0] - shares[2]) < 12
    assert 55 < shares[0] < 90


def test_awaited_outcomes_are_no_failures():
    """Conversions of young requests count in the early buckets only, so that rates agree."""
    early = Learnt(bucket=0, trials=(1_000, 9_000), events=(50, 450))
    late = Learnt(bucket=3, trials=(950, 0), events=(95, 0))
    known = Experience().plus([early, late], kept=1.0)
    assert known.rate(0) == pytest.approx(1 - 0.95 * 0.9)
    assert known.rate(1) == pytest.approx(0.05)
    also_late = known.plus([Learnt(bucket=3, trials=(0, 400), events=(0, 40))], kept=1.0)
    assert also_late.rate(1) == pytest.approx(also_late.rate(0))
    chances = chances_to_be_best(plan(), also_late, seed=3)
    assert 0.25 < chances[0] < 0.75


def test_past_fades_where_the_plan_forgets():
    """An arm that was good long ago gives way to the one that is good now."""
    before = learnt((100, 1_000), (200, 1_000))
    forgetful = plan(memory_requests=500)
    now = Learnt(bucket=0, trials=(500, 500), events=(80, 50))
    share = kept(forgetful, requests=2_000)
    assert share == pytest.approx(1 / 16)
    assert next_shares(forgetful, before.plus([now], kept=share), seed=1)["blue"] > 60
    assert next_shares(plan(), before.plus([now], kept=1.0), seed=1)["blue"] < 40


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60)), min_size=2, max_size=10),
    st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_shares_are_whole_add_up_and_keep_every_arm(arms: list[tuple[int, int]], seed: int):
    """For two to ten arms, whatever is known of them."""
    names = tuple("abcdefghij"[: len(arms)])
    known = learnt(*((x, x + more) for x, more in arms))
    many = plan(arms=names, control="a")
    shares = next_shares(many, known, seed=seed)
    assert sum(shares.values()) == 100
    assert min(shares.values()) >= int(100 * many.floor)


def test_rate_without_trials_is_unknown_and_without_events_zero():
    """Nothing known, and something known to be nothing."""
    known = learnt((0, 40), (0, 0))
    assert known.rate(0) == 0
    assert known.pseudo_counts(0) == (0.0, 40)
    assert known.rate(1) is None
    assert known.pseudo_counts(1) == (0.0, 0.0)


def test_experience_survives_json():
    """What is read back is what was written."""
    known = learnt((3, 40), (4, 50)).plus(
        [Learnt(bucket=5, trials=(9, 9), events=(1, 2))], kept=0.25
    )
    assert Experience.from_json(json.loads(json.dumps(known.to_json()))) == known
