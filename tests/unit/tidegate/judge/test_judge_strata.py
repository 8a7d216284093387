"""Strata: what is compared with what."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import InvalidValueError
from tidegate.judge.strata import Comparison, faults_of, outcome_strata, serving_strata
from tidegate.observation import Observation, ObservationKey, OutcomeCounts

SLOTS = Comparison(live="blue", candidate="green")


def seen(slot: str, interval: int = 7, split: int = 1, **counts: Any) -> Observation:
    """An increment of one slot."""
    key = ObservationKey(release_id="r", interval=interval, split_version=split, slot=slot)
    return Observation(key=key, **counts)


def test_intervals_and_splits_are_never_pooled():
    """Each interval under each split is a stratum of its own, in the order of time."""
    strata = serving_strata(
        [
            seen("green", 8, requests=3, errors=1),
            seen("blue", 8, requests=9),
            seen("green", 7, 2, requests=5),
            seen("blue", 7, 2, requests=5, errors=2),
            seen("blue", 7, 1, requests=20),
        ],
        SLOTS,
    )
    assert [(s.errors.live_trials, s.errors.candidate_trials) for s in strata] == [
        (20, 0),
        (5, 5),
        (9, 3),
    ]


@given(st.permutations(range(6)))
def test_order_of_increments_is_irrelevant(order: list[int]):
    """Increments add up to the same strata in any order."""
    items = [
        seen("green", 7, requests=3, errors=1, latency={10: 2}),
        seen("green", 7, requests=2, outcomes={1: OutcomeCounts(known=2, wrong=1)}),
        seen("blue", 7, requests=30, latency={9: 30}),
        seen("blue", 6, outcomes={2: OutcomeCounts(known=4, wrong=1)}),
        seen("green", 6, outcomes={2: OutcomeCounts(known=1)}),
        seen("blue", 8, requests=30),
    ]
    mixed = [items[i] for i in order]
    assert serving_strata(mixed, SLOTS) == serving_strata(items, SLOTS)
    assert outcome_strata(mixed, SLOTS, window_intervals=60) == outcome_strata(
        items, SLOTS, window_intervals=60
    )


def test_requests_of_a_changing_split_are_no_evidence():
    """Increments marked as such are in no table, but live latencies still say where to look."""
    changing = [
        replace(seen(slot, requests=10, errors=4, latency={12: 6}), evidence=False)
        for slot in ("blue", "green")
    ]
    (stratum,) = serving_strata(changing, SLOTS)
    assert stratum.errors.trials == 0
    assert stratum.slower_than(3, tolerated_buckets=0).trials == 0
    assert stratum.live_seen == {12: 6}


def test_outcomes_come_in_the_order_in_which_they_became_final():
    """An earlier interval's late bucket closes after a later interval's early one."""
    late = OutcomeCounts(known=9, wrong=9)
    early = OutcomeCounts(known=5, wrong=0)
    tables = outcome_strata(
        [seen("green", 7, outcomes={3: late}), seen("green", 8, outcomes={0: early})],
        SLOTS,
        window_intervals=60,
    )
    assert [table.candidate_trials for table in tables] == [5, 9]


def test_tolerated_slowdown_moves_the_candidate_edge_only():
    """The candidate's latencies count as slow only beyond the tolerance."""
    (stratum,) = serving_strata(
        [seen("green", latency={10: 1, 12: 1, 14: 1}), seen("blue", latency={10: 1, 12: 1, 14: 1})],
        SLOTS,
    )
    table = stratum.slower_than(11, tolerated_buckets=2)
    assert (table.live_events, table.candidate_events) == (2, 1)


def test_other_slots_are_not_compared():
    """Requests of an unknown slot are in no table."""
    (stratum,) = serving_strata([seen("unknown", requests=4, errors=4)], SLOTS)
    assert stratum.errors.trials == 0


def test_impossible_counts_are_all_named():
    """Every fault is reported, each with slot and interval."""
    faults = faults_of(
        [
            seen("green", requests=1, errors=2),
            seen("blue", latency={3: -1}, outcomes={0: OutcomeCounts(known=1, wrong=2)}),
            seen("blue", outcomes={99: OutcomeCounts(known=1)}),
        ]
    )
    assert len(faults) == 4
    assert "slot green, interval 7" in faults[0]


def test_comparison_with_itself_is_refused():
    """A slot cannot be compared with itself."""
    with pytest.raises(InvalidValueError, match="needs two slots"):
        Comparison(live="blue", candidate="blue")
