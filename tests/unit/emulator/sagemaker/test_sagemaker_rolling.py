"""Rolling updates on fakes: batches, what serves between them, and the way back."""

import asyncio
from typing import Any

from emulator.sagemaker import describe
from tests.unit.emulator.sagemaker.conftest import TENANT

ROLLING = {
    "RollingUpdatePolicy": {
        "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
        "WaitIntervalInSeconds": 1,
    },
    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "harm"}]},
}


async def _endpoint(story: Any) -> None:
    """Endpoint `e` has four instances of v1 in its only variant; `next` has v2."""
    for model in ("v1", "v2"):
        await story.model(model)
    await story.config("first", {"blue": ("v1", 1.0, 4)})
    await story.config("next", {"blue": ("v2", 1.0, 4)})
    await story.call("CreateEndpoint", EndpointName="e", EndpointConfigName="first")
    await story.settled()


async def _roll(story: Any, **changes: Any) -> dict[str, Any]:
    await _endpoint(story)
    await story.call(
        "UpdateEndpoint",
        EndpointName="e",
        EndpointConfigName="next",
        DeploymentConfig=ROLLING | changes,
    )
    await story.settled()
    described: dict[str, Any] = await story.described()
    return described


def _fleets(world: Any) -> dict[str, int]:
    return {f.spec.model.name: f.instance_count for f in world.open_fleets}


def _weights(world: Any) -> dict[str, float]:
    view = world.store.view(TENANT, "e")
    return {v.fleet.spec.model.name: v.weight for v in view.variants}


def test_traffic_follows_the_instances_batch_by_batch(story: Any, world: Any):
    """In each bake the new fleet has its batches and their share; the old one leaves after it."""
    world.alarms.add("harm")
    seen = []
    world.on_pause = lambda w: seen.append((_fleets(w), _weights(w)))

    described = asyncio.run(_roll(story))

    assert seen[:4] == [
        ({"v1": 4, "v2": 1}, {"v1": 0.75, "v2": 0.25}),
        ({"v1": 3, "v2": 2}, {"v1": 0.5, "v2": 0.5}),
        ({"v1": 2, "v2": 3}, {"v1": 0.25, "v2": 0.75}),
        ({"v1": 1, "v2": 4}, {"v2": 1.0}),
    ]
    assert described["EndpointConfigName"] == "next"
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 4
    assert _fleets(world) == {"v2": 4}


def test_an_alarm_gives_every_instance_back(story: Any, world: Any):
    """The old fleet has all its instances and the traffic again, the new one is gone."""
    world.alarms.add("harm")

    def alarm_in_the_third_bake(w: Any) -> None:
        if len(w.pauses) == 3:
            w.firing.add("harm")

    world.on_pause = alarm_in_the_third_bake

    described = asyncio.run(_roll(story))

    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == "first"
    assert "harm" in described["FailureReason"]
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 4
    assert _fleets(world) == {"v1": 4}


def test_an_update_under_way_tells_the_instances_of_both_fleets(story: Any, world: Any):
    """DescribeEndpoint has the old fleet's count, and the new one's in its pending summary."""
    world.alarms.add("harm")
    counts = []

    def look(w: Any) -> None:
        told = describe.endpoint(w.store.endpoint(TENANT, "e"))
        pending = told["PendingDeploymentSummary"]["ProductionVariants"][0]
        old = told["ProductionVariants"][0]
        counts.append((old["CurrentInstanceCount"], pending["CurrentInstanceCount"]))
        assert (old["DesiredInstanceCount"], pending["DesiredInstanceCount"]) == (4, 4)

    world.on_pause = look
    asyncio.run(_roll(story))
    assert counts[:4] == [(4, 1), (3, 2), (2, 3), (1, 4)]


def test_a_batch_that_never_starts_rolls_back(story: Any, world: Any):
    """No capacity for the second batch is a rollback with the reason, not a bug."""
    world.alarms.add("harm")
    world.on_pause = lambda w: w.sick_models.add("v2")

    described = asyncio.run(_roll(story))

    assert described["EndpointConfigName"] == "first"
    assert described["FailureReason"] == "no capacity"
    assert _fleets(world) == {"v1": 4}


def test_an_unchanged_model_keeps_its_processes(story: Any, world: Any):
    """There is nothing to roll, and the live fleet never shrinks."""
    world.alarms.add("harm")
    least = []
    world.on_pause = lambda w: least.append(sum(f.instance_count for f in w.open_fleets))

    async def tale() -> None:
        await _endpoint(story)
        await story.config("same", {"blue": ("v1", 1.0, 4)})
        await story.call(
            "UpdateEndpoint",
            EndpointName="e",
            EndpointConfigName="same",
            DeploymentConfig=ROLLING,
        )
        await story.settled()

    asyncio.run(tale())
    assert set(least) == {4}
