"""A world to release in: fakes of every port, traffic that flows with time, and the machine.

The machine is the state machine in a loop: it waits what a task says, calls the next one, and takes
up a killed task as Step Functions does. It is no model of AWS: the stacks' machine has tests of its
own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.fakes import (
    FakeClock,
    FakeEndpoints,
    FakeExecutions,
    FakeLookStore,
    FakeRecords,
    FakeReleaseStore,
)
from tests.reaper import KilledError, Reaper
from tests.request_fakes import FakeCounters
from tests.samples import CONFIG, ENDPOINT, MODEL, RELEASE, declaration
from tidegate import deploy
from tidegate import traffic as tracks_traffic
from tidegate.decide import Next
from tidegate.errors import SupersededError
from tidegate.intervals import INTERVAL_SECONDS, interval_of
from tidegate.loop import operate
from tidegate.loop.halt import halt_release
from tidegate.loop.judge_task import judge_release
from tidegate.loop.observe import observe
from tidegate.loop.prepare import StartRequest, prepare
from tidegate.loop.settle import settle
from tidegate.loop.shift import shift
from tidegate.loop.task import TaskInput, TaskOutput
from tidegate.loop.verify import verify
from tidegate.observation import ObservationKey
from tidegate.plan import ReleasePlan
from tidegate.release import Intervention, ReleaseRecord
from tidegate.requestlog import Tally, tally_key

END = frozenset({Next.REPORT, Next.YIELD, Next.HALT})


@dataclass
class Traffic:
    """Requests that come in at a steady rate, and how often each slot fails."""

    requests_per_second: int = 20
    error_shares: dict[str, float] = field(default_factory=dict)
    owed: dict[tuple[str, str], float] = field(default_factory=dict)

    def whole(self, kind: str, slot: str, amount: float) -> int:
        """The amount in whole requests; what is left of one is owed to the next time."""
        total = self.owed.get((kind, slot), 0.0) + amount
        count = int(total + 1e-9)
        self.owed[kind, slot] = total - count
        return count


@dataclass
class ReleaseWorld:
    """Ports, time, traffic and the machine. A test kills, and looks at what is left."""

    clock: FakeClock = field(default_factory=FakeClock)
    endpoints: FakeEndpoints = field(default_factory=FakeEndpoints)
    records: FakeRecords = field(default_factory=FakeRecords)
    store: FakeReleaseStore = field(default_factory=FakeReleaseStore)
    looks: FakeLookStore = field(default_factory=FakeLookStore)
    counters: FakeCounters = field(default_factory=FakeCounters)
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    traffic: Traffic = field(default_factory=Traffic)
    reaper: Reaper = field(default_factory=Reaper)
    kills: int = 0
    tasks: list[Next] = field(default_factory=list)
    on_task: Callable[["ReleaseWorld", TaskOutput], None] | None = None
    _batches: int = 0

    @classmethod
    def deployed(cls, *, plan: ReleasePlan | None = None, **fields: Any) -> "ReleaseWorld":
        """A world in which v1 is live in blue and v2 waits in green."""
        world = cls(**fields)
        world.endpoints.add(ENDPOINT, config=CONFIG, weights={"blue": 1.0, "green": 0.0})
        first = declaration(blue="v1", green="v1")
        second = declaration() if plan is None else declaration(plan=plan)
        for declared in (first, second):
            deploy.verify(
                store=world.store,
                traffic=world.moving,
                clock=world.clock,
                declaration=declared,
            )
        return world

    @property
    def moving(self) -> tracks_traffic.Traffic:
        """What reads and moves shares, past the reaper."""
        return tracks_traffic.Traffic(endpoints=self.endpoints, records=self.records)

    @property
    def watched(self) -> tracks_traffic.Traffic:
        """The same for tasks, which may be killed at any call of a port."""
        return tracks_traffic.Traffic(
            endpoints=self.reaper.watch(self.endpoints), records=self.reaper.watch(self.records)
        )

    def record(self) -> ReleaseRecord:
        """The record of the release, past the reaper."""
        return self.store.load(RELEASE)

    def shares(self) -> dict[str, float]:
        """What the endpoint serves."""
        return self.endpoints.states[ENDPOINT].shares()

    def advance(self, seconds: float) -> None:
        """Time passes, and every request of it is counted under the split of that time."""
        left = seconds
        while left > 0:
            to_end = (interval_of(self.clock.at) + 1) * INTERVAL_SECONDS - self.clock.at
            stretch = min(left, to_end)
            self._serve(stretch)
            self.clock.advance(stretch)
            left -= stretch

    def _serve(self, seconds: float) -> None:
        split = self.store.split(MODEL)
        if split is None:
            return
        tallies = []
        for slot, share in self.shares().items():
            requests = self.traffic.whole(
                "requests", slot, seconds * self.traffic.requests_per_second * share / 100
            )
            failing = self.traffic.error_shares.get(slot, 0.0)
            errors = self.traffic.whole("errors", slot, requests * failing)
            if requests == 0:
                continue
            tallies.append(
                Tally(
                    key=ObservationKey(
                        release_id=tally_key(model=MODEL, release_id=split.release_id),
                        interval=interval_of(self.clock.at),
                        split_version=split.version,
                        slot=slot,
                    ),
                    settling=split.settling,
                    requests=requests,
                    errors=errors,
                    nameless_errors=errors,
                    latency={20: requests - errors},
                )
            )
        self._batches += 1
        self.counters.add(f"batch-{self._batches}", tallies)

    def prepare(self, *, epoch: int = 1) -> TaskOutput:
        """The machine's first task."""
        return prepare(
            store=self.reaper.watch(self.store),
            traffic=self.watched,
            clock=self.clock,
            request=StartRequest(release_id=RELEASE, model=MODEL, who="ada", epoch=epoch),
        )

    def perform(self, following: Next, *, epoch: int = 1) -> TaskOutput:
        """One task of the machine."""
        task = TaskInput(release_id=RELEASE, epoch=epoch)
        store, clock = self.reaper.watch(self.store), self.clock
        looks, moving_traffic = self.reaper.watch(self.looks), self.watched
        counters = self.reaper.watch(self.counters)
        moving = {Next.SHIFT: shift, Next.VERIFY: verify, Next.SETTLE: settle}
        try:
            if following in moving:
                run = moving[following]
                return run(store=store, traffic=moving_traffic, clock=clock, task=task)
            if following is Next.BAKE:
                return observe(store=store, looks=looks, counters=counters, clock=clock, task=task)
            return judge_release(store=store, looks=looks, clock=clock, task=task)
        except SupersededError:
            return TaskOutput(release_id=RELEASE, epoch=epoch, next=Next.YIELD)

    def run(self, *, epoch: int = 1, tasks: int = 600) -> Next:
        """The machine runs to its end, each killed task again; where it ended."""
        output = self._survive(lambda: self.prepare(epoch=epoch))
        return self.go_on(output, tasks=tasks)

    def go_on(self, output: TaskOutput, *, tasks: int = 600) -> Next:
        """The machine runs on from a task's output."""
        for _ in range(tasks):
            if output.next in END:
                return output.next
            self.tasks.append(output.next)
            if self.on_task is not None:
                self.on_task(self, output)
            self.advance(output.wait_seconds)
            following = output.next
            epoch = output.epoch
            output = self._survive(partial(self.perform, following, epoch=epoch))
        raise AssertionError(f"no end after {tasks} tasks: {self.record()}")

    def _survive(self, work: Callable[[], TaskOutput]) -> TaskOutput:
        while True:
            try:
                return work()
            except KilledError:
                self.kills += 1

    def halt(self, why: str, *, epoch: int = 1) -> Next:
        """What the state machine does when a task failed for good."""
        task = TaskInput(release_id=RELEASE, epoch=epoch)
        return self.go_on(halt_release(store=self.store, clock=self.clock, task=task, why=why))

    def operator(self, why: str = "as agreed") -> Intervention:
        """An operator, now."""
        return Intervention(who="grace", at=self.clock.now(), why=why)

    def resume(self) -> int:
        """The operator resumes; the epoch of the new execution."""
        return operate.resume(
            store=self.store,
            executions=self.executions,
            release_id=RELEASE,
            intervention=self.operator(),
        ).epoch

    def abort(self) -> int:
        """The operator aborts; the epoch of the new execution."""
        return operate.abort(
            store=self.store,
            executions=self.executions,
            release_id=RELEASE,
            intervention=self.operator(),
        ).epoch


def bad_traffic() -> Traffic:
    """The candidate fails every fifth request."""
    return Traffic(error_shares={"green": 0.2})


def baking(world: ReleaseWorld) -> TaskOutput:
    """The machine, stopped at its first bake."""
    output = world.prepare()
    while output.next is not Next.BAKE:
        world.advance(output.wait_seconds)
        output = world.perform(output.next, epoch=output.epoch)
    return output


def at_task(number: int, act: Callable[[ReleaseWorld], Any]) -> Any:
    """Something happens just before the n-th task of the machine."""

    def on_task(world: ReleaseWorld, _output: TaskOutput) -> None:
        if len(world.tasks) == number:
            act(world)

    return on_task


def whats(world: ReleaseWorld) -> list[str]:
    """What the log says was done."""
    return [entry.what for entry in world.store.log(RELEASE)]
