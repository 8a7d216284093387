"""Auto-scaling groups of the embedded cloud, behind a load balancer: real model processes."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud, Settings
from tests.emulated_groups import Depot
from tests.emulated_hosting import GOOD
from tests.polling import until

pytestmark = pytest.mark.accept

TIME_SCALE = 60.0


@pytest.fixture(scope="module")
def depot() -> Iterator[Depot]:
    """A cloud of its own with a group of two that answers."""
    with EmbeddedCloud.start(Settings(time_scale=TIME_SCALE)) as cloud:
        made = Depot(cloud)
        made.deploy()
        made.await_healthy(2)
        yield made


def test_an_instance_serves_what_its_user_data_declares(depot: Depot) -> None:
    """The artifact is fetched, the container answers, a function in the network finds it by name.

    What names no slot gets the listener's own answer.
    """
    answer = depot.ask()

    assert answer["status"] == 200
    assert answer["body"] == {"model": depot.artifact.rpartition("/")[2], "data": {"a": 1}}
    assert "404" in depot.ask("pink")["errorMessage"]


def test_a_group_keeps_its_number_of_instances(depot: Depot) -> None:
    """One that is terminated is replaced; capacity follows what is asked for."""
    before = depot.await_healthy(2)

    depot.groups.terminate_instance_in_auto_scaling_group(
        InstanceId=before[0], ShouldDecrementDesiredCapacity=False
    )
    until(lambda: before[0] not in depot.healthy(), seconds=30, what="the end of an instance")
    after = depot.await_healthy(2)
    assert before[1] in after
    assert before[0] not in after

    depot.groups.set_desired_capacity(AutoScalingGroupName=depot.name, DesiredCapacity=3)
    depot.await_healthy(3)
    depot.groups.set_desired_capacity(AutoScalingGroupName=depot.name, DesiredCapacity=2)
    depot.await_healthy(2)
    with pytest.raises(ClientError, match="must be between"):
        depot.groups.set_desired_capacity(AutoScalingGroupName=depot.name, DesiredCapacity=5)


def test_groups_are_found_by_their_tags(depot: Depot) -> None:
    """And tell the launch template's version of each instance."""
    found = depot.groups.describe_auto_scaling_groups(
        Filters=[{"Name": "tag:shop", "Values": [depot.name]}]
    )["AutoScalingGroups"]

    assert [group["AutoScalingGroupName"] for group in found] == [depot.name]
    assert {one["LaunchTemplate"]["Version"] for one in found[0]["Instances"]} == {"1"}
    assert (
        depot.groups.describe_auto_scaling_groups(
            Filters=[{"Name": "tag:shop", "Values": ["other"]}]
        )["AutoScalingGroups"]
        == []
    )


def test_what_is_not_emulated_is_refused(depot: Depot) -> None:
    """Nothing is taken and then ignored."""
    with pytest.raises(ClientError, match="does not emulate CapacityRebalance"):
        depot.groups.update_auto_scaling_group(
            AutoScalingGroupName=depot.name, CapacityRebalance=True
        )
    with pytest.raises(ClientError, match="does not emulate the operation PutScalingPolicy"):
        depot.groups.put_scaling_policy(
            AutoScalingGroupName=depot.name, PolicyName="p", AdjustmentType="ExactCapacity"
        )


def test_another_name_is_another_group_and_the_old_one_ends(depot: Depot) -> None:
    """A replacement: requests are answered all the time."""
    other = Depot(depot.cloud)
    other.deploy(instances=1)
    other.await_healthy(1)
    old, other.name = other.name, f"{other.name}-2"
    artifact = other.hosting.artifact(GOOD)

    other.deploy(instances=1, artifact=artifact, name=other.name)

    other.await_healthy(1)
    assert other.ask()["body"]["model"] == artifact.rpartition("/")[2]
    gone = other.groups.describe_auto_scaling_groups(AutoScalingGroupNames=[old])
    assert gone["AutoScalingGroups"] == []
    other.destroy()


def test_an_instance_whose_role_may_not_read_the_artifact_serves_nothing(depot: Depot) -> None:
    """It runs, and its health checks fail, as on AWS."""
    other = Depot(depot.cloud)
    other.deploy(instances=1, reads="arn:aws:s3:::elsewhere/*")

    def states() -> set[str]:
        found = other.elb.describe_target_health(TargetGroupArn=other.id_of("Targets"))
        return {one["TargetHealth"]["State"] for one in found["TargetHealthDescriptions"]}

    until(lambda: states() == {"unhealthy"}, seconds=30, what="a failed health check")
    other.destroy()
