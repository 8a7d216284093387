"""Strata: what is compared with what."""

import math
import random
import statistics
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import InvalidValueError
from tidegate.judge.strata import (
    Comparison,
    ServingStratum,
    Table,
    faults_of,
    serving_strata,
)
from tidegate.observation import (
    MaturedCounts,
    Observation,
    ObservationKey,
    OutcomeCounts,
    Unit,
)

SLOTS = Comparison(live="blue", candidate="green")


def seen(slot: str, interval: int = 7, split: int = 1, **counts: Any) -> Observation:
    """An increment of one slot."""
    key = ObservationKey(release_id="r", interval=interval, split_version=split, slot=slot)
    return Observation(key=key, **counts)


def test_errors_count_one_by_one_where_clients_were_not_counted():
    """None is no count, zero is one: all of its errors are of clients that failed before."""
    [stratum] = serving_strata(
        [
            seen("green", requests=9, errors=5),
            seen("blue", requests=90, errors=4, clients_with_errors=0),
        ],
        SLOTS,
    )
    assert (stratum.clients.candidate_events, stratum.clients.live_events) == (5, 0)


def test_clients_with_errors_are_compared_among_requests():
    """Beside the errors, and added up over increments as they are."""
    items = [
        seen("green", requests=9, errors=5, clients_with_errors=1),
        seen("green", requests=3, errors=2, clients_with_errors=2),
        seen("blue", requests=90, errors=4, clients_with_errors=4),
    ]
    (stratum,) = serving_strata(items, SLOTS)
    table = stratum.clients
    assert (table.candidate_trials, table.candidate_events) == (12, 3)
    assert (table.live_trials, table.live_events) == (90, 4)
    assert stratum.errors.candidate_events == 7


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
            seen("blue", outcomes={99: OutcomeCounts(known=1, at_risk=-1)}),
            seen("blue", requests=3, errors=1, clients_with_errors=2),
            seen("blue", matured=MaturedCounts(answered=1, events=2)),
        ]
    )
    assert len(faults) == 7
    assert "slot green, interval 7" in faults[0]


def test_units_are_never_mixed_in_one_look():
    """A user and a request are not the same trial, whichever slot or interval they are of."""
    items = [
        seen("green", requests=1),
        seen("blue", 8, requests=1, unit=Unit.USER),
        seen("blue", 9, requests=1),
    ]
    (fault,) = faults_of(items)
    assert "release r: one look has counts by request and by user" in fault
    assert faults_of([items[0], items[2]]) == ()


def clumped(seed: int) -> ServingStratum:
    """One interval of a harmless release at even shares: a client that fails does so five times."""
    rng = random.Random(seed)  # noqa: S311 - seeded so that it can be repeated
    slots = {"green": [0, 0], "blue": [0, 0]}
    for _ in range(400):
        served = slots[rng.choice(("green", "blue"))]
        served[1 if rng.random() < 0.03 else 0] += 1
    (stratum,) = serving_strata(
        [
            seen(slot, requests=fine + 5 * bad, errors=5 * bad, clients_with_errors=bad)
            for slot, (fine, bad) in slots.items()
        ],
        SLOTS,
    )
    return stratum


def bet(table: Table, odds: float) -> float:
    """What a bet on this odds ratio pays: its likelihood against that of no difference."""
    ways = [
        math.comb(table.candidate_trials, x) * math.comb(table.live_trials, table.events - x)
        for x in range(table.events + 1)
    ]
    return float(odds**table.candidate_events * sum(ways)) / math.fsum(
        way * odds**x for x, way in enumerate(ways)
    )


def test_errors_in_clumps_are_told_apart_from_clients_that_fail():
    """A fair bet pays 1 on average: on clients it pays no more, on errors far more."""
    strata = [clumped(seed) for seed in range(2_000)]
    by_client = [bet(stratum.clients, 1.5) for stratum in strata]
    by_request = [bet(stratum.errors, 1.5) for stratum in strata]
    assert statistics.fmean(by_client) < 1 + 4 * statistics.stdev(by_client) / math.sqrt(2_000)
    assert statistics.fmean(by_request) > 1.5


def test_comparison_with_itself_is_refused():
    """A slot cannot be compared with itself."""
    with pytest.raises(InvalidValueError, match="needs two slots"):
        Comparison(live="blue", candidate="blue")
