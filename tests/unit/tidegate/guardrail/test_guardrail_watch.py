"""The watch over a deploy: what it judges, what it publishes, when it is over."""

from dataclasses import replace

import pytest

from tests.samples import MODEL
from tests.unit.tidegate.guardrail.guardrail_world import NEW, OLD, GuardrailWorld
from tidegate import decide
from tidegate.guardrail.quiet import QUIET_SECONDS
from tidegate.guardrail.watch import LOOK_SECONDS, PULSE_SECONDS, Watched
from tidegate.release import Intervention, Phase
from tidegate.verdict import VerdictKind

RELEASE = f"{MODEL}-second"
SLOW = dict.fromkeys((10, 25, 50, 75, 90), 400.0)


@pytest.fixture
def world() -> GuardrailWorld:
    """v1 has served for a while, and v2 is being deployed."""
    world = GuardrailWorld.deployed()
    for _ in range(30):
        world.serve(OLD, 100, 1)
        world.clock.advance(60)
    world.guard("v2")
    world.seen.clear()
    return world


def minutes(
    world: GuardrailWorld, count: int, *, live: tuple[int, int], new: tuple[int, int]
) -> None:
    """So many intervals pass, in which both fleets serve and fail so often; then a look."""
    for _ in range(count):
        if live[0]:
            world.serve(OLD, *live)
        world.serve(NEW, *new)
        world.clock.advance(60)
        world.look()


def test_nothing_is_judged_before_the_update_begins(world: GuardrailWorld):
    """The alarm is told that there is no harm, and the watch looks again."""
    seen = world.look()
    assert (seen.over, seen.wait_seconds) == (False, LOOK_SECONDS)
    assert world.seen == [False]
    assert world.store.load(RELEASE).verdict is None


def test_steps_are_told_as_sagemaker_takes_them(world: GuardrailWorld):
    """The record has the shares that SageMaker shows, the log a line each."""
    world.updating(25)
    world.look()
    baking = world.store.load(RELEASE)
    world.updating(100)
    world.look()
    promoting = world.store.load(RELEASE)
    assert (baking.phase, baking.target_shares) == (Phase.BAKING, {"blue": 75, "green": 25})
    assert (promoting.phase, promoting.target_shares["green"]) == (Phase.PROMOTING, 100)
    assert [e.what for e in world.store.log(RELEASE)] == ["opened", "shift", "shift"]


def test_a_version_that_fails_more_than_the_live_one_is_harm(world: GuardrailWorld):
    """Both answered at the same time, so that they are compared."""
    world.updating(25)
    minutes(world, 4, live=(300, 3), new=(100, 25))
    record = world.store.load(RELEASE)
    assert record.verdict is not None
    assert record.verdict.kind is VerdictKind.ROLL_BACK
    assert "live ones" in record.verdict.reason
    assert world.seen[-1] is True
    assert world.look().wait_seconds == PULSE_SECONDS


def test_an_incident_that_hits_both_fleets_is_no_harm(world: GuardrailWorld):
    """A limit alone would have taken the new version back for it."""
    world.updating(25)
    minutes(world, 6, live=(300, 90), new=(100, 30))
    assert True not in world.seen


def test_without_a_live_fleet_the_limit_is_fixed(world: GuardrailWorld):
    """The reason says so, and what the limit is made of."""
    world.updating(100)
    minutes(world, 3, live=(0, 0), new=(100, 25))
    record = world.store.load(RELEASE)
    assert record.verdict is not None
    assert "fixed limit of 6.00 %" in record.verdict.reason
    assert "the live version's 1.00 % in the hour before" in record.verdict.reason
    assert world.seen[-1] is True


def test_a_slow_version_is_harm(world: GuardrailWorld):
    """Twice the live version's 90th percentile is tolerated, twenty times is not."""
    world.updating(100)
    for _ in range(3):
        world.serve(NEW, 100, percentiles=SLOW)
        world.clock.advance(60)
        world.look()
    record = world.store.load(RELEASE)
    assert record.verdict is not None
    assert "slower than 40 ms" in record.verdict.reason
    assert world.seen[-1] is True


def test_a_good_version_claims_no_more_than_was_measured(world: GuardrailWorld):
    """It is not said to be safe: nothing was compared with it at the end."""
    world.updating(100)
    minutes(world, 5, live=(0, 0), new=(100, 1))
    record = world.store.load(RELEASE)
    assert record.verdict is not None
    assert record.verdict.kind is VerdictKind.CONTINUE
    assert "no more is claimed" in record.verdict.reason
    assert record.verdict.candidate_requests == 500
    assert set(world.seen) == {False}


def test_harm_is_told_until_sagemaker_goes_back_and_no_longer(world: GuardrailWorld):
    """An alarm left in ALARM would fail CloudFormation's own rollback."""
    world.updating(100)
    minutes(world, 3, live=(0, 0), new=(100, 50))
    world.state = replace(world.state, status="RollingBack")
    world.look()
    assert world.seen[-2:] == [True, False]
    world.settled(OLD, "Rolled back because alarms are in ALARM")
    world.look()
    assert world.seen[-1] is False
    assert world.store.load(RELEASE).restored_at is not None


def test_an_update_back_to_the_old_configuration_is_never_stopped(world: GuardrailWorld):
    """CloudFormation takes the deploy back while the release is still open."""
    world.updating(100)
    minutes(world, 3, live=(0, 0), new=(100, 50))
    world.settled(NEW)
    world.updating(25, config=OLD)
    world.look()
    assert world.seen[-1] is False


def test_an_operator_s_abort_is_told_as_harm(world: GuardrailWorld):
    """SageMaker takes the new fleet back, and the release ends as aborted."""
    world.updating(25)
    record = world.store.load(RELEASE)
    order = Intervention(who="ada", at=world.clock.at, why="wrong artifact")
    world.store.save(decide.abort(record, order).record)
    world.look()
    assert world.seen[-1] is True
    world.settled(OLD)
    world.stack_status = "UPDATE_ROLLBACK_COMPLETE"
    assert world.look().over
    assert world.store.load(RELEASE).phase is Phase.ABORTED


def test_the_watch_ends_with_the_operation_it_watches(world: GuardrailWorld):
    """Where ReleaseVerify was never asked, the read-back says how the release ended."""
    world.settled(OLD, "the container never answered")
    world.stack_status = "UPDATE_ROLLBACK_COMPLETE"
    assert world.look().over
    record = world.store.load(RELEASE)
    assert record.phase is Phase.ROLLED_BACK
    assert "never answered" in world.store.log(RELEASE)[-1].why
    assert world.store.lock_holder(MODEL) is None


def test_a_release_that_is_over_leaves_the_alarm_quiet(world: GuardrailWorld):
    """The last thing that the watch tells is that there is no harm."""
    world.settled(NEW)
    world.verify("v2", NEW)
    world.in_alarm, world.calms_after = True, 2
    assert world.look() == Watched(over=False, wait_seconds=PULSE_SECONDS)
    assert not world.look().over
    assert world.look().over
    assert world.seen[-3:] == [False, False, False]
    assert not world.in_alarm


def test_an_alarm_that_stays_does_not_keep_the_watch_for_ever(world: GuardrailWorld):
    """Somebody may have set it by hand: the next deploy is refused because of it, and says so."""
    world.settled(NEW)
    world.verify("v2", NEW)
    world.in_alarm, world.calms_after = True, 1_000
    assert not world.look().over
    world.clock.at += QUIET_SECONDS
    assert world.look().over
