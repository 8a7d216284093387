"""Whole releases, and what operators, deploys and failures do to them."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.fakes import FakeEndpoints
from tests.release_world import ReleaseWorld, Traffic
from tests.samples import ENDPOINT, MODEL, PLAN, RELEASE
from tidegate.decide import Next
from tidegate.errors import LockedError, ReleaseRefusedError
from tidegate.loop import operate
from tidegate.loop.observe import INTERVALS_A_LOOK
from tidegate.loop.prepare import StartRequest
from tidegate.loop.settle import FENCE_SECONDS
from tidegate.loop.task import TaskOutput
from tidegate.release import Phase
from tidegate.slots import Slot

RESTORED = {"blue": 100, "green": 0}


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


@pytest.mark.parametrize("task", range(1, 25))
def test_an_abort_at_any_task_restores_the_live_version(task: int):
    """The older execution yields at its next task, the new one brings everything back."""
    epochs: list[int] = []
    world = ReleaseWorld.deployed(on_task=at_task(task, lambda w: epochs.append(w.abort())))
    ended = world.run()
    if not epochs:
        pytest.skip("the release was over before this task")
    assert ended is Next.YIELD
    world.on_task = None
    assert world.run(epoch=epochs[0]) is Next.REPORT
    record = world.record()
    assert record.phase is Phase.ABORTED
    assert record.decided_at is not None
    assert record.restored_at is not None
    assert record.restored_at >= record.decided_at
    assert world.shares() == RESTORED
    assert world.store.lock_holder(MODEL) is None
    pointer = world.store.pointer(MODEL)
    assert pointer is not None
    assert pointer.generation == 1


def test_a_late_shift_of_an_older_epoch_is_undone_before_the_model_is_free():
    """A task that was past its check when the epoch rose can still set weights: not for good."""
    world = ReleaseWorld.deployed()
    baking(world)
    epoch = world.abort()
    aborted_at = world.clock.at

    def late(of: ReleaseWorld, output: TaskOutput) -> None:
        if output.next is Next.SETTLE:
            of.endpoints.change(ENDPOINT, weights={"blue": 50, "green": 50})
            of.on_task = None

    world.on_task = late
    assert world.run(epoch=epoch) is Next.REPORT
    assert world.shares() == RESTORED
    assert world.clock.at >= aborted_at + FENCE_SECONDS


def test_a_shift_that_is_overtaken_while_it_sets_weights_yields():
    """It looks at the epoch before the change and after it."""
    world = ReleaseWorld.deployed()
    output = world.prepare()
    set_weights = world.endpoints.set_weights

    def overtaken(endpoint_name: str, shares: dict[str, int]) -> None:
        set_weights(endpoint_name, shares)
        world.abort()

    setattr(world.endpoints, "set_weights", overtaken)  # noqa: B010 - a fake of one call
    assert world.go_on(output) is Next.YIELD
    assert world.tasks == [Next.SHIFT, Next.SHIFT]


def test_time_to_restore_is_not_the_fence():
    """Users are off the candidate at once; only the lock waits."""
    world = ReleaseWorld.deployed()
    baking(world)
    epoch = world.abort()
    world.run(epoch=epoch)
    record = world.record()
    assert record.restored_at is not None
    assert record.decided_at is not None
    assert record.restored_at - record.decided_at <= 2


def test_aborting_twice_keeps_the_moment_of_the_first_order():
    """Time to restore counts from when it was wanted."""
    world = ReleaseWorld.deployed()
    baking(world)
    world.abort()
    first = world.record().decided_at
    world.advance(90)
    epoch = world.abort()
    assert world.run(epoch=epoch) is Next.REPORT
    assert world.record().decided_at == first


@pytest.mark.parametrize("task", [*Next][:5])
def test_every_task_of_an_older_epoch_yields_without_a_change(task: Next):
    """Not even a log entry."""
    world = ReleaseWorld.deployed()
    baking(world)
    world.resume()
    before, weights = world.store.log(RELEASE), list(world.endpoints.wishes)
    assert world.perform(task, epoch=1).next is Next.YIELD
    assert world.store.log(RELEASE) == before
    assert world.endpoints.wishes == weights


def test_a_paused_release_takes_no_step_but_is_still_rolled_back():
    """A pause never protects a harmful candidate."""
    world = ReleaseWorld.deployed(plan=replace(PLAN, hold_seconds=0))
    output = baking(world)
    operate.pause(store=world.store, release_id=RELEASE, intervention=world.operator())
    with pytest.raises(AssertionError, match="no end"):
        world.go_on(output, tasks=60)
    assert world.record().step == 0
    world.traffic.error_shares = {"green": 0.3}
    assert world.run() is Next.REPORT
    assert world.record().phase is Phase.ROLLED_BACK


def test_a_resumed_release_goes_on_where_it_was():
    """The step's patience starts anew, the evidence does not."""
    world = ReleaseWorld.deployed()
    output = baking(world)
    operate.pause(store=world.store, release_id=RELEASE, intervention=world.operator())
    with pytest.raises(AssertionError, match="no end"):
        world.go_on(output, tasks=30)
    looks = world.record().looks
    assert looks > 3
    assert world.run(epoch=world.resume()) is Next.REPORT
    assert world.record().phase is Phase.PROMOTED
    assert world.record().looks > looks


def test_an_order_to_promote_is_followed_at_the_next_look():
    """The log says who ordered it."""
    world = ReleaseWorld.deployed()
    output = baking(world)
    operate.promote(store=world.store, release_id=RELEASE, intervention=world.operator("now"))
    assert world.go_on(output) is Next.REPORT
    assert world.record().phase is Phase.PROMOTED
    assert world.record().step == 0
    (ordered,) = [e for e in world.store.log(RELEASE) if e.what == "promote"]
    assert "grace ordered it: now" in ordered.why


def test_an_order_to_promote_does_not_overrule_the_judge():
    """What is proven harmful goes back, whoever wants it."""
    world = ReleaseWorld.deployed(traffic=bad_traffic())
    output = baking(world)
    operate.promote(store=world.store, release_id=RELEASE, intervention=world.operator("now"))
    world.advance(90)
    assert world.go_on(output) is Next.REPORT
    assert world.record().phase in {Phase.ROLLED_BACK, Phase.PROMOTED}
    if world.record().phase is Phase.PROMOTED:
        pytest.fail("the look that promoted had the evidence to roll back")


def test_a_failed_loop_takes_the_candidate_s_traffic_away_and_keeps_the_lock():
    """An operator decides what follows."""
    world = ReleaseWorld.deployed()
    baking(world)
    assert world.halt("the judge crashed") is Next.HALT
    record = world.record()
    assert world.shares() == RESTORED
    assert world.store.lock_holder(MODEL) == RELEASE
    assert record.halted is not None
    assert record.halted.why == "the judge crashed"
    assert record.restored_at is not None


def test_a_halted_release_is_resumed_to_its_end():
    """Its step is shifted and baked again."""
    world = ReleaseWorld.deployed()
    baking(world)
    world.halt("the judge crashed")
    assert world.run(epoch=world.resume()) is Next.REPORT
    record = world.record()
    assert record.phase is Phase.PROMOTED
    assert record.restored_at is None


def test_a_halted_release_can_be_aborted():
    """The lock is freed and the record says aborted."""
    world = ReleaseWorld.deployed()
    baking(world)
    world.halt("the judge crashed")
    assert world.run(epoch=world.abort()) is Next.REPORT
    assert world.record().phase is Phase.ABORTED
    assert world.store.lock_holder(MODEL) is None


def test_halting_again_changes_nothing():
    """The state machine may repeat it."""
    world = ReleaseWorld.deployed()
    baking(world)
    world.halt("first")
    log = world.store.log(RELEASE)
    assert world.halt("second") is Next.HALT
    assert [e.what for e in world.store.log(RELEASE)].count("halt") == 1
    assert len(world.store.log(RELEASE)) == len(log)


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
