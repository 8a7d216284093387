"""Exact sequential tests stop as often as they are allowed, by enumeration of every path."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.exact.counts import hypergeometric, variance
from tidegate.exact.spending import early, even
from tidegate.exact.walk import Gate, Increment, Walk

Table = tuple[int, int, int]
TABLES = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 12), st.integers(0, 7)).filter(
        lambda t: t[2] <= t[0] + t[1]
    ),
    min_size=1,
    max_size=4,
)
ALLOWED = st.lists(st.floats(0, 0.2), min_size=4, max_size=4).map(
    lambda steps: list(itertools.accumulate(steps))
)
KINDS = st.sampled_from([Walk(), Walk(floor=0, fineness=4), Walk(floor=0)])


def increment(table: Table, events: int) -> Increment:
    """What this many events of the first side add; the drift is a little above their mean."""
    trials, others, total = table
    law = hypergeometric(trials, others, total)
    return Increment(
        value=events,
        law=law,
        variance=variance(trials, others, total),
        drifts={"late": law.mean + 0.3},
    )


def walked(kind: Walk, tables: Sequence[Table], path: Sequence[int], allowed: list[float]) -> Walk:
    """The walk after one path, looked at after every table."""
    walk = kind
    for table, events, budget in zip(tables, path, allowed, strict=False):
        walk = walk.plus(increment(table, events), name="late").look(budget)
    return walk


def paths(tables: Sequence[Table]) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every way the events can fall, with its chance while the sides do not differ."""
    laws = [hypergeometric(*table) for table in tables]
    for indices in itertools.product(*(range(len(law.chances)) for law in laws)):
        path = tuple(law.offset + i for law, i in zip(laws, indices, strict=True))
        yield path, math.prod(law.chances[i] for law, i in zip(laws, indices, strict=True))


@settings(max_examples=60, deadline=None)
@given(KINDS, TABLES, ALLOWED)
def test_stops_no_more_often_than_allowed(kind: Walk, tables: list[Table], allowed: list[float]):
    """Over all paths, the chance to be stopped is what is booked as spent, and was allowed."""
    ends = [(walked(kind, tables, path, allowed), chance) for path, chance in paths(tables)]
    stopped = sum(chance for walk, chance in ends if walk.stopped)
    on = [walk for walk, _ in ends if not walk.stopped]
    assert stopped <= allowed[len(tables) - 1] + 1e-6
    for walk in on[:1]:
        assert stopped == pytest.approx(walk.spent, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(KINDS, TABLES, ALLOWED)
def test_resumes_from_json(kind: Walk, tables: list[Table], allowed: list[float]):
    """A walk written and read back between any two looks is the same walk."""
    highest = [min(table[0], table[2]) for table in tables]
    straight = walked(kind, tables, highest, allowed)
    resumed = kind
    for table, events, budget in zip(tables, highest, allowed, strict=False):
        resumed = kind.restored(resumed.to_json())
        resumed = resumed.plus(increment(table, events), name="late").look(budget)
    assert resumed == straight


def test_chance_and_limit_agree_with_the_stop():
    """A walk is stopped exactly when its chance is at most the limit."""
    tables = [(5, 45, 4)] * 12
    for events in (0, 1, 2):
        walk = Walk()
        for look, table in enumerate(tables, start=1):
            walk = walk.plus(increment(table, events), name="late").look(0.001 * look)
            assert walk.stopped == (walk.chance <= walk.limit)


def test_a_stopped_walk_stays_as_it_was():
    """What stopped a walk is kept for the record."""
    walk = Walk().plus(increment((5, 45, 5), 5), name="late").look(0.01)
    assert walk.stopped
    assert walk.plus(increment((5, 45, 5), 0), name="late").look(0.02) == walk


def test_a_sum_and_a_cusum_differ_in_what_they_forget():
    """After a long good time a late turn stops the CUSUM while the sum still makes up for it."""
    total, cusum = Walk(), Walk(floor=0, fineness=4)
    good, bad = [0] * 60, [3] * 6
    for look, events in enumerate(good + bad, start=1):
        step = increment((10, 90, 6), events)
        total = total.plus(step, name="late").look(0.01 * look / 66)
        cusum = cusum.plus(step, name="late").look(0.01 * look / 66)
    assert cusum.stopped
    assert not total.stopped


def test_busy_times_get_a_coarser_lattice_and_quiet_ones_wait():
    """Wide increments widen the lattice; later, narrow ones wait until they are worth a step."""
    gate, busy = Gate().admit(increment((400, 400, 400), 210))
    assert busy is not None
    assert busy.step == gate.step > 1
    waits = 0
    for _ in range(200):
        gate, admitted = gate.admit(increment((4, 4, 4), 2))
        waits += admitted is None
        if admitted is not None:
            assert admitted.step == gate.step
            assert abs(admitted.value * gate.step - admitted.law.mean * gate.step) < 2 * gate.step
            break
    assert waits > 0
    assert Gate.from_json(gate.to_json()) == gate


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_coarse_laws_stay_laws_of_what_was_seen(trials: int, others: int, data: st.DataObject):
    """The rounded value always has a chance under the rounded law."""
    events = data.draw(st.integers(1, trials + others - 1))
    law = hypergeometric(trials, others, events)
    seen = data.draw(st.integers(law.offset, law.top))
    _, admitted = Gate().admit(increment((trials, others, events), seen))
    assert admitted is not None
    assert admitted.law.offset <= admitted.value <= admitted.law.top


@pytest.mark.parametrize("spent", [early, even])
def test_budgets_rise_to_one_and_never_above(spent: Callable[..., float]):
    """A spending function starts at 0, never falls, and never uses more than everything."""
    moments = (0, 0.5, 1, 3, 10, 59.9, 60, 61, 600, 1e6, 1e9)
    shares = [spent(minutes, horizon=60.0) for minutes in moments]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] <= 1
    assert shares[-1] > 0.99
