"""Strata: cut by interval, split and delay bucket; conversions among those still at risk."""

import pytest

from tidegate.abtest.plan import ABPlan, Better
from tidegate.abtest.strata import Closing, Stratum, closings
from tidegate.closing import closed
from tidegate.errors import InvalidValueError
from tidegate.observation import Observation, ObservationKey, OutcomeCounts, OutcomeKind

LABELLED = ABPlan(arms=("blue", "green"), control="blue", horizon_requests=10_000)
CONVERSIONS = ABPlan(
    arms=("blue", "green"),
    control="blue",
    horizon_requests=10_000,
    kind=OutcomeKind.CONVERSIONS,
    outcome_window_seconds=240,
)


def seen(interval: int, slot: str, requests: int = 0, **buckets: tuple[int, int]) -> Observation:
    """An increment under split 1; `b0=(5, 2)` are five outcomes of bucket 0, two of them wrong."""
    return Observation(
        key=ObservationKey(release_id="r", interval=interval, split_version=1, slot=slot),
        requests=requests,
        outcomes={
            int(name[1:]): OutcomeCounts(known=known, wrong=wrong)
            for name, (known, wrong) in buckets.items()
        },
    )


def test_labelled_outcomes_are_compared_bucket_by_bucket_in_order_of_closing():
    """What was served later and known at once comes before what was known late."""
    found = closings(
        LABELLED,
        [
            seen(3, "green", 20, b0=(9, 3)),
            seen(3, "blue", 20, b0=(10, 4)),
            seen(2, "blue", b3=(5, 1)),
            seen(2, "green", b3=(6, 0)),
        ],
    )
    assert [closing.at for closing in found] == [3, 5]
    assert found[0].requests == [20, 20]
    assert found[0].drawn == {1: [20, 20]}
    assert found[0].compared == [Stratum(trials=(10, 9), goods=(6, 6))]
    assert found[1].compared == [Stratum(trials=(5, 6), goods=(4, 6))]


def test_smaller_is_better_counts_what_did_not_happen():
    """Good trials are those without the event."""
    stratum = Stratum.of(
        ABPlan(arms=("blue", "green"), control="blue", horizon_requests=100, better=Better.SMALLER),
        (10, 8),
        (3, 1),
    )
    assert stratum == Stratum(trials=(10, 8), goods=(7, 7))


def test_requests_under_a_changing_split_are_exposure_and_no_evidence():
    """They are counted, and compared nowhere."""
    settling = Observation(
        key=ObservationKey(release_id="r", interval=1, split_version=1, slot="blue"),
        requests=7,
        outcomes={0: OutcomeCounts(known=7, wrong=1)},
        evidence=False,
    )
    (closing,) = closings(LABELLED, [settling])
    assert closing.requests == [7, 0]
    assert closing.drawn == {}
    assert closing.compared == []


def event_closings(*counters: Observation, through: int) -> list[Closing]:
    """What these counters come to, closed one interval at a time."""
    increments = [
        item
        for at in range(through + 1)
        for item in closed(
            counters,
            after=at - 1,
            through=at,
            outcome_window_seconds=CONVERSIONS.outcome_window_seconds,
            kind=CONVERSIONS.kind,
        )
    ]
    return closings(CONVERSIONS, increments)


BLUE = seen(10, "blue", 100, b0=(5, 0), b1=(3, 0))
GREEN = seen(10, "green", 50, b0=(4, 0), b2=(2, 0))


def test_conversions_are_compared_among_requests_that_have_not_converted_before():
    """In each delay bucket the earlier ones are no longer at risk."""
    found = event_closings(BLUE, GREEN, through=12)
    assert [closing.at for closing in found] == [10, 11, 12]
    assert [closing.compared for closing in found] == [
        [Stratum(trials=(100, 50), goods=(5, 4))],
        [Stratum(trials=(95, 46), goods=(3, 0))],
        [Stratum(trials=(92, 46), goods=(0, 2))],
    ]


def test_interval_is_settled_when_its_outcome_window_closes():
    """Then those that did not convert are known."""
    found = event_closings(BLUE, GREEN, through=14)
    assert [closing.settled for closing in found[:-1]] == [[]] * (len(found) - 1)
    assert found[-1].at == 14
    assert found[-1].settled == [Stratum(trials=(100, 50), goods=(8, 6))]


def test_silent_buckets_tell_assignment_that_nobody_converted():
    """At risk without an event is experience too."""
    found = event_closings(BLUE, GREEN, through=13)
    told = [(item.bucket, item.trials, item.events) for item in found[3].learnt]
    assert told == [(3, (92, 44), (0, 0))]


def test_events_without_those_at_risk_are_refused():
    """Counters that were not closed have no sets at risk."""
    with pytest.raises(InvalidValueError, match="increments must be closed with kind conversions"):
        closings(CONVERSIONS, [BLUE, GREEN])
