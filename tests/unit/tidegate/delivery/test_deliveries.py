"""Deliveries: what a pipeline's execution starts in a stage, and what it waits for."""

from dataclasses import replace

import pytest

from tests.release_world import ReleaseWorld
from tests.samples import ENDPOINT, MODEL, RELEASE, declaration
from tidegate import deploy
from tidegate.delivery.review import Delivery, Standing
from tidegate.delivery.run import (
    ACTION_SECONDS,
    MOST_WAIT_SECONDS,
    Ports,
    Progress,
    follow_delivery,
    open_delivery,
    verify_delivery,
)
from tidegate.loop.prepare import StartRequest, prepare
from tidegate.release import Intervention, Phase

DELIVERY = Delivery(id="0a1b2c3d-4e5f", round=1, who="pipeline demo-pipeline")
FIRST = f"{MODEL}-0a1b2c3d-1-1"


@pytest.fixture
def world() -> ReleaseWorld:
    """v1 is live in blue, v2 waits in green."""
    return ReleaseWorld.deployed()


def ports(world: ReleaseWorld) -> Ports:
    """The world as a delivery sees it."""
    return Ports(
        store=world.store,
        traffic=world.moving,
        executions=world.executions,
        clock=world.clock,
    )


def begin(world: ReleaseWorld, release_id: str = FIRST) -> None:
    """The release machine has opened the release."""
    request = StartRequest(release_id=release_id, model=MODEL, who="pipeline")
    prepare(store=world.store, traffic=world.moving, clock=world.clock, request=request)


def end(world: ReleaseWorld, phase: Phase, release_id: str = FIRST) -> None:
    """The release is over, with what that does to pointer and weights."""
    record = world.store.load(release_id)
    promoted = phase is Phase.PROMOTED
    pointer = world.store.pointer(MODEL)
    assert pointer is not None
    if promoted:
        slot, version = record.candidate.slot, record.candidate.version
        pointer = replace(pointer, slot=slot, version=version, generation=pointer.generation + 1)
        other = record.live.slot.value
        world.endpoints.set_weights(ENDPOINT, {slot.value: 100, other: 0})
    split = world.store.split(MODEL)
    assert split is not None
    over = replace(record, phase=phase, finished_at=world.clock.now())
    world.store.settle(
        over,
        (),
        pointer=pointer if promoted else None,
        split=replace(split, version=split.version + 1),
    )


def followed(world: ReleaseWorld, progress: Progress) -> Progress:
    """The next look of the machine."""
    return follow_delivery(
        ports(world),
        progress.delivery,
        started=progress.started,
        started_at=progress.started_at,
    )


def test_what_waits_is_started(world: ReleaseWorld):
    """Under an id that says whose it is."""
    progress = open_delivery(ports(world), DELIVERY)
    assert progress.standing is Standing.OPEN
    assert world.executions.started == [(FIRST, 1)]
    assert progress.started == {MODEL: FIRST}


def test_opening_again_finds_the_release(world: ReleaseWorld):
    """A task that runs twice starts one release."""
    open_delivery(ports(world), DELIVERY)
    begin(world)
    progress = open_delivery(ports(world), DELIVERY)
    assert world.executions.started == [(FIRST, 1)]
    assert (progress.standing, progress.started) == (Standing.OPEN, {MODEL: FIRST})


def test_an_open_release_is_waited_for(world: ReleaseWorld):
    """However many executions move it."""
    progress = open_delivery(ports(world), DELIVERY)
    assert followed(world, progress).standing is Standing.OPEN
    begin(world)
    assert followed(world, progress).standing is Standing.OPEN


def test_a_promoted_release_is_delivered(world: ReleaseWorld):
    """And read back."""
    progress = open_delivery(ports(world), DELIVERY)
    begin(world)
    end(world, Phase.PROMOTED)
    told = followed(world, progress)
    assert told.standing is Standing.DELIVERED, told.reason
    assert verify_delivery(ports(world), DELIVERY).standing is Standing.DELIVERED


def test_a_release_rolled_back_is_a_failed_delivery(world: ReleaseWorld):
    """The old version serves; the stage fails."""
    progress = open_delivery(ports(world), DELIVERY)
    begin(world)
    end(world, Phase.ROLLED_BACK)
    told = followed(world, progress)
    assert told.standing is Standing.FAILED
    assert "v2" in told.reason
    assert "rolled-back" in told.reason
    assert verify_delivery(ports(world), DELIVERY).standing is Standing.FAILED


def test_a_version_that_was_rolled_back_is_not_released_again(world: ReleaseWorld):
    """Not by another execution of the pipeline either."""
    open_delivery(ports(world), DELIVERY)
    begin(world)
    end(world, Phase.ROLLED_BACK)
    again = open_delivery(ports(world), replace(DELIVERY, id="ffffffff-1"))
    assert again.standing is Standing.FAILED
    assert "--again" in again.reason
    assert world.executions.started == [(FIRST, 1)]


def test_a_retry_of_an_aborted_release_starts_another(world: ReleaseWorld):
    """Whoever retries the stage wants it; whoever follows the aborted one is told."""
    progress = open_delivery(ports(world), DELIVERY)
    begin(world)
    end(world, Phase.ABORTED)
    told = followed(world, progress)
    assert (told.standing, "was aborted" in told.reason) == (Standing.FAILED, True)
    open_delivery(ports(world), DELIVERY)
    assert world.executions.started[-1] == (f"{MODEL}-0a1b2c3d-1-2", 1)


def test_a_release_of_somebody_else_is_in_the_way(world: ReleaseWorld):
    """It is named, and left alone."""
    begin(world, RELEASE)
    progress = open_delivery(ports(world), DELIVERY)
    assert progress.standing is Standing.FAILED
    assert RELEASE in progress.reason
    assert world.executions.started == []


def test_a_refused_start_is_told(world: ReleaseWorld):
    """What the machine would refuse fails the delivery at once."""
    world.endpoints.states[ENDPOINT] = replace(world.endpoints.states[ENDPOINT], status="Updating")
    progress = open_delivery(ports(world), DELIVERY)
    assert progress.standing is Standing.FAILED
    assert "not InService" in progress.reason


def test_an_execution_that_left_no_record_was_refused(world: ReleaseWorld):
    """The machine refused what changed between the check and its start."""
    progress = open_delivery(ports(world), DELIVERY)
    world.executions.ended.add((FIRST, 1))
    told = followed(world, progress)
    assert (told.standing, "was refused" in told.reason) == (Standing.FAILED, True)


def test_a_release_that_opens_between_two_reads_is_open(world: ReleaseWorld):
    """A look that began before the record was written does not take it for an aborted one."""
    progress = open_delivery(ports(world), DELIVERY)
    listed = world.store.releases

    def late(model: str) -> tuple[str, ...]:
        before = listed(model)
        if not before:
            begin(world)
        return before

    world.store.releases = late  # type: ignore[method-assign]
    assert followed(world, progress).standing is Standing.OPEN


def test_a_halted_release_fails_the_stage(world: ReleaseWorld):
    """A person resumes or aborts it; the stage is retried then."""
    progress = open_delivery(ports(world), DELIVERY)
    begin(world)
    record = world.store.load(FIRST)
    halted = Intervention(who="machine", at=world.clock.now(), why="a task failed")
    world.store.save(replace(record, halted=halted))
    told = followed(world, progress)
    assert (told.standing, "a task failed" in told.reason) == (Standing.FAILED, True)


def test_nothing_new_is_delivered_at_once(world: ReleaseWorld):
    """A change of code that makes no new version ends well."""
    same = declaration(blue="v1", green="v1")
    deploy.verify(store=world.store, traffic=world.moving, clock=world.clock, declaration=same)
    progress = open_delivery(ports(world), DELIVERY)
    assert (progress.standing, progress.started) == (Standing.DELIVERED, {})
    assert "nothing new" in progress.reason


def test_what_serves_must_be_what_is_live(world: ReleaseWorld):
    """A delivery is not verified by the record alone."""
    same = declaration(blue="v1", green="v1")
    deploy.verify(store=world.store, traffic=world.moving, clock=world.clock, declaration=same)
    world.endpoints.add(ENDPOINT, config="flights-config-1", weights={"blue": 1.0, "green": 1.0})
    told = verify_delivery(ports(world), DELIVERY)
    assert (told.standing, "traffic goes to" in told.reason) == (Standing.FAILED, True)


def test_what_nobody_released_is_not_verified(world: ReleaseWorld):
    """A version that waits is no delivery."""
    told = verify_delivery(ports(world), DELIVERY)
    assert (told.standing, "nobody released it" in told.reason) == (Standing.FAILED, True)


def test_looks_grow_rare_and_tell_when_the_action_gave_up(world: ReleaseWorld):
    """After seven days the pipeline's action has ended: its stage is to be retried."""
    progress = open_delivery(ports(world), DELIVERY)
    begin(world)
    world.clock.at += 1_200
    soon = followed(world, progress)
    world.clock.at += ACTION_SECONDS
    late = followed(world, progress)
    assert (progress.wait_seconds, soon.wait_seconds) == (30, 120)
    assert late.wait_seconds == MOST_WAIT_SECONDS
    assert (soon.outlasted, late.outlasted) == (False, True)


def test_a_second_round_has_releases_of_its_own(world: ReleaseWorld):
    """A version that passed its shadow is deployed and released again."""
    open_delivery(ports(world), DELIVERY)
    begin(world)
    end(world, Phase.ABORTED)
    second = open_delivery(ports(world), replace(DELIVERY, round=2))
    assert second.started == {MODEL: f"{MODEL}-0a1b2c3d-2-1"}
