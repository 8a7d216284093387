"""Tables of outcomes: harm at once among those at risk, safety when the window has passed."""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.closing import closed
from tidegate.errors import InvalidValueError
from tidegate.judge import safe
from tidegate.judge.outcome_tables import OutcomeTables, outcome_tables
from tidegate.judge.strata import Comparison, Table
from tidegate.observation import (
    MaturedCounts,
    Observation,
    ObservationKey,
    OutcomeCounts,
    OutcomeKind,
    delay_bucket,
    last_delay,
)

SLOTS = Comparison(live="blue", candidate="green")
WINDOW = 60
LOOKS = 80


def seen(slot: str, interval: int = 7, split: int = 1, **counts: Any) -> Observation:
    """An increment of one slot."""
    key = ObservationKey(release_id="r", interval=interval, split_version=split, slot=slot)
    return Observation(key=key, **counts)


def tables(items: Iterable[Observation], kind: OutcomeKind) -> OutcomeTables:
    """The tables of these increments."""
    return outcome_tables(list(items), SLOTS, kind=kind, window_intervals=WINDOW)


def numbers(table: Table) -> tuple[int, int, int, int]:
    """Candidate's trials and events, live trials and events."""
    return (
        table.candidate_trials,
        table.candidate_events,
        table.live_trials,
        table.live_events,
    )


LABELLED = [
    seen("green", 7, requests=2, outcomes={1: OutcomeCounts(known=2, wrong=1)}),
    seen("green", 7, outcomes={1: OutcomeCounts(known=3)}),
    seen("blue", 7, outcomes={1: OutcomeCounts(known=9, wrong=2)}),
    seen("blue", 6, outcomes={2: OutcomeCounts(known=5, wrong=1)}),
    seen("blue", 6, 2, outcomes={2: OutcomeCounts(known=4, wrong=1)}),
    replace(seen("blue", 6, outcomes={2: OutcomeCounts(known=4, wrong=1)}), evidence=False),
]


@given(order=st.permutations(range(len(LABELLED))))
def test_labels_are_compared_among_those_known_for_both_claims(order: list[int]):
    """What closes together under one split is one table, whatever order increments come in."""
    items = [LABELLED[i] for i in order]
    harm, safety = tables(items, OutcomeKind.LABELS)
    assert harm == safety
    assert [numbers(t) for t in harm] == [(5, 1, 14, 3), (0, 0, 4, 1)]


def test_tables_come_in_the_order_in_which_they_became_final():
    """An earlier interval's late bucket closes after a later interval's early one."""
    late, early = OutcomeCounts(known=9, wrong=9), OutcomeCounts(known=5)
    items = [seen("green", 7, outcomes={3: late}), seen("green", 8, outcomes={0: early})]
    harm, _ = tables(items, OutcomeKind.LABELS)
    assert [table.candidate_trials for table in harm] == [5, 9]


EVENTS = [
    seen("green", outcomes={1: OutcomeCounts(known=2, wrong=2, at_risk=10)}),
    seen("blue", outcomes={1: OutcomeCounts(at_risk=30)}),
    seen("green", 5, matured=MaturedCounts(answered=9, events=4)),
    seen("blue", 5, matured=MaturedCounts(answered=20, events=5)),
]


@given(order=st.permutations(range(len(EVENTS))))
def test_complaints_are_harm_among_those_at_risk_and_within_the_window(order: list[int]):
    """One stream for harm, which does not wait, and one for safety, which does."""
    harm, safety = tables([EVENTS[i] for i in order], OutcomeKind.COMPLAINTS)
    assert [numbers(t) for t in harm] == [(10, 2, 30, 0)]
    assert [numbers(t) for t in safety] == [(9, 4, 20, 5)]


def test_of_conversions_those_that_did_not_come_are_harm():
    """In a bucket among those at risk, and in a window among those answered."""
    goods = [
        replace(item, outcomes={b: replace(c, wrong=0) for b, c in item.outcomes.items()})
        for item in EVENTS
    ]
    harm, safety = tables(goods, OutcomeKind.CONVERSIONS)
    assert [numbers(t) for t in harm] == [(10, 8, 30, 30)]
    assert [numbers(t) for t in safety] == [(9, 5, 20, 15)]


def test_requests_of_a_changing_split_prove_nothing():
    """Neither of harm nor of safety."""
    found = tables([replace(item, evidence=False) for item in EVENTS], OutcomeKind.COMPLAINTS)
    assert found == ((), ())


def test_more_events_than_requests_at_risk_are_all_named():
    """Increments that were closed as labels have nobody at risk."""
    items = [
        seen(slot, outcomes={3: OutcomeCounts(known=2, wrong=2, at_risk=n)})
        for slot, n in (("blue", 0), ("green", 1))
    ]
    with pytest.raises(InvalidValueError) as refusal:
        tables(items, OutcomeKind.COMPLAINTS)
    assert len(refusal.value.faults) == 2
    assert "slot blue, interval 7, split 1: delay bucket 3 has 2 events of 0" in str(refusal.value)


def law(table: Table, odds: float) -> dict[int, float]:
    """Fisher's law of the candidate's events, by the definition."""
    weights = {
        x: math.comb(table.candidate_trials, x)
        * math.comb(table.live_trials, table.events - x)
        * odds**x
        for x in range(table.events + 1)
        if x <= table.candidate_trials and table.events - x <= table.live_trials
    }
    total = math.fsum(weights.values())
    return {x: weight / total for x, weight in weights.items()}


@pytest.mark.parametrize("odds", [1.0, 1.5, 14.0])
def test_a_table_of_conversions_that_did_not_come_is_the_mirror_of_those_that_came(odds: float):
    """Bets on more of the former are bets on fewer of the latter, for every possible table."""
    for n, m in product(range(1, 6), repeat=2):
        for x, y in product(range(n + 1), range(m + 1)):
            came = Table(candidate_trials=n, candidate_events=x, live_trials=m, live_events=y)
            ((missed,), _) = tables(
                [
                    seen("green", outcomes={0: OutcomeCounts(known=x, at_risk=n)}),
                    seen("blue", outcomes={0: OutcomeCounts(known=y, at_risk=m)}),
                ],
                OutcomeKind.CONVERSIONS,
            )
            assert law(missed, odds)[n - x] == pytest.approx(law(came, 1 / odds)[x])


def rate_at(interval: int) -> float:
    """A conversion rate that triples while the candidate's share grows."""
    return 0.10 + 0.20 * interval / LOOKS


def share_at(interval: int) -> float:
    """The candidate's share: a ramp."""
    return 0.05 if interval < 30 else 0.5


def world(seed: int, *, lost: float = 0.0) -> list[Observation]:
    """Counters of a release: conversions come late, their rate drifts, shares grow.

    Of the candidate's conversions a share is lost.
    """
    rng = random.Random(seed)  # noqa: S311 - seeded so that it can be repeated
    served = []
    for interval in range(LOOKS):
        requests = dict.fromkeys(("blue", "green"), 0)
        came: dict[str, dict[int, OutcomeCounts]] = {"blue": {}, "green": {}}
        for _ in range(60):
            slot = "green" if rng.random() < share_at(interval) else "blue"
            requests[slot] += 1
            delay = int(rng.expovariate(1 / 15))
            rate = rate_at(interval) * (1 - lost if slot == "green" else 1)
            if rng.random() < rate and delay <= WINDOW:
                known = came[slot].get(delay_bucket(delay), OutcomeCounts())
                came[slot][delay_bucket(delay)] = known + OutcomeCounts(known=1)
        split = 1 if interval < 30 else 2
        served += [
            seen(slot, interval, split, requests=requests[slot], outcomes=came[slot])
            for slot in requests
        ]
    return served


def increments(known: list[Observation], kind: OutcomeKind) -> tuple[Observation, ...]:
    """All that is closed when all windows have passed."""
    return closed(
        known, after=-1, through=LOOKS + WINDOW, outcome_window_seconds=60 * WINDOW, kind=kind
    )


def standardised(
    cut: Callable[[list[Observation]], Iterable[Table]], releases: int
) -> tuple[float, float]:
    """The candidate's surplus of events over what chance says: mean over its error, and variance.

    Both are over the sums of whole releases; the variance is divided by that of sampling without
    replacement.
    """
    surplus = variance = squares = 0.0
    for seed in range(releases):
        release = 0.0
        for t in cut(world(seed)):
            if not t.informative:
                continue
            share = t.candidate_trials / t.trials
            release += t.candidate_events - t.events * share
            spread = t.events * share * (1 - share) * (t.trials - t.events)
            variance += spread / (t.trials - 1)
        surplus += release
        squares += release**2
    return surplus / math.sqrt(variance), squares / variance


def harm_tables(known: list[Observation]) -> Iterable[Table]:
    """What the judge compares."""
    conversions = OutcomeKind.CONVERSIONS
    return tables(increments(known, conversions), conversions)[0]


def safety_tables(known: list[Observation]) -> Iterable[Table]:
    """What safety is judged by."""
    conversions = OutcomeKind.CONVERSIONS
    return tables(increments(known, conversions), conversions)[1]


def tables_of_what_came(known: list[Observation]) -> Iterator[Table]:
    """The tempting way: in each look the requests served against the conversions that came."""
    served: Counter[tuple[int, str]] = Counter()
    came: Counter[tuple[int, str]] = Counter()
    for o in known:
        served[o.key.interval, o.key.slot] += o.requests
        for bucket, counts in o.outcomes.items():
            look = o.key.interval + last_delay(bucket, window_intervals=WINDOW)
            came[look, o.key.slot] += counts.known
    for look in range(LOOKS):
        candidate, live = (look, SLOTS.candidate), (look, SLOTS.live)
        yield Table(
            candidate_trials=served[candidate],
            candidate_events=served[candidate] - came[candidate],
            live_trials=served[live],
            live_events=served[live] - came[live],
        )


RELEASES = 60


@pytest.mark.parametrize("cut", [harm_tables, safety_tables])
def test_without_a_difference_tables_are_samples_without_replacement(
    cut: Callable[[list[Observation]], Iterable[Table]],
):
    """Mean and variance are the hypergeometric law's, under delays, drift and a ramp of shares."""
    surplus, variance = standardised(cut, RELEASES)
    # Four standard errors: of a standard normal, and of the mean square of 60 of them.
    assert abs(surplus) < 4
    assert abs(variance - 1) < 4 * math.sqrt(2 / RELEASES)


def test_counting_what_came_against_what_was_served_would_blame_a_harmless_candidate():
    """Its conversions have not come yet when its share grows: why there are sets at risk."""
    surplus, _ = standardised(tables_of_what_came, RELEASES)
    assert surplus > 8


def test_labels_by_delay_bucket_would_say_nothing_of_conversions():
    """Everything that is known converted: there is nothing to compare."""
    known = increments(world(1), OutcomeKind.LABELS)
    assert not any(t.informative for t in tables(known, OutcomeKind.LABELS)[0])


def is_called_safe(cut: Iterable[Table], margin: float) -> bool:
    """Whether the claim of harm by the margin is ever refused at 5 %, by a bet on no harm."""
    evidence, proven = 0.0, False
    for table in cut:
        evidence = safe.update(evidence, table, rates=(0.8, 0.8), margin=margin)
        proven = proven or evidence >= math.log(20)
    return proven


def test_the_margin_is_about_the_whole_window():
    """Windows refuse a claim that is true as rarely as agreed; delay buckets would always do so."""
    # A quarter of the conversions lost is at least 2.4 points of those served in any interval.
    worlds = [world(seed, lost=0.25) for seed in range(RELEASES)]
    assert sum(is_called_safe(safety_tables(known), 0.024) for known in worlds) <= 0.05 * RELEASES
    assert all(is_called_safe(harm_tables(known), 0.024) for known in worlds[:5])
    harmless = [world(seed) for seed in range(10)]
    assert sum(is_called_safe(safety_tables(known), 0.10) for known in harmless) >= 8
