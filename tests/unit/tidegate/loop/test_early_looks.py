"""Early looks in the loop: an outage ends within seconds, and nothing else is decided by them."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import FakeClock, FakeLookStore, FakeReleaseStore
from tests.release_world import ReleaseWorld, Traffic
from tests.request_fakes import FakeCounters
from tests.samples import RELEASE, START, declaration, entry, pointer, record
from tidegate import decide
from tidegate.decide import Next
from tidegate.intervals import EARLY_LOOK_SECONDS, interval_of, last_closed
from tidegate.loop import operate
from tidegate.loop.observe import READS_TOGETHER, observe
from tidegate.loop.task import TaskInput
from tidegate.observation import Observation, ObservationKey
from tidegate.ports import Look
from tidegate.release import Intervention, Phase, ReleaseRecord
from tidegate.requestlog import Tally
from tidegate.verdict import Verdict, VerdictKind

TASK = TaskInput(release_id=RELEASE, epoch=1)
LAG = 30


def looks_of(world: ReleaseWorld) -> tuple[Look, ...]:
    """Every look of the release."""
    return world.looks.looks(RELEASE)


def test_an_outage_is_rolled_back_before_its_first_interval_is_closed():
    """Within two early looks of the bake, by a few of the candidate's requests."""
    world = ReleaseWorld.deployed(traffic=Traffic(error_shares={"green": 1.0}))
    assert world.run() is Next.REPORT
    ended = world.record()
    assert ended.phase is Phase.ROLLED_BACK
    assert [look.early for look in looks_of(world)] == [True]
    (verified,) = [e for e in world.store.log(RELEASE) if e.what == "verified"]
    assert ended.decided_at is not None
    seconds = ended.decided_at - verified.at
    assert seconds <= 1.5 * EARLY_LOOK_SECONDS
    assert ended.verdict is not None
    assert ended.verdict.candidate_requests <= seconds * world.traffic.requests_per_second * 0.1


def test_a_slow_trickle_that_fails_is_rolled_back_by_five_requests():
    """One request of the candidate in five seconds: the looks add up what came."""
    traffic = Traffic(requests_per_second=2, error_shares={"green": 1.0})
    world = ReleaseWorld.deployed(traffic=traffic)
    assert world.run() is Next.REPORT
    ended = world.record()
    assert ended.phase is Phase.ROLLED_BACK
    assert ended.verdict is not None
    assert ended.verdict.candidate_requests <= 5
    assert looks_of(world)[-1].early


def test_without_errors_there_is_no_early_look():
    """A healthy release writes as many looks as it has intervals."""
    world = ReleaseWorld.deployed()
    assert world.run() is Next.REPORT
    assert not any(look.early for look in looks_of(world))


def test_errors_of_both_slots_are_looked_at_early_and_promote_all_the_same():
    """Looks follow one another whichever kind they are; each promotion and step is a closing's."""
    world = ReleaseWorld.deployed(traffic=Traffic(error_shares={"blue": 0.02, "green": 0.02}))
    assert world.run() is Next.REPORT
    assert world.record().phase is Phase.PROMOTED
    looks = looks_of(world)
    assert any(look.early for look in looks)
    assert not looks[-1].early
    assert all(b.after == a.through for a, b in itertools.pairwise(looks))
    closings = {look.at for look in looks if not look.early}
    assert {e.at for e in world.store.log(RELEASE) if e.what in {"step", "promote"}} <= closings


def test_an_order_to_promote_is_not_followed_on_an_early_look():
    """The look that follows it must have closed an interval."""
    world = ReleaseWorld.deployed(traffic=Traffic(error_shares={"blue": 0.02, "green": 0.02}))
    output = world.prepare()
    while output.next is not Next.BAKE:
        world.advance(output.wait_seconds)
        output = world.perform(output.next, epoch=output.epoch)
    operate.promote(store=world.store, release_id=RELEASE, intervention=world.operator())
    assert world.go_on(output) is Next.REPORT
    assert world.record().phase is Phase.PROMOTED
    assert [look.early for look in looks_of(world)][-2:] == [True, False]


NOW = START + 3_600
ORDER = Intervention(who="grace", at=NOW, why="now")


def baked(**changes: Any) -> ReleaseRecord:
    """A release whose step has baked long enough for anything."""
    return record(phase=Phase.BAKING, step_started_at=START, **changes)


@pytest.mark.parametrize("kind", [k for k in VerdictKind if k is not VerdictKind.ROLL_BACK])
@pytest.mark.parametrize("changes", [{}, {"step": 1}, {"forced": ORDER}, {"paused": ORDER}])
def test_an_early_look_decides_nothing_but_roll_backs(kind: VerdictKind, changes: dict[str, Any]):
    """Whatever the verdict, however long the step baked, whoever ordered what."""
    before = baked(**changes)
    verdict = Verdict(kind=kind, reason="seen")
    decision = decide.after_early_look(before, verdict, now=NOW)
    assert decision.record == replace(before, verdict=verdict)
    assert (decision.next, decision.entries) == (Next.BAKE, ())
    assert decision.wait_seconds > 0


@pytest.mark.parametrize("changes", [{}, {"forced": ORDER}, {"paused": ORDER}])
def test_an_early_look_that_says_roll_back_is_acted_on(changes: dict[str, Any]):
    """As any other look."""
    verdict = Verdict(kind=VerdictKind.ROLL_BACK, reason="an outage")
    decision = decide.after_early_look(baked(**changes), verdict, now=NOW)
    assert decision.record.phase is Phase.RESTORING
    assert decision.next is Next.SHIFT
    assert decision.entries[0].why == "an outage"


class Bench:
    """The observing task by itself: a baking release, counters to add to, a clock to turn."""

    def __init__(self) -> None:
        self.store, self.looks, self.counters = FakeReleaseStore(), FakeLookStore(), FakeCounters()
        self.clock = FakeClock(at=START)
        self.store.put_pointer(pointer())
        self.store.put_declaration(declaration())
        self.store.open(record(phase=Phase.BAKING), entry())
        self.batches = itertools.count()

    def add(self, slot: str, *, failed: int, good: int = 0, interval: int | None = None) -> None:
        """A batch of lines is counted, each failed one of a client of its own."""
        key = ObservationKey(
            release_id=RELEASE,
            interval=interval_of(self.clock.at) if interval is None else interval,
            split_version=1,
            slot=slot,
        )
        tally = Tally(
            key=key,
            requests=failed + good,
            errors=failed,
            nameless_errors=failed,
            latency={20: good} if good else {},
        )
        self.counters.add(f"b{next(self.batches)}", [tally])

    def observe(self, counters: Any = None) -> Next:
        """What the task says comes next."""
        return observe(
            store=self.store,
            looks=self.looks,
            counters=self.counters if counters is None else counters,
            clock=self.clock,
            task=TASK,
        ).next

    def judged(self) -> None:
        """The record says that every look was judged."""
        last = self.looks.last_look(RELEASE)
        if last is not None:
            self.store.save(replace(self.store.load(RELEASE), looks=last.number))

    def given(self) -> dict[ObservationKey, tuple[int, int, int, int]]:
        """The sum of all increments of each key."""
        return sums(o for look in self.looks.looks(RELEASE) for o in look.observations)


def sums(observations: Any) -> dict[ObservationKey, tuple[int, int, int, int]]:
    """Requests, errors, clients and latencies by key."""
    found: dict[ObservationKey, tuple[int, int, int, int]] = {}
    for o in observations:
        r, e, c, n = found.get(o.key, (0, 0, 0, 0))
        latencies = sum(o.latency.values())
        found[o.key] = (r + o.requests, e + o.errors, c + o.clients_with_errors, n + latencies)
    return found


@settings(deadline=None)
@given(
    events=st.lists(
        st.one_of(
            st.tuples(st.just("wait"), st.integers(1, 70), st.just(0)),
            st.tuples(st.sampled_from(["blue", "green"]), st.integers(0, 3), st.integers(0, 9)),
            st.tuples(st.sampled_from(["late blue", "late green"]), st.integers(0, 3), st.just(1)),
        ),
        max_size=40,
    )
)
def test_whenever_lines_come_looks_give_each_count_once(events: list[tuple[str, int, int]]):
    """Early, on time or as late as the lag allows: increments add up to the counters."""
    bench = Bench()
    for what, number, good in events:
        if what == "wait":
            bench.clock.advance(number)
            bench.observe()
            bench.judged()
            continue
        oldest = max(interval_of(START), last_closed(bench.clock.at, lag_seconds=LAG) + 1)
        interval = oldest if what.startswith("late") else None
        bench.add(what.removeprefix("late "), failed=number, good=good, interval=interval)
    bench.clock.advance(200)
    bench.observe()
    known = {
        key: counts for key, counts in sums(bench.counters.read(RELEASE)).items() if any(counts)
    }
    assert {key: counts for key, counts in bench.given().items() if any(counts)} == known
    for look in bench.looks.looks(RELEASE):
        assert all(min(o.requests, o.errors, o.clients_with_errors) >= 0 for o in look.observations)


def an_outage(bench: Bench) -> None:
    """Four failed requests of the candidate beside thirty-six good ones."""
    bench.add("blue", failed=0, good=36)
    bench.add("green", failed=4)


def test_a_look_that_was_not_judged_is_judged_before_another_is_taken():
    """A task that was killed between the two gives its difference neither twice nor never."""
    bench = Bench()
    an_outage(bench)
    assert bench.observe() is Next.JUDGE
    an_outage(bench)
    assert bench.observe() is Next.JUDGE
    assert [look.number for look in bench.looks.looks(RELEASE)] == [1]
    bench.judged()
    assert bench.observe() is Next.JUDGE
    assert [o.requests for o in bench.looks.looks(RELEASE)[-1].observations] == [36, 4]


class Overtaken:
    """Counters, between whose reading and use another task writes the same look first."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.armed = True

    def read(self, release_id: str, *, from_interval: int = 0) -> tuple[Observation, ...]:
        """As they were before the other task came."""
        known = self.bench.counters.read(release_id, from_interval=from_interval)
        if self.armed:
            self.armed = False
            an_outage(self.bench)
            self.bench.observe()
        return known


@pytest.mark.parametrize("seconds", [5, 100])
def test_a_task_that_was_overtaken_leaves_the_look_that_is_there(seconds: int):
    """Early or closing: what the other one gave stays, and the next look goes on from it."""
    bench = Bench()
    an_outage(bench)
    bench.clock.advance(seconds)
    assert bench.observe(Overtaken(bench)) is Next.JUDGE
    bench.judged()
    bench.clock.advance(200)
    bench.observe()
    assert bench.given() == sums(bench.counters.read(RELEASE))


class Busy:
    """Counters that a batch comes to after every read."""

    def __init__(self, bench: Bench, *, batches: int) -> None:
        self.bench = bench
        self.batches = batches
        self.reads = 0

    def read(self, release_id: str, *, from_interval: int = 0) -> tuple[Observation, ...]:
        """What is known, and then there is more."""
        known = self.bench.counters.read(release_id, from_interval=from_interval)
        self.reads += 1
        if self.reads <= self.batches:
            self.bench.add("green", failed=1)
        return known


@pytest.mark.parametrize(
    ("batches", "following"), [(0, "judge"), (4, "judge"), (5, "bake"), (9, "bake")]
)
def test_counters_that_move_while_they_are_read_are_read_again(batches: int, following: str):
    """A few times; the next task may find them still."""
    bench = Bench()
    an_outage(bench)
    busy = Busy(bench, batches=batches)
    assert bench.observe(busy) is Next(following)
    assert busy.reads <= READS_TOGETHER


def test_one_read_is_enough_where_nothing_failed():
    """Healthy releases cost one small query a look."""
    bench = Bench()
    bench.add("blue", failed=0, good=36)
    bench.add("green", failed=0, good=4)
    busy = Busy(bench, batches=0)
    assert bench.observe(busy) is Next.BAKE
    assert busy.reads == 1
