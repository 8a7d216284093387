"""Closing partitions the counters: every cell is given to the judge once, and none is lost."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from tidegate.closing import closed, matured_of, outcomes_of, window_intervals
from tidegate.intervals import INTERVAL_SECONDS, interval_of
from tidegate.observation import (
    DELAY_EDGES,
    MaturedCounts,
    Observation,
    ObservationKey,
    OutcomeCounts,
    OutcomeKind,
    delay_bucket,
    last_delay,
)

WINDOWS = st.integers(1, 400 * INTERVAL_SECONDS)
EVENTS = st.sampled_from([OutcomeKind.CONVERSIONS, OutcomeKind.COMPLAINTS])


@st.composite
def counters(draw: st.DrawFn) -> list[Observation]:
    """What is known of a release that served for a while."""
    keys = draw(
        st.sets(
            st.tuples(st.integers(100, 160), st.integers(1, 3), st.sampled_from(["blue", "green"])),
            max_size=8,
        )
    )
    return [
        Observation(
            key=ObservationKey(release_id="r", interval=i, split_version=v, slot=s),
            requests=draw(st.integers(0, 50)),
            latency=draw(st.dictionaries(st.integers(0, 76), st.integers(1, 9), max_size=3)),
            outcomes=draw(
                st.dictionaries(
                    st.integers(0, len(DELAY_EDGES) - 1),
                    st.builds(OutcomeCounts, known=st.integers(1, 9), wrong=st.just(0)),
                    max_size=4,
                )
            ),
            evidence=draw(st.booleans()),
        )
        for i, v, s in sorted(keys)
    ]


def cells(observations: Iterable[Observation]) -> list[tuple[object, ...]]:
    """Every count that is not zero, with what it counts."""
    found: list[tuple[object, ...]] = []
    for o in observations:
        found.extend((o.key, "latency", b, n) for b, n in o.latency.items())
        found.extend((o.key, "outcome", b, c) for b, c in o.outcomes.items())
        if o.matured != MaturedCounts():
            found.append((o.key, "matured", o.matured))
        if o.requests:
            found.append((o.key, "requests", o.requests, o.evidence))
    return sorted(found, key=repr)


def looked_at(
    known: Iterable[Observation], window: int, cuts: Iterable[int], kind: OutcomeKind
) -> list[Observation]:
    """All increments of looks that end at these intervals, and of one at the end of time."""
    increments: list[Observation] = []
    after = 90
    for through in (*sorted(cuts), 1_000):
        increments += closed(
            known, after=after, through=through, outcome_window_seconds=window, kind=kind
        )
        after = max(after, through)
    return increments


CUTS = st.lists(st.integers(95, 700), max_size=12)


@given(known=counters(), window=WINDOWS, cuts=CUTS)
def test_any_sequence_of_looks_gives_every_cell_once(
    known: list[Observation], window: int, cuts: list[int]
):
    """However often one looks, the increments together are the counters."""
    assert cells(looked_at(known, window, cuts, OutcomeKind.LABELS)) == cells(known)


@given(known=counters(), window=WINDOWS, cuts=CUTS, kind=EVENTS)
def test_any_sequence_of_looks_gives_who_was_at_risk_once(
    known: list[Observation], window: int, cuts: list[int], kind: OutcomeKind
):
    """Of event kinds the increments together are one batch, with every bucket of the window."""
    intervals = window_intervals(window)
    whole = [
        replace(
            o,
            outcomes=outcomes_of(o, kind=kind, window=intervals),
            matured=matured_of(o, kind=kind, window=intervals),
        )
        for o in known
    ]
    assert cells(looked_at(known, window, cuts, kind)) == cells(whole)


@dataclass(frozen=True)
class Request:
    """One request, and after how many intervals its event came, if one did."""

    interval: int
    slot: str
    failed: bool
    delay: int | None


requests = st.lists(
    st.builds(
        Request,
        interval=st.integers(100, 103),
        slot=st.sampled_from(["blue", "green"]),
        failed=st.booleans(),
        delay=st.one_of(st.none(), st.integers(0, 30)),
    ).map(lambda r: replace(r, delay=None) if r.failed else r),
    max_size=40,
)


def counted(served: Iterable[Request], kind: OutcomeKind, window: int) -> list[Observation]:
    """The counters of these requests; events beyond the window are refused."""
    lines: dict[tuple[int, str], Observation] = {}
    wrong = 1 if kind is OutcomeKind.COMPLAINTS else 0
    for request in served:
        at = (request.interval, request.slot)
        key = ObservationKey(release_id="r", interval=at[0], split_version=1, slot=at[1])
        known = lines.get(at, Observation(key=key))
        outcomes = dict(known.outcomes)
        if request.delay is not None and request.delay <= window:
            bucket = delay_bucket(request.delay)
            event = OutcomeCounts(known=1, wrong=wrong)
            outcomes[bucket] = outcomes.get(bucket, OutcomeCounts()) + event
        lines[at] = replace(
            known,
            requests=known.requests + 1,
            errors=known.errors + request.failed,
            outcomes=outcomes,
        )
    return list(lines.values())


@given(served=requests, window=st.integers(1, 25), kind=EVENTS)
def test_at_risk_are_the_requests_whose_event_had_not_come(
    served: list[Request], window: int, kind: OutcomeKind
):
    """In every bucket as one would count them one by one, and in the window when it has passed."""
    known = counted(served, kind, window)
    for o in looked_at(known, window * INTERVAL_SECONDS, [101, 105, 119], kind):
        mine = [r for r in served if (r.interval, r.slot) == (o.key.interval, o.key.slot)]
        answered = [r for r in mine if not r.failed]
        for bucket, counts in o.outcomes.items():
            first = DELAY_EDGES[bucket]
            last = last_delay(bucket, window_intervals=window)
            waiting = [r for r in answered if r.delay is None or r.delay >= first]
            assert counts.at_risk == len(waiting)
            events = sum(r.delay is not None and r.delay <= last for r in waiting)
            assert counts.events(kind) == events
        if o.matured != MaturedCounts():
            within = sum(r.delay is not None and r.delay <= window for r in answered)
            assert o.matured == MaturedCounts(answered=len(answered), events=within)


@given(served=requests, kind=EVENTS, through=st.integers(99, 130))
def test_a_window_is_given_when_it_has_passed(
    served: list[Request], kind: OutcomeKind, through: int
):
    """Neither before, when more events may come, nor without its answered requests."""
    known = counted(served, kind, 20)
    found = closed(known, after=90, through=through, outcome_window_seconds=1_200, kind=kind)
    matured = {o.key for o in found if o.matured != MaturedCounts()}
    assert matured == {
        o.key for o in known if o.key.interval + 20 <= through and o.requests > o.errors
    }


def test_a_bucket_without_events_is_closed_with_who_was_at_risk():
    """That a conversion did not come is told at once, bucket by bucket."""
    (known,) = counted([Request(100, "blue", failed=False, delay=None)], OutcomeKind.LABELS, 9)
    (found,) = closed(
        [known], after=102, through=103, outcome_window_seconds=540, kind=OutcomeKind.CONVERSIONS
    )
    assert found.requests == 0
    assert found.outcomes == {3: OutcomeCounts(at_risk=1)}


@given(kind=EVENTS)
def test_events_of_requests_that_were_lost_were_at_risk(kind: OutcomeKind):
    """A batch of served lines may be missing: counts stay possible."""
    event = OutcomeCounts(known=2, wrong=2 if kind is OutcomeKind.COMPLAINTS else 0)
    (known,) = counted([Request(100, "blue", failed=False, delay=None)], kind, 9)
    known = replace(known, outcomes={0: event})
    found = closed([known], after=99, through=200, outcome_window_seconds=540, kind=kind)
    assert found[0].outcomes == {0: replace(event, at_risk=2)}
    assert found[0].matured == MaturedCounts(answered=2, events=2)


def test_a_stray_non_event_stays_at_risk():
    """What was recorded before the kind was declared is no event of it."""
    (known,) = counted([Request(100, "blue", failed=False, delay=None)], OutcomeKind.LABELS, 9)
    known = replace(known, outcomes={0: OutcomeCounts(known=1, wrong=0)})
    kind = OutcomeKind.COMPLAINTS
    (found,) = closed([known], after=99, through=101, outcome_window_seconds=540, kind=kind)
    assert [counts.at_risk for counts in found.outcomes.values()] == [1, 1]


@given(known=counters(), window=WINDOWS, through=st.integers(90, 400))
def test_nothing_is_given_before_it_is_final(known: list[Observation], window: int, through: int):
    """Neither requests of an open interval nor outcomes that may still grow."""
    for o in closed(known, after=90, through=through, outcome_window_seconds=window):
        assert o.key.interval <= through
        for bucket in o.outcomes:
            delay = last_delay(bucket, window_intervals=window_intervals(window))
            assert o.key.interval + delay <= through


@given(served=st.floats(0, 10_000), window=WINDOWS, share=st.floats(0, 1))
def test_no_outcome_within_the_window_comes_after_its_bucket_was_closed(
    served: float, window: int, share: float
):
    """Wherever in its interval the prediction was served."""
    known = served + window * share
    delay = interval_of(known) - interval_of(served)
    assert delay <= window_intervals(window)
    bucket = delay_bucket(delay)
    assert delay <= last_delay(bucket, window_intervals=window_intervals(window))


@given(known=counters())
def test_increments_come_in_the_order_of_their_keys(known: list[Observation]):
    """The judge is deterministic because its input is."""
    found = closed(reversed(known), after=0, through=10_000, outcome_window_seconds=600)
    assert [o.key for o in found] == sorted(o.key for o in found)
