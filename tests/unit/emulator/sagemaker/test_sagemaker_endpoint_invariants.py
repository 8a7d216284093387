"""Whatever is asked of an endpoint, in whatever order, it never ends in between."""

import asyncio
import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant

TENANT = Tenant("123456789012", "eu-west-1")
WEIGHTS = st.sampled_from([0.0, 0.5, 1.0])
BAKED = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            "WaitIntervalInSeconds": 3,
        }
    },
    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "alarm"}]},
}

STEPS = st.one_of(
    st.tuples(st.just("update"), st.sampled_from(["first", "next", "sick"]), st.booleans()),
    st.tuples(st.just("weigh"), WEIGHTS, WEIGHTS),
    st.tuples(st.just("scale"), st.integers(1, 9), st.none()),
    st.tuples(st.just("alarm"), st.booleans(), st.none()),
    st.tuples(st.just("wait"), st.none(), st.none()),
)


async def _take(story: Any, step: tuple[str, Any, Any]) -> None:
    kind, first, second = step
    change = "UpdateEndpointWeightsAndCapacities"
    if kind == "update":
        deployment = {"DeploymentConfig": BAKED} if second else {}
        request = {"EndpointConfigName": first, "RetainAllVariantProperties": True, **deployment}
        await story.call("UpdateEndpoint", EndpointName="e", **request)
    elif kind == "weigh":
        wishes = [
            {"VariantName": "blue", "DesiredWeight": first},
            {"VariantName": "green", "DesiredWeight": second},
        ]
        await story.call(change, EndpointName="e", DesiredWeightsAndCapacities=wishes)
    elif kind == "scale":
        wishes = [{"VariantName": "green", "DesiredInstanceCount": first}]
        await story.call(change, EndpointName="e", DesiredWeightsAndCapacities=wishes)
    elif kind == "alarm":
        (story.world.firing.add if first else story.world.firing.discard)("alarm")
    else:
        await story.settled()


async def _play(story: Any, steps: list[tuple[str, Any, Any]]) -> None:
    world = story.world
    world.capacity = 6
    world.alarms.add("alarm")
    await story.endpoint()
    await story.model("sick-model")
    world.sick_models.add("sick-model")
    await story.config("sick", {"blue": ("v1", 1.0, 2), "green": ("sick-model", 0.0, 2)})
    for step in steps:
        with contextlib.suppress(SageMakerError):
            await _take(story, step)
        assert world.store.view(TENANT, "e").variants
    await story.settled()


@given(steps=st.lists(STEPS, max_size=8))
def test_endpoint_always_ends_in_service_with_exactly_its_processes(steps: Any, make_story: Any):
    """After any sequence the endpoint is InService, and the fleets that run are those it serves."""
    story = make_story()
    asyncio.run(_play(story, steps))
    endpoint = story.world.store.endpoint(TENANT, "e")
    serving = {id(v.fleet) for v in story.world.store.view(TENANT, "e").variants}
    assert endpoint.status.value == "InService"
    assert endpoint.pending is None
    assert {id(fleet) for fleet in story.world.open_fleets} == serving
    assert all(v.fleet.instance_count == v.instance_count for v in endpoint.variants)
    assert "sick-model" not in {f.spec.model.name for f in story.world.open_fleets}
