"""What operators and failures do to a release: abort, pause, resume, promote, halt."""

from dataclasses import replace

import pytest

from tests.release_world import ReleaseWorld, at_task, bad_traffic, baking
from tests.samples import ENDPOINT, MODEL, PLAN, RELEASE
from tidegate.decide import Next
from tidegate.loop import operate
from tidegate.loop.settle import FENCE_SECONDS
from tidegate.loop.task import TaskOutput
from tidegate.release import Phase

RESTORED = {"blue": 100, "green": 0}


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
