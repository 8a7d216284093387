"""Deploys that are releases: SageMaker moves the traffic, our judge stops it.

Four strategies, each with a good version and a bad one, under users who ask all the time.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator import deployer
from tests.e2e.breaking import with_failing_resource
from tests.e2e.checks import assert_restored_in_time
from tests.e2e.guardrails import PATIENT, RELEASES, Deploys, project
from tests.e2e.world import V1, Behaviour, World, wait_for

pytestmark = pytest.mark.accept

MakeWorld = Callable[[str], World]

GOOD = Behaviour(name="v2")
BAD = Behaviour(name="v3", error_percent=60)
NEXT = Behaviour(name="v4")


def deploys(make_world: MakeWorld, strategy: str, *following: Behaviour) -> Deploys:
    """v1 is deployed, and templates of what follows are made meanwhile."""
    world = make_world(f"guard-{strategy}")
    world.project_text = project(strategy)
    world.synth_ahead(V1, *following)
    world.deploy_plainly(V1)
    return Deploys(world=world)


@pytest.mark.parametrize("strategy", RELEASES)
def test_a_good_version_ends_on_the_new_configuration(make_world: MakeWorld, strategy: str) -> None:
    """The deploy is the release: it succeeds, and users lose no request while traffic moves."""
    made = deploys(make_world, strategy, GOOD)
    before = made.config()
    with made.world.watched() as seen:
        view = made.good(GOOD)
    assert view.phase == "promoted", view.reason
    assert made.config() != before
    assert made.world.live_label() == "v2"
    assert made.world.deployed.store.lock_holder(made.world.model) is None
    assert {one.version for one in seen.door.served} == {"v1", "v2"}
    assert seen.door.lost() == []
    shifts = [entry.after["green"] for entry in view.log if entry.what == "shift"]
    assert shifts == sorted(shifts)
    assert shifts[-1] == 100
    print(f"{len(seen.door.served)} requests, none lost: {shifts}")  # noqa: T201


@pytest.mark.parametrize("strategy", RELEASES)
def test_a_bad_version_ends_on_the_old_configuration(make_world: MakeWorld, strategy: str) -> None:
    """The deploy fails, the alarm is OK again, and the next release is admitted at once.

    SageMaker is InService on the old configuration, and CloudFormation took that for a success:
    ReleaseVerify found it.
    """
    world = make_world(f"guard-{strategy}")
    patient, usual = project(strategy, bake=PATIENT), project(strategy)
    for world.project_text, behaviour in ((usual, NEXT), (patient, BAD), (patient, V1)):
        world.synth_ahead(behaviour)
    world.deploy_plainly(V1)
    made = Deploys(world=world)
    before = made.config()
    with world.watched() as seen:
        failed, view = made.bad(BAD)
        after, alarm = made.config(), made.alarm
        world.project_text = usual
        following = made.good(NEXT)
    assert failed.status == "UPDATE_ROLLBACK_COMPLETE", failed
    assert [f.logical_id for f in failed.failures] == ["ReleaseVerify"], failed
    assert (after, alarm) == (before, "OK")
    assert view.phase == "rolled-back", view.reason
    assert "errors are" in view.reason
    assert_restored_in_time(view)
    assert following.phase == "promoted", following.reason
    assert world.live_label() == "v4"
    assert seen.door.lost(failing_percent=BAD.error_percent) == []


@pytest.mark.parametrize("after", ["Endpoint", "ReleaseVerify"])
def test_cloudformation_takes_a_good_version_back(make_world: MakeWorld, after: str) -> None:
    """Another resource of the stack fails, before or after the release has ended as promoted.

    What serves, the pointer and the lock agree, and no alarm stops CloudFormation.
    """
    made = deploys(make_world, "big-bang")
    before = made.config()
    assembly = made.world.synth(GOOD, pointers={})
    with_failing_resource(assembly, made.world.hosting_stack, after=after)
    with made.world.watched() as seen, pytest.raises(deployer.StackFailedError) as failed:
        deployer.deploy(made.world.cloud.session(), assembly)
    assert failed.value.status == "UPDATE_ROLLBACK_COMPLETE", failed.value
    assert [f.logical_id for f in failed.value.failures] == ["Broken"], failed.value
    assert (made.config(), made.world.live_label(), made.alarm) == (before, "v1", "OK")
    assert made.world.deployed.store.lock_holder(made.world.model) is None
    assert made.newest().phase == ("rolled-back" if after == "Endpoint" else "promoted")
    assert seen.door.lost() == []


def test_an_operator_aborts_a_deploy(make_world: MakeWorld) -> None:
    """SageMaker takes the new fleet back, and the deploy is reported failed."""
    made = deploys(make_world, "big-bang")
    before = made.config()

    def abort() -> None:
        release_id = wait_for(
            lambda: made.world.deployed.store.lock_holder(made.world.model),
            seconds=30,
            what="the deploy's release",
        )
        made.world.until(release_id, lambda view: view.phase == "promoting")
        made.world.abort(release_id)

    with ThreadPoolExecutor(1) as pool, made.world.watched() as seen:
        aborting = pool.submit(abort)
        failed, view = made.bad(GOOD)
        aborting.result(timeout=30)
    assert failed.status == "UPDATE_ROLLBACK_COMPLETE", failed
    assert view.phase == "aborted", view.reason
    assert (made.config(), made.world.live_label(), made.alarm) == (before, "v1", "OK")
    assert seen.door.lost() == []
