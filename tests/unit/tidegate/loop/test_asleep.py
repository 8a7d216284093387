"""Asynchronous slots: woken before a step, in nobody's way back, and judged to its end."""

from dataclasses import replace

import pytest

from tests import samples
from tests.fakes import FakeClock, FakeEndpoints, FakeRecords, FakeReleaseStore
from tidegate.asynchronous import Asynchronous
from tidegate.decide import Next, baked
from tidegate.intervals import INTERVAL_SECONDS, interval_of, last_closed
from tidegate.loop.shift import shift
from tidegate.loop.task import TaskInput
from tidegate.plan import ReleasePlan
from tidegate.ports import VariantState
from tidegate.release import Phase, ReleaseRecord
from tidegate.slots import PAIR
from tidegate.strategies import Split
from tidegate.tracks import Tracks, joined_configs
from tidegate.traffic import Traffic

LATER = Asynchronous(bucket="b", waiting_seconds=60, processing_seconds=60)
NAMES = {slot: f"flights-{slot}" for slot in PAIR}
QUEUES = Tracks(zone_id="", host="flights", endpoints=NAMES, asynchronous=LATER)


class Night:
    """Two queues whose instances have gone to sleep, and a release of green."""

    def __init__(self) -> None:
        self.endpoints, self.records = FakeEndpoints(), FakeRecords()
        self.store, self.clock = FakeReleaseStore(), FakeClock()
        self.records.add("flights", blue=100, green=0)
        for slot, name in NAMES.items():
            self.endpoints.add(name, config=f"config-{slot}", weights={slot.value: 1.0})
            self.resize(slot.value, 0)

    def resize(self, slot: str, count: int) -> None:
        """A slot has so many instances."""
        variant = VariantState(weight=1.0, current_instances=count, desired_instances=count)
        self.endpoints.change(f"flights-{slot}", variants={slot: variant})

    def instances(self) -> dict[str, int | None]:
        """How many each slot has."""
        states = self.endpoints.states
        return {
            slot.value: states[name].variants[slot.value].current_instances
            for slot, name in NAMES.items()
        }

    def opened(self, **changes: object) -> TaskInput:
        """The task of a release whose record has these changes."""
        config = joined_configs({slot: f"config-{slot}" for slot in PAIR})
        record: ReleaseRecord = samples.record(tracks=QUEUES, endpoint_config_name=config)
        self.store.put_pointer(samples.pointer())
        self.store.put_declaration(samples.declaration(endpoint_config_name=config))
        self.store.open(record, samples.entry())
        self.store.save(replace(self.store.load(record.release_id), **changes))
        return TaskInput(release_id=record.release_id, epoch=record.epoch)

    def shift(self, task: TaskInput) -> Next:
        """Where the machine goes from here."""
        traffic = Traffic(endpoints=self.endpoints, records=self.records)
        return shift(store=self.store, traffic=traffic, clock=self.clock, task=task).next


@pytest.fixture
def night() -> Night:
    """Everybody sleeps."""
    return Night()


def test_both_slots_are_woken_before_a_step_is_announced(night: Night):
    """Nobody is sent to a slot that sleeps."""
    task = night.opened(phase=Phase.SHIFTING)
    assert night.shift(task) is Next.SHIFT
    assert night.instances() == {"blue": 1, "green": 1}
    assert not night.store.load(task.release_id).announced


def test_an_endpoint_that_is_being_changed_is_asked_again(night: Night):
    """Its change ends, and then it wakes."""
    task = night.opened(phase=Phase.SHIFTING)
    night.endpoints.change("flights-green", status="Updating")
    assert night.shift(task) is Next.SHIFT
    assert night.instances()["green"] == 0
    night.endpoints.change("flights-green", status="InService")
    night.shift(task)
    assert night.instances()["green"] == 1


def test_the_way_back_waits_for_nobody(night: Night):
    """A live slot that sleeps has a queue: users go back to it at once."""
    night.records.set_weights(QUEUES, {"blue": 50, "green": 50})
    task = night.opened(phase=Phase.RESTORING)
    assert night.shift(task) is Next.VERIFY
    assert night.records.weights(QUEUES) == {"blue": 100, "green": 0}
    assert night.instances() == {"blue": 0, "green": 0}


def test_a_step_ends_when_its_whole_bake_is_judged():
    """What was submitted last may wait as long as its limits say; then its interval is closed."""
    plan = ReleasePlan(split=Split.ROUTER, lag_seconds=150)
    record = samples.record(
        tracks=QUEUES, plan=plan, phase=Phase.BAKING, step_started_at=samples.START
    )
    bake = plan.steps[0].bake_seconds
    ends = samples.START + bake + 150 + INTERVAL_SECONDS
    assert not baked(record, now=ends - 1)
    assert baked(record, now=ends)
    assert baked(replace(record, tracks=None), now=samples.START + bake)
    assert last_closed(ends, lag_seconds=150) >= interval_of(samples.START + bake - 1)
