"""Endpoints walk through their statuses, and end in one that accepts operations again."""

import asyncio
from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError, model_data_missing
from emulator.sagemaker.names import Tenant

BAKE = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 5}
    },
    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "too-many-errors"}]},
}


def _run(tale: Any) -> Any:
    return asyncio.run(tale)


def _views(world: Any) -> Any:
    return world.store.view(Tenant("123456789012", "eu-west-1"), "e")


def _weights(described: Any) -> Any:
    return {v["VariantName"]: v["CurrentWeight"] for v in described["ProductionVariants"]}


def test_creation_passes_through_creating(story: Any):
    """The operation answers while the endpoint is Creating; it ends InService."""

    async def tale() -> Any:
        await story.model("v1")
        await story.config("first", {"blue": ("v1", 1.0, 1)})
        await story.call("CreateEndpoint", EndpointName="e", EndpointConfigName="first")
        before = await story.described()
        await story.settled()
        return before, await story.described()

    before, after = _run(tale())
    assert before["EndpointStatus"] == "Creating"
    assert "ProductionVariants" not in before
    assert after["EndpointStatus"] == "InService"


def test_weight_zero_stays_zero(story: Any):
    """A variant of weight 0 is described with weight 0, current and desired."""

    async def tale() -> Any:
        await story.endpoint()
        return await story.described()

    green = _run(tale())["ProductionVariants"][1]
    assert (green["CurrentWeight"], green["DesiredWeight"]) == (0.0, 0.0)


def test_sick_model_fails_the_creation(story: Any, world: Any):
    """An endpoint whose container never becomes healthy is Failed, says why, has no process."""
    world.sick_models.add("v1")

    async def tale() -> Any:
        await story.endpoint()
        return await story.described()

    described = _run(tale())
    assert described["EndpointStatus"] == "Failed"
    assert "sick" in described["FailureReason"]
    assert world.open_fleets == []


def test_one_sick_variant_leaves_no_process_of_the_other(story: Any, world: Any):
    """When one variant can't be built, the healthy one's processes end too."""
    world.sick_models.add("v2")

    async def tale() -> Any:
        await story.model("v1")
        await story.model("v2")
        await story.config("c", {"blue": ("v1", 1.0, 1), "green": ("v2", 0.0, 1)})
        await story.call("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
        await story.settled()

    _run(tale())
    assert len(world.fleets) == 2
    assert world.open_fleets == []


def test_artifact_deleted_after_the_model_fails_the_creation(story: Any, world: Any):
    """An artifact that vanished between model and endpoint is the endpoint's FailureReason."""

    async def tale() -> Any:
        await story.model("v1")
        url = "s3://models/v1.tar.gz"
        world.unreadable[url] = model_data_missing(url)
        await story.config("c", {"blue": ("v1", 1.0, 1)})
        await story.call("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
        await story.settled()
        return await story.described()

    assert _run(tale())["FailureReason"] == "Could not find model data at s3://models/v1.tar.gz."


def test_bug_of_the_data_plane_does_not_leave_the_endpoint_creating(story: Any, world: Any):
    """Whatever breaks, the endpoint ends in a status that accepts operations."""
    world.broken_models.add("v1")

    async def tale() -> Any:
        await story.endpoint()
        described = await story.described()
        await story.call("DeleteEndpoint", EndpointName="e")
        await story.settled()
        return described

    assert _run(tale())["EndpointStatus"] == "Failed"
    assert world.open_fleets == []


def test_update_keeps_the_processes_of_an_unchanged_variant(story: Any, world: Any):
    """A variant whose model did not change keeps its processes; the other's are replaced."""

    async def tale() -> Any:
        await story.endpoint()
        before = list(world.fleets)
        await story.call("UpdateEndpoint", EndpointName="e", EndpointConfigName="next")
        await story.settled()
        return before

    blue, green = _run(tale())
    assert not blue.closed
    assert green.closed
    assert [f.spec.model.name for f in world.open_fleets] == ["v1", "v2"]


def test_update_serves_the_old_variants_until_the_new_are_healthy(story: Any, world: Any):
    """While the new fleet is built the view still holds the old one."""
    seen = []

    async def tale() -> Any:
        await story.endpoint()
        old = _views(world)
        await story.call("UpdateEndpoint", EndpointName="e", EndpointConfigName="next")
        described = await story.described()
        seen.append((_views(world).variants == old.variants, described))
        await story.settled()

    _run(tale())
    unchanged, described = seen[0]
    assert unchanged
    assert described["EndpointStatus"] == "Updating"
    assert described["EndpointConfigName"] == "first"
    assert described["PendingDeploymentSummary"]["EndpointConfigName"] == "next"


def test_update_retains_live_weights(story: Any):
    """RetainAllVariantProperties keeps the weights that were moved since the deploy."""

    async def tale() -> Any:
        await story.endpoint()
        wishes = [
            {"VariantName": "blue", "DesiredWeight": 0.0},
            {"VariantName": "green", "DesiredWeight": 1.0},
        ]
        await story.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="e",
            DesiredWeightsAndCapacities=wishes,
        )
        await story.settled()
        await story.call(
            "UpdateEndpoint",
            EndpointName="e",
            EndpointConfigName="next",
            RetainAllVariantProperties=True,
        )
        await story.settled()
        return await story.described()

    assert _weights(_run(tale())) == {"blue": 0.0, "green": 1.0}


def test_excluded_properties_are_not_retained(story: Any):
    """ExcludeRetainedVariantProperties takes the weight from the new configuration."""

    async def tale() -> Any:
        await story.endpoint()
        wishes = [{"VariantName": "blue", "DesiredWeight": 7.0, "DesiredInstanceCount": 5}]
        await story.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="e",
            DesiredWeightsAndCapacities=wishes,
        )
        await story.settled()
        await story.call(
            "UpdateEndpoint",
            EndpointName="e",
            EndpointConfigName="next",
            RetainAllVariantProperties=True,
            ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredWeight"}],
        )
        await story.settled()
        return (await story.described())["ProductionVariants"][0]

    blue = _run(tale())
    assert blue["CurrentWeight"] == 1.0
    assert blue["CurrentInstanceCount"] == 5


def test_failed_update_ends_in_service_on_the_old_configuration(story: Any, world: Any):
    """An update to a sick model rolls back: InService, old configuration, reason told."""
    world.sick_models.add("v2")

    async def tale() -> Any:
        await story.endpoint()
        await story.call("UpdateEndpoint", EndpointName="e", EndpointConfigName="next")
        await story.settled()
        return await story.described()

    described = _run(tale())
    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == "first"
    assert "sick" in described["FailureReason"]
    assert "PendingDeploymentSummary" not in described
    assert [f.spec.model.name for f in world.open_fleets] == ["v1", "v1"]


def test_firing_alarm_during_the_bake_rolls_back(story: Any, world: Any):
    """An alarm in ALARM while the new fleet bakes puts all traffic back on the old one."""
    world.alarms.add("too-many-errors")

    def alarm_after_three_seconds(w: Any) -> Any:
        if len(w.pauses) == 3:
            w.firing.add("too-many-errors")

    world.on_pause = alarm_after_three_seconds

    async def tale() -> Any:
        await story.endpoint()
        await story.call(
            "UpdateEndpoint", EndpointName="e", EndpointConfigName="next", DeploymentConfig=BAKE
        )
        await story.settled()
        return await story.described()

    described = _run(tale())
    assert described["EndpointConfigName"] == "first"
    assert "too-many-errors" in described["FailureReason"]
    assert [v.fleet.spec.model.name for v in _views(world).variants] == ["v1", "v1"]
    assert [f.spec.model.name for f in world.open_fleets] == ["v1", "v1"]


def test_quiet_bake_promotes(story: Any, world: Any):
    """A bake without alarm ends on the new configuration after its whole length."""
    world.alarms.add("too-many-errors")

    async def tale() -> Any:
        await story.endpoint()
        await story.call(
            "UpdateEndpoint", EndpointName="e", EndpointConfigName="next", DeploymentConfig=BAKE
        )
        await story.settled()
        return await story.described()

    described = _run(tale())
    assert described["EndpointConfigName"] == "next"
    assert described["LastDeploymentConfig"] == BAKE
    assert sum(world.pauses) == 5.0


def test_unknown_rollback_alarm_is_refused(story: Any):
    """A rollback alarm that does not exist would never fire, so it is refused."""

    async def tale() -> Any:
        await story.endpoint()
        await story.call(
            "UpdateEndpoint", EndpointName="e", EndpointConfigName="next", DeploymentConfig=BAKE
        )

    with pytest.raises(SageMakerError, match="too-many-errors"):
        _run(tale())


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("UpdateEndpoint", {"EndpointConfigName": "next"}),
        (
            "UpdateEndpointWeightsAndCapacities",
            {"DesiredWeightsAndCapacities": [{"VariantName": "blue", "DesiredWeight": 1.0}]},
        ),
        ("DeleteEndpoint", {}),
    ],
)
def test_endpoint_under_way_refuses_operations(story: Any, operation: Any, request_: Any):
    """An endpoint that is Updating refuses every change with AWS's sentence."""

    async def tale() -> Any:
        await story.endpoint()
        await story.call("UpdateEndpoint", EndpointName="e", EndpointConfigName="next")
        try:
            await story.call(operation, EndpointName="e", **request_)
        finally:
            await story.settled()

    with pytest.raises(SageMakerError) as caught:
        _run(tale())
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e"
    assert caught.value.message == f'Cannot update in-progress endpoint "{arn}".'


def test_capacity_that_is_not_there_rolls_back(story: Any, world: Any):
    """A scale-out that fails ends InService with the old counts and the reason."""
    world.capacity = 3

    async def tale() -> Any:
        await story.endpoint()
        wishes = [{"VariantName": "blue", "DesiredInstanceCount": 9, "DesiredWeight": 4.0}]
        await story.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="e",
            DesiredWeightsAndCapacities=wishes,
        )
        await story.settled()
        return await story.described()

    described = _run(tale())
    blue = described["ProductionVariants"][0]
    assert described["EndpointStatus"] == "InService"
    assert (blue["CurrentInstanceCount"], blue["CurrentWeight"]) == (2, 1.0)
    assert described["FailureReason"] == "no capacity"


def test_desired_weight_is_shown_before_it_is_true(story: Any):
    """While the change is under way DescribeEndpoint shows the wish beside the present."""

    async def tale() -> Any:
        await story.endpoint()
        await story.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="e",
            DesiredWeightsAndCapacities=[{"VariantName": "green", "DesiredWeight": 0.5}],
        )
        described = await story.described()
        await story.settled()
        return described

    green = _run(tale())["ProductionVariants"][1]
    assert (green["CurrentWeight"], green["DesiredWeight"]) == (0.0, 0.5)


def test_deleted_endpoint_leaves_nothing(story: Any, world: Any):
    """A deleted endpoint has no record, no view and no process."""

    async def tale() -> Any:
        await story.endpoint()
        await story.call("DeleteEndpoint", EndpointName="e")
        await story.settled()
        return await story.call("ListEndpoints")

    assert _run(tale()) == {"Endpoints": []}
    assert world.open_fleets == []
    assert _views(world) is None


def test_update_after_the_old_configuration_was_deleted_is_refused(story: Any):
    """AWS needs the configuration in service to update from; here it was deleted."""

    async def tale() -> Any:
        await story.endpoint()
        await story.call("DeleteEndpointConfig", EndpointConfigName="first")
        await story.call("UpdateEndpoint", EndpointName="e", EndpointConfigName="next")

    with pytest.raises(SageMakerError, match="Could not find endpoint configuration"):
        _run(tale())


def test_rollback_gives_kept_processes_their_old_size(story: Any, world: Any):
    """A variant that kept its processes but grew with the update shrinks again on rollback."""
    world.alarms.add("too-many-errors")
    world.firing.add("too-many-errors")

    async def tale() -> Any:
        await story.endpoint()
        await story.config("wide", {"blue": ("v1", 1.0, 5), "green": ("v2", 0.0, 2)})
        await story.call(
            "UpdateEndpoint", EndpointName="e", EndpointConfigName="wide", DeploymentConfig=BAKE
        )
        await story.settled()
        return (await story.described())["ProductionVariants"][0]["CurrentInstanceCount"]

    assert _run(tale()) == 2
    assert [fleet.instance_count for fleet in world.open_fleets] == [2, 2]
