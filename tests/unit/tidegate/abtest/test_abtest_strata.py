"""Strata: cut by interval, split and delay bucket; conversions among those still at risk."""

import json

import pytest

from tidegate.abtest.at_risk import OpenCohorts, conversion_closings
from tidegate.abtest.plan import ABPlan, Better, Measure
from tidegate.abtest.strata import Closing, Stratum, labelled_closings
from tidegate.errors import InvalidValueError
from tidegate.observation import Observation, ObservationKey, OutcomeCounts

LABELLED = ABPlan(arms=("blue", "green"), control="blue", horizon_requests=10_000)
CONVERSIONS = ABPlan(
    arms=("blue", "green"),
    control="blue",
    horizon_requests=10_000,
    measure=Measure.CONVERSIONS,
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
    closings = labelled_closings(
        LABELLED,
        [
            seen(3, "green", 20, b0=(9, 3)),
            seen(3, "blue", 20, b0=(10, 4)),
            seen(2, "blue", b3=(5, 1)),
            seen(2, "green", b3=(6, 0)),
        ],
    )
    assert [closing.at for closing in closings] == [3, 5]
    assert closings[0].requests == [20, 20]
    assert closings[0].drawn == {1: [20, 20]}
    assert closings[0].compared == [Stratum(trials=(10, 9), goods=(6, 6))]
    assert closings[1].compared == [Stratum(trials=(5, 6), goods=(4, 6))]


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
    (closing,) = labelled_closings(LABELLED, [settling])
    assert closing.requests == [7, 0]
    assert closing.drawn == {}
    assert closing.compared == []


def walk(*looks: list[Observation]) -> tuple[OpenCohorts, list[Closing]]:
    """The cohorts after these looks, and all that closed."""
    state, closings = OpenCohorts(), []
    for look in looks:
        state, closed = conversion_closings(CONVERSIONS, state, look)
        closings += closed
    return state, closings


SERVED = [seen(10, "blue", 100, b0=(5, 0)), seen(10, "green", 50, b0=(4, 0))]


def test_conversions_are_compared_among_requests_that_have_not_converted_before():
    """In each delay bucket the earlier ones are no longer at risk."""
    _, closings = walk(SERVED, [seen(10, "blue", b1=(3, 0))], [seen(10, "green", b2=(2, 0))])
    assert [closing.compared for closing in closings] == [
        [Stratum(trials=(100, 50), goods=(5, 4))],
        [Stratum(trials=(95, 46), goods=(3, 0))],
        [Stratum(trials=(92, 46), goods=(0, 2))],
    ]


def test_cohort_is_settled_when_its_outcome_window_closes():
    """Then those that did not convert are known, and nothing of it is kept."""
    state, closings = walk(SERVED, [seen(10, "blue", b1=(3, 0))], [seen(14, "blue", 1)])
    assert [closing.at for closing in closings] == [10, 11, 12, 13, 14]
    assert closings[-1].settled == [Stratum(trials=(100, 50), goods=(8, 4))]
    assert [cohort.interval for cohort in state.cohorts] == [14]


def test_silent_buckets_tell_assignment_that_nobody_converted():
    """At risk without an event is experience too."""
    _, closings = walk(SERVED, [seen(12, "blue", 1)])
    told = [(item.bucket, item.trials, item.events) for item in closings[1].learnt]
    assert told == [(1, (95, 46), (0, 0))]


def test_same_looks_at_once_or_one_by_one():
    """The cohorts and what closed do not depend on when one looked."""
    looks = [SERVED, [seen(10, "blue", b1=(3, 0))], [seen(13, "green", 9, b0=(1, 0))]]
    assert walk(*looks) == walk([item for look in looks for item in look])


def test_interval_that_was_closed_before_is_exposure_only():
    """A slot that comes a look too late is not compared."""
    _, closings = walk(SERVED, [seen(11, "blue", 5), seen(10, "green", 30, b0=(1, 0))])
    assert closings[1].requests == [5, 30]
    assert closings[1].drawn == {1: [5, 0]}


def test_more_conversions_than_requests_at_risk_are_refused():
    """The numbers are named."""
    with pytest.raises(InvalidValueError, match="requests at risk: each request converts once"):
        walk([seen(10, "blue", 3, b0=(4, 0))])


def test_nothing_seen_changes_nothing():
    """An empty look."""
    assert conversion_closings(CONVERSIONS, OpenCohorts(), []) == (OpenCohorts(), [])


def test_open_cohorts_survive_json():
    """What is read back is what was written."""
    state, _ = walk(SERVED, [seen(11, "blue", 5)])
    assert len(state.cohorts) == 2
    assert OpenCohorts.from_json(json.loads(json.dumps(state.to_json()))) == state
    assert OpenCohorts.from_json(OpenCohorts().to_json()) == OpenCohorts()


def test_a_day_of_open_intervals_fits_the_state():
    """1 440 cohorts of two arms take a few kilobytes."""
    day = ABPlan(
        arms=("blue", "green"),
        control="blue",
        horizon_requests=10_000,
        measure=Measure.CONVERSIONS,
    )
    state = OpenCohorts()
    for at in range(1_440):
        look = [seen(at, "blue", 500 + at % 7, b0=(50, 0)), seen(at, "green", 490, b0=(40, 0))]
        state, _ = conversion_closings(day, state, look)
    assert len(state.cohorts) == 1_440
    assert len(json.dumps(state.to_json())) < 15_000
