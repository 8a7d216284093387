"""Guard and verify of deploys that are releases."""

from dataclasses import replace

import pytest

from tests.samples import MODEL, version
from tests.unit.tidegate.guardrail.guardrail_world import NEW, OLD, GuardrailWorld, declared
from tidegate.errors import DeployRefusedError
from tidegate.guardrail import gate
from tidegate.guardrail.gate import DeployRequest
from tidegate.plan import ReleasePlan
from tidegate.release import Intervention, Phase

RELEASE = f"{MODEL}-second"


@pytest.fixture
def world() -> GuardrailWorld:
    """v1 is live."""
    return GuardrailWorld.deployed()


def live(world: GuardrailWorld) -> str:
    """The digest that the pointer names."""
    pointer = world.store.pointer(MODEL)
    assert pointer is not None
    return pointer.version.digest


def test_a_first_deploy_opens_no_release(world: GuardrailWorld):
    """There is nothing that it could be compared with."""
    assert world.store.releases(MODEL) == ()
    assert world.watched == []
    assert live(world) == version("v1").digest


def test_a_new_version_opens_a_release_and_its_watch(world: GuardrailWorld):
    """The model is locked, and no request is stamped with a version that is not known."""
    world.guard("v2")
    record, split = world.store.load(RELEASE), world.store.split(MODEL)
    assert world.store.lock_holder(MODEL) == RELEASE
    assert world.watched == [(RELEASE, "arn:stack")]
    assert (record.live.version.label, record.candidate.version.label) == ("v1", "v2")
    assert record.endpoint_config_name == OLD
    assert split is not None
    assert (split.release_id, split.digests, split.settling) == (RELEASE, {}, True)


def test_cloudformation_asking_twice_opens_one_release(world: GuardrailWorld):
    """Its request has the same id then."""
    world.guard("v2")
    world.guard("v2")
    assert world.store.releases(MODEL) == (RELEASE,)


def test_a_deploy_of_the_same_version_opens_no_release(world: GuardrailWorld):
    """Other instances are no other version."""
    assert "keeps version" in world.guard("v1")
    assert world.store.lock_holder(MODEL) is None


def test_an_alarm_that_stays_in_alarm_refuses_the_deploy(world: GuardrailWorld):
    """SageMaker would take any update back at once."""
    world.in_alarm, world.calms_after = True, 1_000
    with pytest.raises(DeployRefusedError, match="is in ALARM"):
        world.guard("v2")
    assert world.store.lock_holder(MODEL) is None


def test_an_alarm_that_calms_down_is_waited_for(world: GuardrailWorld):
    """The release is admitted as soon as it is OK."""
    world.in_alarm, world.calms_after = True, 5
    world.guard("v2")
    assert world.store.lock_holder(MODEL) == RELEASE
    assert world.seen[-1] is False


def test_another_mechanism_is_refused(world: GuardrailWorld):
    """It has other production variants, between which SageMaker shifts nothing."""
    other = declared("v2")
    weights = DeployRequest(
        declared=replace(other, plan=ReleasePlan()), stack_id="arn:stack", request_id="second"
    )
    with pytest.raises(DeployRefusedError, match="other production variants"):
        gate.guard(world.ports, weights)


def test_a_deploy_that_serves_the_new_version_moves_the_pointer(world: GuardrailWorld):
    """Lock, pointer, split and declaration agree with what is read back."""
    world.guard("v2")
    world.settled(NEW)
    world.verify("v2", NEW)
    split, declaration = world.store.split(MODEL), world.store.declaration(MODEL)
    assert world.store.load(RELEASE).phase is Phase.PROMOTED
    assert world.store.lock_holder(MODEL) is None
    assert live(world) == version("v2").digest
    assert split is not None
    assert (split.release_id, split.settling) == ("-", False)
    assert set(split.digests.values()) == {version("v2").digest}
    assert declaration == declared("v2", NEW)


def test_traffic_that_moved_without_its_bakes_is_no_release(world: GuardrailWorld):
    """Nobody could judge it. SageMaker waits for nothing on some instances and containers."""
    world.guard("v2")
    world.settled(NEW, bakes=40)
    with pytest.raises(DeployRefusedError, match="done after 40 s, and the plan bakes 600 s"):
        world.verify("v2", NEW)
    assert world.store.load(RELEASE).phase is Phase.RESTORING
    assert live(world) == version("v1").digest


def test_a_silent_rollback_is_a_failed_release(world: GuardrailWorld):
    """SageMaker is InService on the old configuration, and may say nothing of it."""
    world.guard("v2")
    world.settled(OLD)
    with pytest.raises(DeployRefusedError, match="still serves configuration config-old"):
        world.verify("v2", NEW)
    record = world.store.load(RELEASE)
    assert record.phase is Phase.ROLLED_BACK
    assert record.restored_at is not None
    assert world.store.lock_holder(MODEL) is None
    assert live(world) == version("v1").digest
    assert world.seen[-1] is False


def test_a_version_that_nobody_watched_is_not_promoted(world: GuardrailWorld):
    """CloudFormation takes the deploy back then."""
    world.guard("v2")
    record = world.store.load(RELEASE)
    halted = Intervention(who="release machine", at=1.0, why="the watch died")
    world.store.save(replace(record, halted=halted))
    world.settled(NEW)
    with pytest.raises(DeployRefusedError, match="the watch died"):
        world.verify("v2", NEW)
    assert live(world) == version("v1").digest
    assert world.store.load(RELEASE).phase is Phase.RESTORING


def test_cloudformation_s_rollback_passes_whatever_the_alarm_says(world: GuardrailWorld):
    """A stack that cannot go back is worse than any version."""
    world.guard("v2")
    world.settled(NEW)
    world.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    world.in_alarm, world.calms_after = True, 1_000
    assert "takes a deploy" in world.guard("v1")
    assert world.store.load(RELEASE).phase is Phase.RESTORING
    world.settled(OLD)
    world.verify("v1", OLD)
    assert world.store.load(RELEASE).phase is Phase.ROLLED_BACK
    assert world.store.lock_holder(MODEL) is None


def test_a_rollback_before_anything_moved_ends_the_release(world: GuardrailWorld):
    """ReleaseVerify is never asked then."""
    world.guard("v2")
    world.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    world.guard("v1")
    assert world.store.load(RELEASE).phase is Phase.ROLLED_BACK
    assert world.store.lock_holder(MODEL) is None


def test_a_rollback_after_the_promotion_moves_the_pointer_back(world: GuardrailWorld):
    """Another resource of the stack failed: v1 serves again, and no release is open."""
    world.guard("v2")
    world.settled(NEW)
    world.verify("v2", NEW)
    world.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    world.guard("v1")
    world.settled(OLD)
    world.verify("v1", OLD)
    assert live(world) == version("v1").digest
    assert len(world.store.releases(MODEL)) == 1


def test_the_next_deploy_closes_what_an_earlier_one_left(world: GuardrailWorld):
    """A stack has one operation at a time, so that an older release cannot be under way."""
    world.guard("v2")
    world.guard("v3", "third")
    assert world.store.load(RELEASE).phase is Phase.ROLLED_BACK
    assert world.store.lock_holder(MODEL) == f"{MODEL}-third"


def test_a_deploy_during_another_update_is_refused(world: GuardrailWorld):
    """Somebody updates the endpoint: nothing is known of how that ends."""
    world.guard("v2")
    world.updating()
    with pytest.raises(DeployRefusedError, match="is Updating"):
        world.guard("v3", "third")
