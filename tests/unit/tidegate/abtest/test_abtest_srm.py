"""Sample-ratio mismatch: fair while the split is as configured, and quick when it is not."""

import json
import math
import random
from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.abtest import srm
from tidegate.abtest.srm import SrmState
from tidegate.errors import InvalidValueError
from tidegate.observation import Unit

Shares = Mapping[str, float]

HALF = {"blue": 50, "green": 50}


def drawn(rng: random.Random, shares: Shares, requests: int) -> dict[str, int]:
    """Requests by slot under these shares."""
    slots = rng.choices(list(shares), weights=list(shares.values()), k=requests)
    return {slot: slots.count(slot) for slot in shares}


def after(strata: list[tuple[Mapping[str, int], Shares]]) -> SrmState:
    """The state after these strata."""
    state = SrmState()
    for counts, shares in strata:
        state = srm.update(state, counts, shares)
    return state


def simulated(seed: int, *, real: Shares, split: Shares, requests: int, looks: int) -> int | None:
    """Requests until the mismatch was called, None when it never was."""
    rng = random.Random(seed)  # noqa: S311 - seeded so that it can be repeated
    state = SrmState()
    for look in range(1, looks + 1):
        state = srm.update(state, drawn(rng, real, requests), split)
        if srm.report(state, unit=Unit.REQUEST).mismatch:
            return look * requests
    return None


@given(
    st.lists(st.lists(st.integers(1, 9), min_size=3, max_size=3), min_size=1, max_size=3),
    st.integers(1, 4),
)
@settings(max_examples=30, deadline=None)
def test_expected_evidence_is_one_under_any_course_of_splits(splits: list[list[int]], size: int):
    """Enumerated over every way in which the requests of each stratum can fall on three slots."""
    expectation = 0.0
    ways = [c for c in product(range(size + 1), repeat=3) if sum(c) == size]
    for path in product(ways, repeat=len(splits)):
        chance, strata = 1.0, []
        for counts, shares in zip(path, splits, strict=True):
            chance *= math.factorial(size)
            for count, share in zip(counts, shares, strict=True):
                chance *= (share / sum(shares)) ** count / math.factorial(count)
            strata.append(
                (dict(zip("abc", counts, strict=True)), dict(zip("abc", shares, strict=True)))
            )
        expectation += chance * math.exp(after(strata).log_evidence)
    assert expectation == pytest.approx(1)


def test_streaming_equals_one_dirichlet_multinomial_over_all_requests():
    """Under a constant split the product over strata is the batch form."""
    strata = [({"blue": 30, "green": 70}, HALF), ({"blue": 55, "green": 45}, HALF)]
    blue, green, prior = 85, 115, srm.PRIOR_REQUESTS
    batch = (
        math.lgamma(prior)
        - math.lgamma(prior + blue + green)
        + math.lgamma(prior / 2 + blue)
        + math.lgamma(prior / 2 + green)
        - 2 * math.lgamma(prior / 2)
        + (blue + green) * math.log(2)
    )
    assert after(strata).log_evidence == pytest.approx(batch)


def test_order_of_slots_in_a_stratum_does_not_matter():
    """Counts are what counts."""
    one = after([({"a": 10, "b": 20, "c": 5}, {"a": 1, "b": 2, "c": 1})])
    other = after([({"c": 5, "a": 10, "b": 20}, {"b": 2, "c": 1, "a": 1})])
    assert one == other


def test_six_percent_instead_of_five_is_found_in_about_ten_thousand_requests():
    """Median over simulated releases."""
    found = sorted(
        simulated(
            seed,
            real={"blue": 94, "green": 6},
            split={"blue": 95, "green": 5},
            requests=250,
            looks=120,
        )
        or 10**9
        for seed in range(25)
    )
    assert 4_000 < found[12] <= 11_000
    assert found[-1] < 10**9


def test_no_false_alarm_in_a_hundred_simulated_releases():
    """Under ramps and arms, with a limit of one in a thousand."""
    ramp = [{"blue": 100 - s, "green": s} for s in (5, 10, 25, 50)]
    rng = random.Random(7)  # noqa: S311 - seeded so that it can be repeated
    for _ in range(100):
        state = SrmState()
        for look in range(100):
            shares = ramp[look // 25]
            state = srm.update(state, drawn(rng, shares, 120), shares)
        assert srm.report(state, unit=Unit.REQUEST).mismatch is False


def test_mismatch_that_follows_the_ramp_is_found_over_several_splits():
    """What was learnt under one split counts under the next."""
    rng = random.Random(3)  # noqa: S311 - seeded so that it can be repeated
    strata = []
    for share in (5, 10, 20):
        real = {"blue": 100 - 1.35 * share, "green": 1.35 * share}
        split = {"blue": 100 - share, "green": share}
        strata += [(drawn(rng, real, 250), split) for _ in range(8)]
    alone = [after(strata[start : start + 8]).most for start in (0, 8, 16)]
    assert after(strata).most > sum(alone) / 2 + max(alone) / 2
    assert srm.report(after(strata), unit=Unit.REQUEST).mismatch


def test_slot_without_a_share_that_serves_is_a_mismatch_at_once():
    """No chance explains it."""
    state = after([({"blue": 99, "green": 1}, {"blue": 100, "green": 0})])
    assert srm.report(state, unit=Unit.REQUEST).mismatch


def test_stratum_of_one_slot_tells_nothing():
    """All traffic to one slot, as configured."""
    assert after([({"blue": 99}, {"blue": 100, "green": 0})]) == SrmState()


def test_resolver_has_no_sample_ratio():
    """DNS shares are not shares of requests, and the reason says so."""
    state = after([({"blue": 99_000, "green": 1_000}, HALF)])
    found = srm.report(state, unit=Unit.RESOLVER)
    assert found.mismatch is None
    assert "not applicable" in found.reason


def test_mismatch_once_called_is_not_taken_back():
    """Later strata that look right do not undo it."""
    wrong = [({"blue": 400, "green": 600}, HALF)]
    state = after([*wrong, *([({"blue": 500, "green": 500}, HALF)] * 30)])
    assert state.log_evidence < -math.log(srm.ALPHA) < state.most
    assert srm.report(state, unit=Unit.REQUEST).mismatch


def test_reason_has_the_shares_seen_and_configured():
    """A person sees which slot gets too much."""
    state = after([({"blue": 400, "green": 600}, HALF)])
    reason = srm.report(state, unit=Unit.REQUEST).reason
    assert "green 60.0 % of requests (configured 50.0 %)" in reason
    assert "1 of 1 000)" in reason


@pytest.mark.parametrize("shares", [{"blue": 0, "green": 0}, {"blue": -1, "green": 2}])
def test_shares_that_are_none_are_refused(shares: Shares):
    """All zero or negative."""
    with pytest.raises(InvalidValueError, match="not all shares 0"):
        srm.update(SrmState(), {"blue": 1}, shares)


def test_state_survives_json():
    """What is read back is what was written."""
    state = after([({"blue": 40, "green": 60}, HALF), ({"blue": 4, "green": 6}, HALF)])
    assert SrmState.from_json(json.loads(json.dumps(state.to_json()))) == state
