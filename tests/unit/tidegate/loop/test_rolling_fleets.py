"""One group of instances: they come before their users, and follow them in the end."""

from dataclasses import dataclass, field, replace

import pytest

from tests import samples
from tests.fakes import FakeClock, FakeEndpoints, FakeRecords, FakeReleaseStore
from tidegate.decide import Next
from tidegate.ec2 import rolling_name
from tidegate.errors import ConflictError, InstancesFailedError
from tidegate.loop.settle import settle
from tidegate.loop.shift import shift
from tidegate.loop.task import TaskInput
from tidegate.ports import VariantState
from tidegate.release import Phase, ReleaseRecord
from tidegate.traffic import Traffic

NAME = rolling_name("demo-test-flights")
SIZE = 4


@dataclass
class Group(FakeEndpoints):
    """Endpoints whose one fleet has as many instances of a version as it was told to have."""

    asked: list[tuple[str, int]] = field(default_factory=list)
    busy: bool = False
    dead: bool = False

    def wake(self, endpoint_name: str, slot: str, *, share: int) -> None:
        """It is noted."""
        self.asked.append((slot, share))
        if self.busy:
            raise ConflictError("instances are being replaced")
        if self.dead:
            raise InstancesFailedError("1 of 1 instances do not answer")

    def count(self, **answering: int) -> None:
        """So many instances of each slot answer."""
        state = self.states[NAME]
        self.states[NAME] = replace(
            state,
            variants={
                slot: VariantState(
                    weight=variant.weight,
                    current_instances=answering[slot],
                    desired_instances=SIZE,
                )
                for slot, variant in state.variants.items()
            },
        )


@dataclass
class World:
    """A release of green on a fleet of one group."""

    group: Group = field(default_factory=Group)
    store: FakeReleaseStore = field(default_factory=FakeReleaseStore)
    clock: FakeClock = field(default_factory=FakeClock)

    @property
    def traffic(self) -> Traffic:
        """Shares of the fleet."""
        return Traffic(endpoints=self.group, records=FakeRecords())

    def opened(self, **changes: object) -> TaskInput:
        """The task of a release whose record has these changes."""
        record: ReleaseRecord = samples.record(endpoint_name=NAME, endpoint_config_name="one")
        self.store.put_pointer(samples.pointer())
        self.store.put_declaration(
            samples.declaration(endpoint_name=NAME, endpoint_config_name="one")
        )
        self.store.open(record, samples.entry())
        self.store.save(replace(self.store.load(record.release_id), **changes))
        return TaskInput(release_id=record.release_id, epoch=record.epoch)

    def shift(self, task: TaskInput) -> Next:
        """Where the machine goes from here."""
        return shift(store=self.store, traffic=self.traffic, clock=self.clock, task=task).next

    def settle(self, task: TaskInput) -> Next:
        """Where the machine goes from here."""
        return settle(store=self.store, traffic=self.traffic, clock=self.clock, task=task).next


@pytest.fixture
def world() -> World:
    """All instances run blue."""
    made = World()
    made.group.add(NAME, config="one", weights={"blue": 1.0, "green": 0.0})
    made.group.count(blue=SIZE, green=0)
    return made


def first_share(world: World, task: TaskInput) -> int:
    """The candidate's share of the first step."""
    return world.store.load(task.release_id).plan.steps[0].share_percent


def test_a_step_waits_for_the_instances_of_its_share(world: World):
    """Nobody is sent to a version that has too few; then it is announced as ever."""
    task = world.opened(phase=Phase.SHIFTING)
    share = first_share(world, task)
    assert world.shift(task) is Next.SHIFT
    assert world.group.asked == [("green", share)]
    assert not world.store.load(task.release_id).announced
    world.group.count(blue=SIZE - 1, green=1)
    world.shift(task)
    assert world.store.load(task.release_id).announced
    assert len(world.group.asked) == 1


def test_a_refresh_under_way_is_waited_for(world: World):
    """It ends, and then instances are asked for again."""
    task = world.opened(phase=Phase.SHIFTING)
    world.group.busy = True
    assert world.shift(task) is Next.SHIFT
    assert world.shift(task) is Next.SHIFT
    assert len(world.group.asked) == 2


def test_a_version_that_never_answers_is_rolled_back(world: World):
    """There is nothing to wait for, and nobody was sent there."""
    task = world.opened(phase=Phase.SHIFTING)
    world.group.dead = True
    assert world.shift(task) is Next.SHIFT
    record = world.store.load(task.release_id)
    assert record.phase is Phase.RESTORING
    assert "do not answer" in world.store.log(task.release_id)[-1].why
    assert world.shift(task) is Next.VERIFY
    assert world.settle(task) is Next.REPORT


def test_users_go_back_before_instances_do(world: World):
    """The live version has fewer instances than all, and is asked by everybody at once."""
    world.group.set_weights(NAME, {"blue": 25, "green": 75})
    world.group.count(blue=1, green=3)
    task = world.opened(phase=Phase.RESTORING)
    assert world.shift(task) is Next.VERIFY
    assert world.group.states[NAME].shares() == {"blue": 100.0, "green": 0.0}
    assert world.group.asked == []


@pytest.mark.parametrize(("phase", "slot"), [(Phase.RESTORING, "blue"), (Phase.PROMOTING, "green")])
def test_a_release_ends_when_instances_were_told_to_follow(world: World, phase: Phase, slot: str):
    """Not while another refresh is under way: what it makes would stay."""
    others = {"blue": 0, "green": 0}
    world.group.set_weights(NAME, {**others, slot: 100})
    world.group.busy = True
    task = world.opened(phase=phase)
    assert world.settle(task) is Next.SETTLE
    assert not world.store.load(task.release_id).phase.terminal
    world.group.busy = False
    assert world.settle(task) is Next.REPORT
    assert world.store.load(task.release_id).phase.terminal
    assert world.group.asked == [(slot, 100)] * 2
