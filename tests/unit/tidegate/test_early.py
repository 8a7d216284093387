"""Early looks give parts of open intervals, fair to compare, and closing gives the rest."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.closing import closed, without
from tidegate.early import LEAST_ERRORS, Missing, Watched, early, given_after, unchanged
from tidegate.errors import InvalidValueError
from tidegate.intervals import (
    EARLY_LOOK_SECONDS,
    interval_of,
    seconds_until_close,
    seconds_until_look,
)
from tidegate.observation import Observation, ObservationKey, OutcomeCounts

WATCHED = Watched(live="blue", candidate="green", split_version=3, candidate_share=10)


def counter(slot: str, requests: int, errors: int = 0, **changes: Any) -> Observation:
    """What is known of a slot in interval 100 under the watched split."""
    key = ObservationKey(
        release_id="r",
        interval=changes.pop("interval", 100),
        split_version=changes.pop("split_version", 3),
        slot=slot,
    )
    fields = {"clients_with_errors": errors, **changes}
    return Observation(key=key, requests=requests, errors=errors, **fields)


def pair(live: tuple[int, int], candidate: tuple[int, int], **changes: Any) -> list[Observation]:
    """Requests and errors of both slots."""
    return [counter("blue", *live, **changes), counter("green", *candidate, **changes)]


def part(
    counters: Iterable[Observation],
    before: Iterable[Observation] = (),
    watched: Watched = WATCHED,
) -> tuple[Observation, ...]:
    """What an early look would give."""
    found = early(counters, before, watched=watched)
    return () if found is None else found.observations


def counts(observations: Iterable[Observation]) -> list[tuple[str, int, int]]:
    """Slot, requests and errors of each."""
    return [(o.key.slot, o.requests, o.errors) for o in observations]


def test_a_part_of_an_open_interval_is_given_of_both_slots():
    """What the candidate failed at, and what both were asked."""
    assert counts(part(pair((36, 0), (4, 4)))) == [
        ("blue", 36, 0),
        ("green", 4, 4),
    ]


def test_what_was_given_is_not_given_again():
    """The next part is what came since."""
    before = part(pair((36, 0), (4, 4)))
    later = part(pair((70, 1), (9, 7)), before)
    assert counts(later) == [("blue", 34, 1), ("green", 5, 3)]


def test_latencies_and_outcomes_wait_for_the_closing():
    """Lines of slow requests come last: a part would have too few of them."""
    known = [
        replace(o, latency={20: 4}, outcomes={0: OutcomeCounts(known=1)})
        for o in pair((36, 0), (4, 4))
    ]
    found = part(known)
    assert [(o.latency, o.outcomes) for o in found] == [({}, {}), ({}, {})]


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(pair((36, 0), (4, LEAST_ERRORS - 1)), id="too few errors"),
        pytest.param([counter("green", 4, 4)], id="nothing of the live slot"),
        pytest.param([counter("blue", 40, 4)], id="nothing of the candidate"),
        pytest.param(pair((0, 0), (4, 4)), id="no request of the live slot"),
        pytest.param(pair((36, 4), (0, 0)), id="no request of the candidate"),
        pytest.param(pair((36, 0), (4, 4), evidence=False), id="while the split was changing"),
        pytest.param(pair((36, 0), (4, 4), split_version=2), id="under another split"),
    ],
)
def test_what_cannot_be_compared_or_proves_nothing_waits_for_the_closing(
    known: list[Observation],
):
    """No look is written, and nothing of it is used up."""
    assert part(known) == ()


def test_requests_of_no_slot_are_not_given():
    """Nobody's errors are exposure, told by closing."""
    known = [*pair((36, 0), (4, 4)), counter("unknown", 9, 9)]
    assert [o.key.slot for o in part(known)] == ["blue", "green"]


def test_a_candidate_whose_successes_are_still_under_way_is_not_blamed_for_its_errors():
    """Its fast errors were logged, its slow successes not yet: it has too few requests."""
    slow = pair((1_800, 36), (4, 4))
    assert part(slow) == ()
    caught_up = pair((1_800, 36), (190, 4))
    assert part(caught_up) != ()


def test_what_is_missing_adds_up_over_the_release():
    """Each part by itself could be chance, all of them together are not: the last one waits."""
    watched, given_looks = WATCHED, 0
    for interval in range(100, 110):
        found = early(pair((185, 4), (17, 0), interval=interval), (), watched=watched)
        if found is not None:
            given_looks += 1
            watched = replace(watched, missing=found.missing)
    assert 0 < given_looks < 5
    assert watched.missing.requests == pytest.approx(given_looks * (202 * 0.1 - 17))
    assert watched.missing.variance == pytest.approx(given_looks * 202 * 0.09)
    assert early(pair((185, 4), (30, 0)), (), watched=watched) is not None


def test_nothing_is_missing_of_nothing():
    """A release begins without a grudge."""
    assert Missing().within(0)


@given(
    requests=st.tuples(st.integers(1, 500), st.integers(1, 500)),
    errors=st.integers(0, 40),
    share=st.integers(1, 99),
    data=st.data(),
)
def test_whether_to_look_depends_on_totals_only(
    requests: tuple[int, int], errors: int, share: int, data: st.DataObject
):
    """However the errors of both slots fell, a look is taken or is not."""
    live, candidate = requests
    errors = min(errors, live, candidate)
    fell = data.draw(st.integers(0, errors))
    watched = replace(WATCHED, candidate_share=share)
    one = part(pair((live, errors), (candidate, 0)), (), watched)
    other = part(pair((live, errors - fell), (candidate, fell)), (), watched)
    assert [o.requests for o in one] == [o.requests for o in other]


def test_a_candidate_that_has_everything_is_given_alone():
    """There is nothing to compare it with, and so nothing that could be missing."""
    watched = replace(WATCHED, candidate_share=100)
    found = early([counter(WATCHED.candidate, 12, 2)], (), watched=watched)
    assert found is not None
    assert counts(found.observations) == [(WATCHED.candidate, 12, 2)]
    assert found.missing == watched.missing
    assert early([counter(WATCHED.candidate, 12, 1)], (), watched=watched) is None
    assert early(pair((3, 0), (12, 2)), (), watched=watched) is None


def test_only_pieces_that_stood_still_between_two_reads_are_of_one_moment():
    """A batch that came in between is left for the next look, with all slots of its interval."""
    before = [*pair((36, 0), (4, 4)), *pair((9, 0), (1, 0), interval=101)]
    moved = [*pair((36, 0), (5, 5)), *pair((9, 0), (1, 0), interval=101)]
    assert counts(unchanged(before, moved)) == [("blue", 9, 0), ("green", 1, 0)]
    assert unchanged(before[:1], before[:2]) == ()


def test_outcomes_that_come_between_two_reads_move_nothing():
    """They are not what is compared."""
    before = pair((36, 0), (4, 4))
    later = [replace(o, outcomes={0: OutcomeCounts(known=1)}) for o in before]
    assert unchanged(before, later) == tuple(later)


def test_counters_that_became_smaller_are_refused():
    """A difference below zero would be no evidence of anything."""
    given_then, now = counter("green", 10, 2), counter("green", 9, 2)
    with pytest.raises(InvalidValueError, match=r"10 requests, 2 errors.* 9 requests"):
        without(now, given_then)


@dataclass(frozen=True)
class Line:
    """One request as the log tells of it."""

    interval: int
    slot: str
    failed: bool
    client: int


LINES = st.lists(
    st.builds(
        Line,
        interval=st.integers(100, 102),
        slot=st.sampled_from(["blue", "green"]),
        failed=st.booleans(),
        client=st.integers(1, 4),
    ),
    max_size=60,
)


def counted(lines: Iterable[Line]) -> list[Observation]:
    """What counters say once these lines came, in whatever order."""
    by_key: dict[tuple[int, str], list[Line]] = {}
    for line in lines:
        by_key.setdefault((line.interval, line.slot), []).append(line)
    return [
        counter(
            slot,
            len(of),
            sum(line.failed for line in of),
            interval=interval,
            clients_with_errors=len({line.client for line in of if line.failed}),
            latency={20: sum(not line.failed for line in of)},
        )
        for (interval, slot), of in sorted(by_key.items())
    ]


def total(observations: Iterable[Observation]) -> dict[ObservationKey, tuple[int, ...]]:
    """Requests, errors, clients and latencies of each key, over all increments."""
    found: dict[ObservationKey, tuple[int, ...]] = {}
    for o in observations:
        latencies = sum(o.latency.values())
        one = (o.requests, o.errors, o.clients_with_errors, latencies)
        found[o.key] = tuple(map(sum, zip(found.get(o.key, (0, 0, 0, 0)), one, strict=True)))
    return found


@given(lines=LINES, share=st.integers(1, 60), data=st.data())
def test_however_lines_arrive_every_count_is_given_once(
    lines: list[Line], share: int, data: st.DataObject
):
    """Early looks at any moments and closings in between add up to what was known at closing."""
    arriving = data.draw(st.permutations(lines))
    moments = data.draw(st.lists(st.integers(0, len(lines)), max_size=8).map(sorted))
    watched = replace(WATCHED, candidate_share=share)
    increments: list[Observation] = []
    known_at_closing: dict[ObservationKey, tuple[int, ...]] = {}
    given_by_now: tuple[Observation, ...] = ()
    through = 99
    for moment in (*moments, len(lines)):
        known = counted(arriving[:moment])
        parts = part([o for o in known if o.key.interval > through], given_by_now, watched)
        given_by_now = given_after(given_by_now, parts, through=through)
        until = data.draw(st.integers(through, 102)) if moment < len(lines) else 102
        rest = closed(
            known, after=through, through=until, outcome_window_seconds=60, given=given_by_now
        )
        known_at_closing |= total(o for o in known if through < o.key.interval <= until)
        given_by_now = given_after(given_by_now, (), through=until)
        through = until
        increments += [*parts, *rest]
    assert total(increments) == known_at_closing
    assert given_by_now == ()
    for o in increments:
        assert 0 <= o.clients_with_errors <= o.errors <= o.requests


@given(now=st.floats(1e6, 2e9), lag=st.integers(0, 3_600))
def test_no_wait_for_a_look_is_long_or_passes_a_closing(now: float, lag: int):
    """Nor are there more of them than an interval has parts."""
    waits, left = 0, seconds_until_close(now, lag_seconds=lag)
    closes = interval_of(now + left - lag)
    while interval_of(now - lag) < closes:
        wait = seconds_until_look(now, lag_seconds=lag)
        assert 1 <= wait <= 1.5 * EARLY_LOOK_SECONDS
        now += wait
        waits += 1
    assert waits <= 5
    assert now - lag - closes * 60 < 2
