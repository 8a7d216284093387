"""Whole releases, and what deploys do to them."""

import itertools
from dataclasses import replace

import pytest

from tests import samples
from tests.fakes import FakeEndpoints
from tests.release_world import ReleaseWorld, Traffic, at_task, bad_traffic, baking, whats
from tests.samples import ENDPOINT, MODEL, RELEASE
from tidegate.decide import Next
from tidegate.errors import LockedError, ReleaseRefusedError
from tidegate.loop import operate
from tidegate.loop.observe import INTERVALS_A_LOOK
from tidegate.loop.prepare import StartRequest
from tidegate.release import Phase
from tidegate.slots import Slot

RESTORED = {"blue": 100, "green": 0}


def test_a_harmless_candidate_is_promoted():
    """All traffic, the pointer and the split are the candidate's, and every change is logged."""
    world = ReleaseWorld.deployed()
    assert world.run() is Next.REPORT
    record, pointer = world.record(), world.store.pointer(MODEL)
    assert record.phase is Phase.PROMOTED
    assert record.restored_at is None
    assert pointer is not None
    assert (pointer.slot, pointer.version) == (Slot.GREEN, samples.version("v2"))
    assert (pointer.generation, pointer.moved_by) == (2, RELEASE)
    assert whats(world) == [
        *("opened", "shift", "verified", "step", "shift", "verified", "promote", "shift"),
        "promoted",
    ]


def test_a_harmful_candidate_is_rolled_back_in_its_first_step():
    """The live version has everything again, and the record says when and why."""
    world = ReleaseWorld.deployed(traffic=bad_traffic())
    assert world.run() is Next.REPORT
    record = world.record()
    assert record.phase is Phase.ROLLED_BACK
    assert world.shares() == RESTORED
    assert record.verdict is not None
    assert record.decided_at is not None
    assert record.restored_at is not None
    assert 0 <= record.restored_at - record.decided_at <= 5
    assert "errors" in record.verdict.reason
    assert record.step == 0


def test_the_next_version_is_released_back_into_the_other_slot():
    """Slots are stable: what was promoted stays where it is."""
    world = ReleaseWorld.deployed()
    world.run()
    world.store.put_declaration(samples.declaration(blue="v3", green="v2"))
    request = StartRequest(release_id="second", model=MODEL, who="ada")
    operate.start(
        store=world.store, traffic=world.moving, executions=world.executions, request=request
    )
    assert world.executions.started == [("second", 1)]


def test_while_no_traffic_comes_there_is_no_step():
    """Too little evidence is hold; when patience is used up, an operator is asked."""
    world = ReleaseWorld.deployed(traffic=Traffic(requests_per_second=0))
    with pytest.raises(AssertionError, match="no end"):
        world.run(tasks=80)
    record = world.record()
    assert (record.step, record.phase) == (0, Phase.BAKING)
    assert record.paused is not None
    assert record.paused.who == "release machine"
    assert "no verdict after 720 s" in record.paused.why


def test_an_endpoint_that_is_being_changed_is_waited_for():
    """Each change takes some reads, and no task forces it."""
    world = ReleaseWorld.deployed(endpoints=FakeEndpoints(busy_reads=3))
    assert world.run() is Next.REPORT
    assert world.record().phase is Phase.PROMOTED
    assert world.endpoints.wishes == [
        {"blue": 90, "green": 10},
        {"blue": 50, "green": 50},
        {"blue": 0, "green": 100},
    ]


def test_no_traffic_goes_to_a_slot_without_its_instances():
    """The shift waits until they are there."""
    world = ReleaseWorld.deployed()
    variants = world.endpoints.states[ENDPOINT].variants
    starting = replace(variants["green"], current_instances=0)
    world.endpoints.change(ENDPOINT, variants={**variants, "green": starting})
    with pytest.raises(AssertionError, match="no end"):
        world.run(tasks=20)
    assert world.endpoints.wishes == []
    world.endpoints.change(ENDPOINT, variants=variants)
    assert world.run() is Next.REPORT
    assert world.record().phase is Phase.PROMOTED


def test_weights_changed_underneath_are_set_right_within_an_interval():
    """Whatever moved them, the release owns the split."""
    world = ReleaseWorld.deployed()
    output = baking(world)
    world.endpoints.change(ENDPOINT, weights={"blue": 30, "green": 70})
    moved_at = world.clock.at
    while world.shares() != {"blue": 90, "green": 10}:
        world.advance(output.wait_seconds)
        output = world.perform(output.next)
    assert world.clock.at - moved_at <= 121
    assert world.go_on(output) is Next.REPORT
    assert world.record().phase is Phase.PROMOTED


@pytest.mark.parametrize("task", range(1, 20))
def test_a_configuration_changed_underneath_is_never_promoted(task: int):
    """Whenever a deploy replaces what is being released, the live version gets everything."""

    def deploy(world: ReleaseWorld) -> None:
        world.endpoints.change(ENDPOINT, config_name="deployed-underneath")

    world = ReleaseWorld.deployed(on_task=at_task(task, deploy))
    assert world.run() is Next.REPORT
    assert world.record().phase is Phase.ROLLED_BACK
    assert world.shares() == RESTORED
    pointer = world.store.pointer(MODEL)
    assert pointer is not None
    assert pointer.slot is Slot.BLUE


def last_task() -> int:
    """How many tasks a promotion takes."""
    world = ReleaseWorld.deployed()
    world.run()
    return len(world.tasks)


def test_a_configuration_changed_before_the_last_read_back_is_never_promoted():
    """Settling looks once more at what it is about to call live."""

    def deploy(world: ReleaseWorld) -> None:
        world.endpoints.change(ENDPOINT, config_name="deployed-underneath")

    world = ReleaseWorld.deployed(on_task=at_task(last_task(), deploy))
    assert world.run() is Next.REPORT
    assert world.tasks[last_task() - 1] is Next.SETTLE
    assert world.record().phase is Phase.ROLLED_BACK


def test_after_a_long_halt_looks_stay_small():
    """A week of intervals is closed in looks of half an hour each, none twice."""
    world = ReleaseWorld.deployed()
    baking(world)
    world.halt("the judge crashed")
    world.advance(6 * 3_600)
    assert world.run(epoch=world.resume()) is Next.REPORT
    looks = world.looks.looks(RELEASE)
    assert max(look.through - look.after for look in looks) == INTERVALS_A_LOOK
    assert all(b.after == a.through for a, b in itertools.pairwise(looks))
    counted = sum(o.requests for look in looks for o in look.observations)
    known = world.counters.read(RELEASE)
    through = looks[-1].through
    assert counted == sum(o.requests for o in known if o.key.interval <= through)


def test_a_second_release_is_refused_by_the_name_of_the_first():
    """Before its machine is started."""
    world = ReleaseWorld.deployed()
    baking(world)
    request = StartRequest(release_id="second", model=MODEL, who="ada")
    with pytest.raises(LockedError, match=RELEASE):
        operate.start(
            store=world.store,
            traffic=world.moving,
            executions=world.executions,
            request=request,
        )
    assert world.executions.started == []


def test_every_reason_against_a_release_is_named_at_once():
    """And nothing is locked."""
    world = ReleaseWorld.deployed()
    world.store.put_declaration(samples.declaration(green="v1"))
    world.endpoints.change(
        ENDPOINT, status="Updating", config_name="other", weights={"blue": 50, "green": 50}
    )
    with pytest.raises(ReleaseRefusedError) as refusal:
        world.prepare()
    for part in ("both slots", "is Updating", "serves other", "should serve everything"):
        assert part in str(refusal.value)
    assert world.store.lock_holder(MODEL) is None


def test_a_release_that_is_over_cannot_be_changed():
    """Each verb says so."""
    world = ReleaseWorld.deployed()
    world.run()
    for verb in (world.abort, world.resume):
        with pytest.raises(ReleaseRefusedError, match="is over"):
            verb()


@pytest.mark.parametrize("following", [Next.SHIFT, Next.VERIFY, Next.BAKE, Next.JUDGE, Next.SETTLE])
def test_a_task_of_a_release_that_is_over_only_reports(following: Next):
    """A machine that was started late has nothing to do."""
    world = ReleaseWorld.deployed()
    world.run()
    output = world.perform(following)
    while output.next is not Next.REPORT:
        output = world.perform(output.next)
    assert world.record().phase is Phase.PROMOTED
    assert len(world.endpoints.wishes) == 3


def test_requests_are_never_counted_under_a_share_they_were_not_drawn_by():
    """The evidence of each judged split has the shares of its step, to the point."""
    world = ReleaseWorld.deployed()
    world.run()
    shares = {4: 10, 6: 50}
    by_split: dict[int, dict[str, int]] = {}
    for seen in world.counters.read(RELEASE):
        if seen.evidence:
            counts = by_split.setdefault(seen.key.split_version, {})
            counts[seen.key.slot] = counts.get(seen.key.slot, 0) + seen.requests
    for split_version, share in shares.items():
        counts = by_split[split_version]
        assert 100 * counts["green"] / sum(counts.values()) == pytest.approx(share, abs=1)
