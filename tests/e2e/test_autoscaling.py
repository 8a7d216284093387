"""Deploys and releases of a model whose instances follow the load."""

from collections.abc import Callable

import pytest

from cli.exits import CommandError
from tests.e2e.checks import assert_served_well, assert_settled
from tests.e2e.world import BETTER, V1, World, wait_for

pytestmark = pytest.mark.accept

HOSTING = "instance_type: ml.t2.medium,"
SCALED = "instance_type: ml.m5.large, instances: { min: 1, max: 3 },"
DETACHED = "instance_type: ml.m5.large, instances: { min: 1 },"
LARGER = "instance_type: ml.m5.xlarge, instances: { min: 1 },"
LARGER_SCALED = "instance_type: ml.m5.xlarge, instances: { min: 1, max: 3 },"


@pytest.fixture
def scaled(make_world: Callable[[str], World], request: pytest.FixtureRequest) -> World:
    """v1 is deployed, with a scalable target for each slot; each story has a model of its own."""
    world = make_world(f"scaled-{request.function.__name__.split('_')[1]}")
    host(world, HOSTING, SCALED)
    world.deploy(V1)
    return world


def host(world: World, old: str, new: str) -> None:
    """The project file says something else of hosting."""
    assert old in world.project_text
    world.project_text = world.project_text.replace(old, new)


def instances(world: World) -> dict[str, int | None]:
    """How many instances each slot has."""
    return {slot: one.current_instances for slot, one in world.serving().variants.items()}


def types(world: World) -> set[str]:
    """On which instances variants run."""
    client = world.cloud.session().client("sagemaker")
    config = client.describe_endpoint_config(EndpointConfigName=world.serving().config_name)
    return {variant["InstanceType"] for variant in config["ProductionVariants"]}


def scale_out(world: World, slot: str, count: int) -> None:
    """What Application Auto Scaling asks of SageMaker under load."""
    world.cloud.session().client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=world.endpoint_name,
        DesiredWeightsAndCapacities=[{"VariantName": slot, "DesiredInstanceCount": count}],
    )
    wait_for(
        lambda: world.serving().status == "InService" and instances(world)[slot] == count,
        seconds=60,
        what="more instances",
    )


def test_what_was_scaled_out_survives_deploys_and_releases(scaled: World) -> None:
    """A deploy keeps the instances that the load needs, and a release moves weights only."""
    with scaled.watched() as seen:
        scale_out(scaled, "blue", 3)
        scaled.deploy(BETTER)
        assert instances(scaled) == {"blue": 3, "green": 1}
        view = scaled.finish(scaled.start())
        assert instances(scaled) == {"blue": 3, "green": 1}
    assert view.phase == "promoted", view.reason
    assert_settled(scaled, view, seen)
    assert_served_well(seen)


def test_another_instance_type_needs_autoscaling_detached(scaled: World) -> None:
    """It is refused at the door with the way to do it, and that way loses no request."""
    before = scaled.serving()
    with scaled.watched() as seen:
        host(scaled, SCALED, LARGER_SCALED)
        with pytest.raises(CommandError) as refused:
            scaled.deploy(V1)
        assert "ReleaseGuard" in str(refused.value)
        assert "UPDATE_ROLLBACK_COMPLETE" in str(refused.value)
        assert "deploy with instances.max equal to instances.min first" in str(refused.value)
        assert scaled.serving() == before
        for old, new in ((LARGER_SCALED, DETACHED), (DETACHED, LARGER), (LARGER, LARGER_SCALED)):
            host(scaled, old, new)
            scaled.deploy(V1)
        assert types(scaled) == {"ml.m5.xlarge"}
    assert seen.shares.served_shares() == [{"blue": 100.0}]
    assert_served_well(seen)


def test_sagemaker_itself_refuses_it(scaled: World) -> None:
    """So a template without our guard would fail when other resources had changed."""
    client = scaled.cloud.session().client("sagemaker")
    config = client.describe_endpoint_config(EndpointConfigName=scaled.serving().config_name)
    variants = [{**v, "InstanceType": "ml.m5.xlarge"} for v in config["ProductionVariants"]]
    client.create_endpoint_config(EndpointConfigName="larger", ProductionVariants=variants)
    with pytest.raises(client.exceptions.ClientError, match="scalable targets"):
        client.update_endpoint(EndpointName=scaled.endpoint_name, EndpointConfigName="larger")
