"""Releases of serverless models: by SageMaker on one endpoint, and between two tracks."""

from collections.abc import Callable

import pytest

from emulator import deployer
from tests.e2e.checks import assert_restored_in_time
from tests.e2e.guardrails import PATIENT, Deploys, project
from tests.e2e.test_big_bang_by_dns import CANARY, OUTCOMES
from tests.e2e.track_world import TrackWorld
from tests.e2e.world import BROKEN, V1, Behaviour, World, wait_for

pytestmark = pytest.mark.accept

INSTANCES = "instance_type: ml.m5.large, instances: { min: 2 }, start_timeout: 60m"
ONE_INSTANCE = "instance_type: ml.t2.medium, start_timeout: 60m"
SERVERLESS = "serverless: { memory_mb: 2048, max_concurrency: 20 }"
GOOD = Behaviour(name="v2")
NEXT = Behaviour(name="v4")


def serverless(text: str, instances: str) -> str:
    """The project's model on a serverless endpoint."""
    assert instances in text
    return text.replace(instances, SERVERLESS)


def variant(world: World) -> dict[str, object]:
    """The only variant, as SageMaker describes it."""
    client = world.cloud.session().client("sagemaker")
    found = client.describe_endpoint(EndpointName=world.endpoint_name)["ProductionVariants"]
    (only,) = found
    return dict(only)


def test_a_big_bang_promotes_a_good_version_and_takes_a_bad_one_back(
    make_world: Callable[[str], World],
) -> None:
    """One variant, no instances, all traffic at once; users lose nothing but the bad one's errors.

    SageMaker goes back by the alarm that our judge sets, and CloudFormation with it.
    """
    world = make_world("on-demand")
    world.project_text = serverless(project("big-bang", bake=PATIENT), INSTANCES)
    world.synth_ahead(V1, GOOD, BROKEN)
    world.deploy_plainly(V1)
    made = Deploys(world=world)
    with world.watched() as seen:
        promoted = made.good(GOOD)
        before = made.config()
        failed, taken_back = made.bad(BROKEN)
    assert promoted.phase == "promoted", promoted.reason
    assert failed.status == "UPDATE_ROLLBACK_COMPLETE", failed
    assert taken_back.phase == "rolled-back", taken_back.reason
    assert_restored_in_time(taken_back)
    assert (made.config(), world.live_label(), made.alarm) == (before, "v2", "OK")
    assert seen.door.lost(failing_percent=BROKEN.error_percent) == []
    described = variant(world)
    assert described["CurrentServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 20}
    assert "CurrentInstanceCount" not in described


def test_two_tracks_have_an_endpoint_of_one_variant_each(
    make_tracks: Callable[[str], TrackWorld],
) -> None:
    """What one serverless endpoint cannot do, two can: records move users back, and over."""
    world = make_tracks("on-demand")
    text = serverless(world.project_text, ONE_INSTANCE).replace(OUTCOMES, "")
    world.project_text = text
    assert CANARY in text
    world.deploy(V1)
    world.deploy(BROKEN)
    with world.watched() as seen:
        wait_for(lambda: len(seen.door.served) > 300, seconds=60, what="traffic of v1")
        view = world.finish(world.start())
    assert view.phase == "rolled-back", view.reason
    assert world.live_label() == "v1"
    assert seen.door.lost(failing_percent=BROKEN.error_percent) == []
    world.deploy(GOOD)
    with world.watched() as seen:
        view = world.finish(world.start())
    assert view.phase == "promoted", view.reason
    assert world.live_label() == "v2"
    assert seen.door.lost() == []


def test_an_endpoint_on_instances_is_not_made_serverless(
    make_world: Callable[[str], World],
) -> None:
    """The guard refuses before anything changes, and says what to do."""
    world = make_world("converted")
    world.project_text = project("big-bang")
    world.deploy_plainly(V1)
    before = Deploys(world=world).config()
    world.project_text = serverless(project("big-bang"), INSTANCES)
    with pytest.raises(deployer.StackFailedError) as failed:
        world.deploy_plainly(GOOD)
    (failure,) = failed.value.failures
    assert failure.logical_id == "ReleaseGuard"
    assert "changes from instances to serverless" in failure.reason
    assert "give the model another name" in failure.reason
    assert Deploys(world=world).config() == before
