"""Least privilege of edge fleets: what counts, what queues, what devices and releases may do."""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from emulator.greengrass.device.link import Link, LinkError
from emulator.server import EmbeddedCloud
from tests.e2e.edge import EdgeWorld
from tests.e2e.leaving import remove_stacks
from tests.e2e.privileges import (
    invoke,
    opened,
    prepare_release,
    settle_release,
    shift_traffic,
    verify_traffic,
)
from tests.e2e.roles import DeployedRole, Prover, Role, Story, StoryFailedError
from tests.e2e.test_guardrail_privileges import custom_resource
from tests.e2e.world import wait_for
from tidegate.asynchronous import split_url
from tidegate.edge.names import component_version, report_topic
from tidegate.intervals import interval_of
from tidegate.loop.task import split_of
from tidegate.release import Phase

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EdgeWorld]:
    """A fleet with v1 live and v2 waiting, and one device that nobody switched on."""
    made = EdgeWorld(cloud=story_cloud, folder=tmp_path_factory.mktemp("edge"), project="edged")
    made.deploy("v1")
    made.deploy("v2")
    made.enrol(1)
    yield made
    remove_stacks(story_cloud, "edged-")


class FunctionRole(Role):
    """The role of the fleet's own function."""

    def __init__(self, world: EdgeWorld) -> None:
        super().__init__(world=world, package="observe_devices")  # type: ignore[arg-type]
        self.stack = world.edge_stack


def link(world: EdgeWorld) -> Link:
    """The device's line to the cloud, with a session of the fleet's role."""
    fleet = world.fleet
    return Link(
        thing=fleet.things(1)[0],
        endpoint_url=world.cloud.endpoint_url,
        region=world.cloud.region,
        keys=world.cloud.credentials(),
        role_alias=fleet.role_alias,
    )


def report(world: EdgeWorld) -> dict[str, Any]:
    """A report of a start of its own, about the interval before this one."""
    declaration = world.declaration
    pointer = world.deployed.store.pointer(world.model)
    assert pointer is not None
    return {
        "v": 1,
        "component_version": component_version(declaration.slots[pointer.slot].digest),
        "interval": interval_of(world.cloud.clock.now()) - 1,
        "run": uuid.uuid4().hex[:8],
        "served": 1,
        "requests": 1,
        "errors": 0,
        "latency": {"0": 1},
        "known": 0,
        "wrong": 0,
    }


def counted(world: EdgeWorld, interval: int) -> int:
    """Requests of the fleet in an interval, outside of releases.

    Only of that one: a report that a story before waited for in vain is counted later, when the
    role is intact again.
    """
    seen = world.deployed.counters.read(f"steady/{world.model}")
    return sum(one.requests for one in seen if one.key.interval == interval)


def a_report_is_counted(world: EdgeWorld, role: DeployedRole) -> None:
    """From the topic by rule, queue and function."""
    told, device = report(world), link(world)
    interval = int(told["interval"])
    before, topic = counted(world, interval), report_topic(world.fleet.place, device.thing)
    try:
        device.publish(topic, json.dumps(told).encode())
        wait_for(
            lambda: counted(world, interval) > before, seconds=6, what="the report was counted"
        )
    except (AssertionError, LinkError) as error:
        raise StoryFailedError(str(error)) from error


def a_failed_deployment_is_known(world: EdgeWorld, role: Any) -> None:
    """Of which version it was is asked of Greengrass."""
    deployment = world.rings()[0]
    endpoints: Any = world.deployed.endpoints
    told = endpoints.edge.rings(world.declaration.endpoint_name)[deployment.number - 1]
    arn = f"arn:aws:greengrass:{world.cloud.region}:{world.cloud.account}:coreDevices:press-1"
    event = {
        "detail-type": "Greengrass V2 Effective Deployment Status Change",
        "resources": [arn],
        "detail": {
            "deploymentId": told.deployment_id,
            "coreDeviceExecutionStatus": "FAILED",
        },
    }
    answer = invoke(world, role, event)  # type: ignore[arg-type]
    if len(answer["failures"]) != 1:
        raise StoryFailedError(str(answer))


def silence_is_looked_for(world: EdgeWorld, role: Any) -> None:
    """In the roster, while a release is open."""
    long_ago = world.cloud.clock.now() - 3_600
    changes = {"phase": Phase.BAKING, "step_started_at": long_ago}
    with opened(world, **changes) as record:  # type: ignore[arg-type]
        store = world.deployed.store
        known = store.split(world.model)
        version = 1 if known is None else known.version + 1
        store.put_split(split_of(replace(record, split_version=version), settling=False))
        answer = invoke(world, role, {})  # type: ignore[arg-type]
        if "failed" not in answer["unserved"]:
            raise StoryFailedError(str(answer))


def artifacts_are_read(world: EdgeWorld, role: DeployedRole) -> None:
    """By a device, with its session."""
    for version in world.declaration.slots.values():
        try:
            link(world).object(*split_url(version.artifact_uri))
        except LinkError as error:
            raise StoryFailedError(str(error)) from error


def test_each_right_of_the_function_is_needed(world: EdgeWorld, prover: Prover) -> None:
    """Reports, failures and silence."""
    stories = {
        story.__name__: story
        for story in (a_report_is_counted, a_failed_deployment_is_known, silence_is_looked_for)
    }
    prover.prove("observe_devices", FunctionRole(world), stories)  # type: ignore[arg-type]


WAYS: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "edge_rule": ("ReportRuleRole", (a_report_is_counted,)),
    "edge_device": ("DeviceRole", (a_report_is_counted, artifacts_are_read)),
}
"""Roles on the way of a report, and what they have to be able to do."""


@pytest.mark.parametrize("name", WAYS)
def test_each_right_on_the_way_of_a_report_is_needed(
    world: EdgeWorld, prover: Prover, name: str
) -> None:
    """Of IoT's rule, and of devices."""
    role_id, stories = WAYS[name]
    role = DeployedRole(world=world, role_id=role_id, stack=world.edge_stack)  # type: ignore[arg-type]
    prover.prove(name, role, {story.__name__: story for story in stories})


def rings_come_and_go(world: EdgeWorld, role: Role) -> None:
    """A stack that goes takes its deployments with it, and one that comes tells every ring."""
    store, declaration = world.deployed.store, world.declaration
    pointer, split = store.pointer(world.model), store.split(world.model)
    assert pointer is not None
    assert split is not None
    named = {"Model": world.model, "EndpointName": declaration.endpoint_name}
    slots = {slot.value: version.to_json() for slot, version in declaration.slots.items()}
    declared = {
        **named,
        "Slots": slots,
        "Plan": json.dumps(declaration.plan.to_json()),
        "EndpointConfigName": declaration.endpoint_config_name,
    }
    try:
        custom_resource(world, role, "Delete", named)  # type: ignore[arg-type]
        store.put_pointer(replace(pointer, generation=1))
        custom_resource(world, role, "Create", declared)  # type: ignore[arg-type]
    finally:
        endpoints: Any = world.deployed.endpoints
        endpoints.edge.declare(declaration, live=pointer.slot.value)
        if store.pointer(world.model) is None:
            store.put_pointer(replace(pointer, generation=1))
        store.put_split(split)
        store.put_declaration(declaration)


RINGS: Mapping[str, Story] = {
    "prepare_release": prepare_release,
    "shift_traffic": shift_traffic,
    "verify_traffic": verify_traffic,
    "settle_release": settle_release,
    "verify_release": rings_come_and_go,  # type: ignore[dict-item]
}
"""The stories of functions that read or move rings."""


@pytest.mark.parametrize("package", RINGS)
def test_each_right_on_rings_is_needed(world: EdgeWorld, prover: Prover, package: str) -> None:
    """With its role intact a function's story goes well; without any right on rings it fails."""
    prover.prove(
        f"{package}_rings",
        Role(world=world, package=package),  # type: ignore[arg-type]
        {f"{package}_of_rings": RINGS[package]},
        about=lambda right: right.action.startswith(("greengrass:", "iot:")),
    )
