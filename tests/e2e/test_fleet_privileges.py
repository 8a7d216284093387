"""Least privilege where a model is on EC2 instances: who counts them, who asks them, what they do.

What the functions of the loop need for any model is proven elsewhere; here it is about instances.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e import privileges
from tests.e2e.fleets import FleetWorld, on_instances
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, Role, Story, StoryFailedError, client
from tests.e2e.test_guardrail_privileges import custom_resource
from tests.e2e.world import V1, Behaviour, World, questions, wait_for

pytestmark = pytest.mark.accept

LATE = 20.0
"""After how many seconds of the wall an instance that does not answer is missed."""
_LOOP: dict[str, Story] = {
    "prepare_release": privileges.prepare_release,
    "shift_traffic": privileges.shift_traffic,
    "verify_traffic": privileges.verify_traffic,
    "settle_release": privileges.settle_release,
}


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FleetWorld]:
    """A model on instances, with a version in each slot."""
    plain = World(cloud=story_cloud, folder=tmp_path_factory.mktemp("fleet"), model="fleet-roles")
    made = on_instances(plain)
    made.deploy(V1)
    made.deploy(Behaviour(name="v2"))
    yield made
    remove_stacks(story_cloud, f"{made.project}-")


def _of_instances(right: Right) -> bool:
    return right.action.startswith(("autoscaling:", "elasticloadbalancing:"))


def read_back(world: World, role: Role, *, start_seconds: int = 60) -> None:
    """What was deployed is found in service, and declared again."""
    found = world.declaration
    properties = {
        "Model": world.model,
        "EndpointName": found.endpoint_name,
        "EndpointConfigName": found.endpoint_config_name,
        "StartSeconds": str(start_seconds),
        "Slots": {slot.value: version.to_json() for slot, version in found.slots.items()},
        "Plan": json.dumps(found.plan.to_json()),
    }
    custom_resource(world, role, "Update", properties)


def replace_an_instance(world: World, _role: DeployedRole) -> None:
    """An instance that is terminated is replaced by one that answers."""
    assert isinstance(world, FleetWorld)
    groups, balancing = client(world, "autoscaling"), client(world, "elbv2")
    group = world.groups()["blue"]
    (before,) = [one["InstanceId"] for one in group["Instances"] if _stays(one)]
    groups.terminate_instance_in_auto_scaling_group(
        InstanceId=before, ShouldDecrementDesiredCapacity=False
    )

    def answers() -> bool:
        found = balancing.describe_target_health(TargetGroupArn=group["TargetGroupARNs"][0])
        healthy = {
            one["Target"]["Id"]
            for one in found["TargetHealthDescriptions"]
            if one["TargetHealth"]["State"] == "healthy"
        }
        return bool(healthy - {before})

    try:
        wait_for(answers, seconds=LATE, what="an instance that answers")
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error


def put_to_sleep(world: World, *slots: str) -> None:
    """The groups of these slots have no instance, and no other is to come."""
    assert isinstance(world, FleetWorld)
    _resize(world, dict.fromkeys(slots, 0))

    def empty() -> bool:
        groups = world.groups()
        return not any(_stays(one) for slot in slots for one in groups[slot]["Instances"])

    wait_for(empty, seconds=30, what="sleep")


def wake_up(world: World) -> None:
    """Both slots answer again."""
    assert isinstance(world, FleetWorld)
    _resize(world, {"blue": 1, "green": 1})
    balancing = client(world, "elbv2")
    for group in world.groups().values():
        arn = group["TargetGroupARNs"][0]

        def answers(arn: str = arn) -> bool:
            found = balancing.describe_target_health(TargetGroupArn=arn)
            states = [t["TargetHealth"]["State"] for t in found["TargetHealthDescriptions"]]
            return "healthy" in states

        wait_for(answers, seconds=90, what="an instance that answers")


def await_answers(world: World) -> None:
    """Users are served: instances that a story before put to sleep are back behind the balancer."""
    wake_up(world)
    asked = questions(1)[0].body
    wait_for(
        lambda: world.door().predict(world.model, asked).status == 200,
        seconds=90,
        what="an answer of the fleet",
    )


def _resize(world: World, wanted: dict[str, int]) -> None:
    assert isinstance(world, FleetWorld)
    groups = world.groups()
    for slot, count in wanted.items():
        client(world, "autoscaling").set_desired_capacity(
            AutoScalingGroupName=groups[slot]["AutoScalingGroupName"], DesiredCapacity=count
        )


def shift_wakes(world: World, role: Role) -> None:
    """A candidate that sleeps is woken before anybody is sent there."""
    assert isinstance(world, FleetWorld)
    put_to_sleep(world, "green")
    try:
        with privileges.opened(world) as record:
            task = {"release_id": record.release_id, "epoch": record.epoch}
            privileges.expect(privileges.invoke(world, role, task), "shift")
            if world.capacity()["green"] == 0:
                raise StoryFailedError("the candidate sleeps on")
    finally:
        wake_up(world)


def request_wakes(world: World, _role: Role) -> None:
    """Who asks a fleet that sleeps is told so, and it wakes."""
    assert isinstance(world, FleetWorld)
    put_to_sleep(world, "blue")
    try:
        reply = world.door().predict(world.model, questions(1)[0].body)
        if b"ask again" not in reply.body or world.capacity()["blue"] == 0:
            raise StoryFailedError(f"{reply.status}: {reply.body!r}")
    finally:
        wake_up(world)


def rest(world: World, role: Role) -> None:
    """A fleet that nobody asked for a minute sleeps."""
    assert isinstance(world, FleetWorld)
    _resize(world, {"blue": 1, "green": 1})

    def settled() -> str | None:
        told = str(privileges.invoke(world, role, {})[world.model])
        return None if told.startswith("was") else told

    try:
        wait_for(settled, seconds=LATE, what="a quiet minute")
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error
    if set(world.capacity().values()) != {0}:
        raise StoryFailedError(str(world.capacity()))


def _stays(instance: dict[str, Any]) -> bool:
    return bool(instance["LifecycleState"] != "Terminating")


@pytest.mark.parametrize("package", _LOOP)
def test_each_right_to_count_instances_is_needed(
    world: FleetWorld, prover: Prover, package: str
) -> None:
    """No task of a release goes on without knowing which instances answer."""
    role = Role(world=world, package=package)
    stories = {package: _LOOP[package]}
    if package == "shift_traffic":
        stories["shift_wakes"] = shift_wakes
    prover.prove(f"{package}_of_fleets", role, stories, about=_of_instances)


def test_each_right_of_the_verification_is_needed(world: FleetWorld, prover: Prover) -> None:
    """A deploy is read back from groups and target groups."""
    role = Role(world=world, package="verify_release")
    prover.prove("verify_release_of_fleets", role, {"read_back": read_back}, about=_of_instances)


def test_each_right_of_the_router_is_needed(world: FleetWorld, prover: Prover) -> None:
    """It asks a fleet by the function in its network, and wakes one that sleeps."""
    role = Role(world=world, package="route_request")
    stories: dict[str, Story] = {
        "route_request": privileges.route_request,
        "request_wakes": request_wakes,
    }

    def about(right: Right) -> bool:
        return _of_instances(right) or right.action.startswith("lambda:")

    await_answers(world)
    prover.prove("route_request_of_fleets", role, stories, about=about)


def test_each_right_to_put_to_sleep_is_needed(world: FleetWorld, prover: Prover) -> None:
    """It looks at groups, requests and releases, and resizes."""
    role = Role(world=world, package="rest_fleets")
    functions, name = client(world, "lambda"), role.function
    known = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    soon = {**known, "RESTING": json.dumps({world.model: 60})}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": soon})
    try:
        prover.prove("rest_fleets", role, {"rest": rest})
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": known})
        wake_up(world)


def test_each_right_of_the_asking_function_is_required(world: FleetWorld, prover: Prover) -> None:
    """It may do nothing but be in a network."""
    role = DeployedRole(world=world, role_id="AskFleetRole", stack=world.hosting_stack)
    await_answers(world)
    prover.prove("ask_fleet", role, {"route_request": privileges.route_request})


def test_each_right_of_instances_is_needed(world: FleetWorld, prover: Prover) -> None:
    """They fetch their artifact; the rest is required by AWS."""
    role = DeployedRole(world=world, role_id="InstanceRole", stack=world.hosting_stack)
    prover.prove("instances", role, {"replace_an_instance": replace_an_instance})
