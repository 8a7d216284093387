"""Least privilege of replacing instances: who starts and cancels refreshes, and what is launched.

What the functions need for fleets of any kind is proven elsewhere.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e import privileges
from tests.e2e.fleets import FleetWorld, rolled
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, Role, Story, StoryFailedError, client
from tests.e2e.test_fleet_privileges import read_back
from tests.e2e.world import V1, Behaviour, World, wait_for
from tidegate.ec2 import FIRST_VERSION, rolling_group, templates_in
from tidegate.errors import ConflictError
from tidegate.release import Phase

pytestmark = pytest.mark.accept

SECONDS = 60
UNDER_WAY = {"Pending", "InProgress", "Cancelling"}
_REPLACING = {
    *("autoscaling:CancelInstanceRefresh", "autoscaling:DescribeInstanceRefreshes"),
    *("autoscaling:SetInstanceProtection", "autoscaling:StartInstanceRefresh"),
    *("autoscaling:UpdateAutoScalingGroup", "ec2:RunInstances", "iam:PassRole"),
}


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FleetWorld]:
    """Two instances in one group, and a version that none of them runs yet."""
    plain = World(cloud=story_cloud, folder=tmp_path_factory.mktemp("roll"), model="roll-roles")
    made = rolled(plain, count=2, batch_percent=50)
    made.deploy(V1)
    made.deploy(Behaviour(name="v2"))
    yield made
    remove_stacks(story_cloud, f"{made.project}-")


def _of_replacing(right: Right) -> bool:
    return right.action in _REPLACING


def group(world: World) -> str:
    """The name of the one group."""
    return rolling_group(world.declaration.endpoint_config_name)


def template(world: World, slot: str) -> str:
    """The name of a slot's launch template."""
    return templates_in(world.declaration.endpoint_config_name)[slot]


def newest(world: World) -> tuple[str, str]:
    """Status and launch template of the newest refresh; empty texts where there is none."""
    scaling = client(world, "autoscaling")
    found = scaling.describe_instance_refreshes(AutoScalingGroupName=group(world), MaxRecords=1)
    for one in found["InstanceRefreshes"]:
        desired = one["DesiredConfiguration"]["LaunchTemplate"]
        return one["Status"], desired["LaunchTemplateName"]
    return "", ""


def bring(world: World, slot: str, *, share: int) -> None:
    """The slot has the instances for its share, and nothing is under way: as an administrator."""

    def there() -> bool:
        try:
            world.deployed.endpoints.wake(world.endpoint_name, slot, share=share)
        except ConflictError:
            return False
        return newest(world)[0] not in UNDER_WAY

    wait_for(there, seconds=SECONDS, what=f"{share} % of the instances for {slot}")


def runs(world: World, slot: str) -> bool:
    """Whether the group has an instance of the slot's version."""
    found = client(world, "autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[group(world)]
    )
    instances = found["AutoScalingGroups"][0]["Instances"]
    return template(world, slot) in {
        one["LaunchTemplate"]["LaunchTemplateName"] for one in instances
    }


def begin(world: World, slot: str, **preferences: object) -> None:
    """A refresh for the slot is under way, as an administrator."""
    client(world, "autoscaling").start_instance_refresh(
        AutoScalingGroupName=group(world),
        DesiredConfiguration={
            "LaunchTemplate": {
                "LaunchTemplateName": template(world, slot),
                "Version": FIRST_VERSION,
            }
        },
        Preferences={"ScaleInProtectedInstances": "Ignore", **preferences},
    )


def expect_refresh(world: World, slot: str, *statuses: str) -> None:
    """The newest refresh is of this slot, and has one of these statuses."""
    status, named = newest(world)
    if named != template(world, slot) or status not in statuses:
        raise StoryFailedError(f"the newest refresh is {status} by {named}")


def asked(world: World, role: Role, *outcomes: str, **changes: Any) -> None:
    """The function is asked once about an open release, and says one of these."""
    with privileges.opened(world, **changes) as record:
        task = {"release_id": record.release_id, "epoch": record.epoch}
        privileges.expect(privileges.invoke(world, role, task), *outcomes)


def shift_replaces(world: World, role: Role) -> None:
    """The candidate's first instance is on its way."""
    bring(world, "blue", share=100)
    asked(world, role, "shift")
    expect_refresh(world, "green", "Pending", "InProgress")


def shift_cancels(world: World, role: Role) -> None:
    """What makes instances of another version is ended first."""
    bring(world, "blue", share=100)
    begin(world, "blue", SkipMatching=False)
    asked(world, role, "shift")
    expect_refresh(world, "blue", "Cancelling", "Cancelled")


def settle_replaces(world: World, role: Role) -> None:
    """A release that goes back ends when the candidate's instances are replaced."""
    bring(world, "blue", share=100)
    bring(world, "green", share=50)
    asked(world, role, "settle", phase=Phase.RESTORING)
    expect_refresh(world, "blue", "Pending", "InProgress")


def settle_cancels(world: World, role: Role) -> None:
    """Not while the candidate gets more of them."""
    bring(world, "blue", share=100)
    begin(world, "green")
    asked(world, role, "settle", phase=Phase.RESTORING)
    expect_refresh(world, "green", "Cancelling", "Cancelled")


def verify_replaces(world: World, role: Role) -> None:
    """A deploy ends when every instance runs the live version, and new ones will."""
    bring(world, "blue", share=100)
    bring(world, "green", share=50)
    read_back(world, role, start_seconds=840)
    expect_refresh(world, "blue", "Successful")


def verify_aligns(world: World, role: Role) -> None:
    """What CloudFormation told the group when it went back is put right."""
    bring(world, "blue", share=100)
    client(world, "autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=group(world),
        LaunchTemplate={
            "LaunchTemplateName": template(world, "green"),
            "Version": FIRST_VERSION,
        },
    )
    read_back(world, role, start_seconds=840)
    found = client(world, "autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[group(world)]
    )
    named = found["AutoScalingGroups"][0]["LaunchTemplate"]["LaunchTemplateName"]
    if named != template(world, "blue"):
        raise StoryFailedError(f"new instances start from {named}")


def verify_cancels(world: World, role: Role) -> None:
    """What makes instances of another version is ended first."""
    bring(world, "blue", share=100)
    begin(world, "green")
    # Ended before it has made an instance, it would leave nothing to bring back.
    wait_for(lambda: runs(world, "green"), seconds=SECONDS, what="an instance for green")
    read_back(world, role, start_seconds=840)
    expect_refresh(world, "blue", "Successful")


_STORIES: dict[str, dict[str, Callable[[World, Role], None]]] = {
    "shift_traffic": {"shift_replaces": shift_replaces, "shift_cancels": shift_cancels},
    "settle_release": {"settle_replaces": settle_replaces, "settle_cancels": settle_cancels},
    "verify_release": {
        "verify_replaces": verify_replaces,
        "verify_aligns": verify_aligns,
        "verify_cancels": verify_cancels,
    },
}


@pytest.mark.parametrize("package", _STORIES)
def test_each_right_to_replace_instances_is_needed(
    world: FleetWorld, prover: Prover, package: str
) -> None:
    """Whoever may start a refresh needs what is launched by it, and no more."""
    role = Role(world=world, package=package)
    stories: dict[str, Story] = {**_STORIES[package]}
    prover.prove(f"{package}_of_rolling", role, stories, about=_of_replacing)
    bring(world, "blue", share=100)
