"""Closing partitions the counters: every cell is given to the judge once, and none is lost."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tidegate.closing import closed, window_intervals
from tidegate.intervals import INTERVAL_SECONDS, interval_of
from tidegate.observation import (
    DELAY_EDGES,
    Observation,
    ObservationKey,
    OutcomeCounts,
    delay_bucket,
    last_delay,
)

WINDOWS = st.integers(1, 400 * INTERVAL_SECONDS)


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
        found.extend((o.key, "outcome", b, c.known, c.wrong) for b, c in o.outcomes.items())
        if o.requests:
            found.append((o.key, "requests", o.requests, o.evidence))
    return sorted(found, key=repr)


@given(known=counters(), window=WINDOWS, cuts=st.lists(st.integers(95, 700), max_size=12))
def test_any_sequence_of_looks_gives_every_cell_once(
    known: list[Observation], window: int, cuts: list[int]
):
    """However often one looks, the increments together are the counters."""
    ends = [*sorted(cuts), 1_000]
    increments: list[Observation] = []
    after = 90
    for through in ends:
        increments += closed(known, after=after, through=through, outcome_window_seconds=window)
        after = max(after, through)
    assert cells(increments) == cells(known)


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
