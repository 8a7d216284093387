"""What a record keeps of its A/B test: shares, cells, splits, arms that are out."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tidegate.arms.testing import SPLITS_KEPT, ABTraffic, opened
from tidegate.slots import ARMS, PAIR, Slot, first_slot, idle_slots

OPENED = opened(("blue", "a", "b"), (40, 30, 30))


def test_an_arm_that_is_out_gives_its_users_to_the_control():
    """And no other user moves."""
    out = OPENED.without("a", control="blue", why="it fails")
    assert dict(out.shares) == {"blue": 70, "a": 0, "b": 30}
    assert out.runs == (("blue", 70), ("b", 30))
    assert dict(out.out) == {"a": "it fails"}


def test_the_newest_splits_are_kept_and_no_more():
    """By version, each once, also where a task does its work again."""
    testing = OPENED
    for version in range(100):
        testing = testing.served(version, at=float(version)).served(version, at=float(version))
    assert list(testing.by_version) == list(range(100 - SPLITS_KEPT, 100))
    assert testing.reallocated_at == 0.0


@given(cuts=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=6))
def test_runs_always_say_the_shares(cuts: list[tuple[int, int]]):
    """Through any sequence of reallocations and of arms taken out."""
    testing = OPENED
    for one, other in cuts:
        low, high = sorted((one, other))
        testing = testing.shared({"blue": low, "a": high - low, "b": 100 - high})
        widths = dict.fromkeys(testing.shares, 0)
        for slot, width in testing.runs:
            widths[slot] += width
        assert widths == dict(testing.shares)
        assert ABTraffic.from_json(json.loads(json.dumps(testing.to_json()))) == testing


@given(live=st.sampled_from(list(Slot)), challengers=st.integers(1, 9))
def test_idle_arms_follow_from_the_live_slot(live: Slot, challengers: int):
    """As many as there are challengers, none of them live, in the order of their names."""
    found = idle_slots(live, challengers=challengers)
    assert len(found) == challengers
    assert live not in found
    assert list(found) == sorted(found)
    assert set(found) <= set(ARMS)


def test_a_slot_that_is_no_arm_takes_turns_with_the_other():
    """An arm that is live gives way to blue."""
    assert [slot.other for slot in PAIR] == list(reversed(PAIR))
    assert {slot.other for slot in ARMS} == {Slot.BLUE}
    assert first_slot(PAIR) is Slot.BLUE
    assert first_slot(ARMS[:3]) is Slot.A
