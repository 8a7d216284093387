"""Instance refreshes of the embedded cloud's auto-scaling groups, whose instances serve nothing."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud, Settings
from tests.contract.refreshed_fleet import IMAGE, SURGE, Fleet
from tests.polling import until

pytestmark = pytest.mark.accept

TIME_SCALE = 100.0


@pytest.fixture(scope="module")
def cloud() -> Iterator[EmbeddedCloud]:
    """A cloud of its own."""
    with EmbeddedCloud.start(Settings(time_scale=TIME_SCALE)) as started:
        yield started


@pytest.fixture
def fleet(cloud: EmbeddedCloud) -> Iterator[Fleet]:
    """A group of three whose instances are in service; gone after the test."""
    made = Fleet(cloud)
    yield made
    made.scaling.delete_auto_scaling_group(AutoScalingGroupName=made.name, ForceDelete=True)


def test_a_group_is_rolled_a_batch_at_a_time(fleet: Fleet) -> None:
    """What is protected stays as it is; each refresh succeeds, and the group has its template."""
    waiting = sorted(fleet.ids(fleet.old))
    batch = {"ScaleInProtectedInstances": "Ignore", "SkipMatching": True}

    fleet.protect(set(waiting[1:]))
    done = fleet.await_end(fleet.start(fleet.new, **batch))

    assert (done["Status"], done["PercentageComplete"]) == ("Successful", 100)
    assert done["InstancesToUpdate"] == 0
    assert done["DesiredConfiguration"] == {"LaunchTemplate": fleet.new}
    fleet.await_templates([fleet.new, fleet.old, fleet.old])
    assert fleet.ids(fleet.old) == set(waiting[1:])
    assert fleet.starts_from() == fleet.new
    first = fleet.ids(fleet.new)

    fleet.protect(set(waiting[1:]), protected=False)
    done = fleet.await_end(fleet.start(fleet.new, **batch))

    assert done["Status"] == "Successful"
    fleet.await_templates([fleet.new] * 3)
    assert first < fleet.ids(fleet.new)


def test_what_matches_is_skipped(fleet: Fleet) -> None:
    """A refresh with nothing to do succeeds; without that preference all are replaced."""
    before = fleet.ids(fleet.old)
    named = {"LaunchTemplateName": f"{fleet.name}-old", "Version": "$Latest"}

    done = fleet.await_end(fleet.start(named, SkipMatching=True))
    assert (done["Status"], done["PercentageComplete"]) == ("Successful", 100)
    assert fleet.ids(fleet.old) == before
    assert fleet.group()["LaunchTemplate"]["Version"] == named["Version"]

    done = fleet.await_end(fleet.start())
    assert done["Status"] == "Successful"
    assert not before & fleet.ids(fleet.old)


def test_one_refresh_goes_on_at_a_time_and_can_be_cancelled(fleet: Fleet) -> None:
    """The group's template stays, and so does its number of instances."""
    spec = {"DesiredConfiguration": {"LaunchTemplate": fleet.new}}
    assert fleet.refused("cancel_instance_refresh")[0] == "ActiveInstanceRefreshNotFound"
    going_on = fleet.start(fleet.new, InstanceWarmup=86_400)
    until(lambda: len(fleet.ids(fleet.new)) == 3, seconds=20, what="the new instances")
    assert len(fleet.ids(fleet.old)) == 3
    assert fleet.refresh(going_on)["Status"] == "InProgress"

    code, message = fleet.refused("start_instance_refresh", **spec)
    assert code == "InstanceRefreshInProgress"
    assert message.startswith("An Instance Refresh is already in progress and blocks")
    code, message = fleet.refused("update_auto_scaling_group", LaunchTemplate=fleet.new)
    assert code == "ValidationError"
    assert "An active instance refresh with a desired configuration exists." in message

    fleet.scaling.cancel_instance_refresh(AutoScalingGroupName=fleet.name)
    done = fleet.await_end(going_on)
    assert (done["Status"], done["PercentageComplete"]) == ("Cancelled", 0)
    until(lambda: len(fleet.group()["Instances"]) == 3, seconds=20, what="three instances")
    assert fleet.starts_from() == fleet.old


def test_missing_instances_are_of_the_desired_template(fleet: Fleet) -> None:
    """A scale-out during a refresh launches what will be."""
    fleet.start(fleet.new, InstanceWarmup=86_400, MaxHealthyPercentage=100)
    fleet.scaling.set_desired_capacity(AutoScalingGroupName=fleet.name, DesiredCapacity=5)

    until(lambda: len(fleet.ids(fleet.new)) == 3, seconds=20, what="the new instances")
    assert len(fleet.ids(fleet.old)) == 3


def test_refreshes_are_shown_the_newest_first(fleet: Fleet) -> None:
    """A page at a time, with the preferences that hold."""
    made = []
    for _ in range(3):
        made.insert(0, fleet.start(SkipMatching=True))
        fleet.await_end(made[0])

    describe = fleet.scaling.describe_instance_refreshes
    page = describe(AutoScalingGroupName=fleet.name, MaxRecords=2)
    rest = describe(AutoScalingGroupName=fleet.name, NextToken=page["NextToken"])
    assert "NextToken" not in rest
    found = [*page["InstanceRefreshes"], *rest["InstanceRefreshes"]]
    assert [one["InstanceRefreshId"] for one in found] == made
    assert found[0]["StartTime"] <= found[0]["EndTime"]
    assert found[0]["Preferences"] == {
        **SURGE,
        "SkipMatching": True,
        "AutoRollback": False,
        "ScaleInProtectedInstances": "Wait",
        "StandbyInstances": "Wait",
    }
    assert fleet.refused("describe_instance_refreshes", NextToken="x")[0] == "InvalidNextToken"


def test_protected_instances_are_spared_when_a_group_shrinks(fleet: Fleet) -> None:
    """Others end; where all are protected none does, until the group itself ends."""
    first, *others = sorted(fleet.ids(fleet.old))
    fleet.protect(set(others))
    shown = fleet.scaling.describe_auto_scaling_instances(InstanceIds=others)
    assert all(one["ProtectedFromScaleIn"] for one in shown["AutoScalingInstances"])

    fleet.scaling.set_desired_capacity(AutoScalingGroupName=fleet.name, DesiredCapacity=1)

    until(lambda: first not in fleet.ids(fleet.old), seconds=20, what="the end of an instance")
    assert fleet.ids(fleet.old) == set(others)
    fleet.protect({others[0]}, protected=False)
    fleet.await_templates([fleet.old])
    assert fleet.ids(fleet.old) == {others[1]}


def test_a_protected_instance_that_is_unhealthy_is_replaced(fleet: Fleet) -> None:
    """Protection is from scaling in only."""
    before = fleet.ids(fleet.old)
    fleet.protect(before)
    first = min(before)

    fleet.scaling.terminate_instance_in_auto_scaling_group(
        InstanceId=first, ShouldDecrementDesiredCapacity=False
    )

    until(lambda: first not in fleet.ids(fleet.old), seconds=20, what="the end of an instance")
    fleet.await_templates([fleet.old] * 3)
    assert fleet.ids(fleet.old) > before - {first}


def test_a_default_warm_up_is_kept_and_taken_away(fleet: Fleet) -> None:
    """It is a refresh's where that names none; without one the grace period is."""
    update = fleet.scaling.update_auto_scaling_group
    update(AutoScalingGroupName=fleet.name, DefaultInstanceWarmup=45, HealthCheckGracePeriod=7)
    assert fleet.group()["DefaultInstanceWarmup"] == 45

    def warmup() -> int:
        started = fleet.scaling.start_instance_refresh(
            AutoScalingGroupName=fleet.name, Preferences={"SkipMatching": True}
        )
        return int(fleet.await_end(started["InstanceRefreshId"])["Preferences"]["InstanceWarmup"])

    assert warmup() == 45
    update(AutoScalingGroupName=fleet.name, DefaultInstanceWarmup=-1)
    assert "DefaultInstanceWarmup" not in fleet.group()
    assert warmup() == 7


def test_a_template_may_say_the_default_warm_up_as_text(cloud: EmbeddedCloud) -> None:
    """As all numbers of a group."""
    stacks: Any = cloud.session().client("cloudformation")
    name = f"stack-{uuid.uuid4().hex[:8]}"
    launch = {"LaunchTemplateData": {"ImageId": IMAGE, "InstanceType": "m5.large"}}
    group = {
        "AutoScalingGroupName": name,
        "MinSize": "0",
        "MaxSize": "1",
        "DefaultInstanceWarmup": "45",
        "LaunchTemplate": {
            "LaunchTemplateId": {"Ref": "Launch"},
            "Version": {"Fn::GetAtt": ["Launch", "LatestVersionNumber"]},
        },
    }
    resources = {
        "Launch": {"Type": "AWS::EC2::LaunchTemplate", "Properties": launch},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": group},
    }
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    stacks.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )

    found = (
        cloud.session()
        .client("autoscaling")
        .describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    )
    assert found["AutoScalingGroups"][0]["DefaultInstanceWarmup"] == 45
    stacks.delete_stack(StackName=name)


def test_what_a_refresh_can_not_do_is_refused(fleet: Fleet) -> None:
    """By AWS's rules, or by name where only AWS does it; nothing is started."""

    def told(**request: Any) -> str:
        code, message = fleet.refused("start_instance_refresh", **request)
        assert code == "ValidationError"
        return message

    def preferring(**preferences: Any) -> str:
        return told(Preferences=preferences)

    mixed = {"MixedInstancesPolicy": {"InstancesDistribution": {"SpotMaxPrice": "1"}}}
    absent = {"LaunchTemplateId": "lt-0123456789abcdef0"}
    assert "does not exist" in told(DesiredConfiguration={"LaunchTemplate": absent})
    assert "MinHealthyPercentage" in preferring(MaxHealthyPercentage=120)
    assert "greater than 100" in preferring(MinHealthyPercentage=80, MaxHealthyPercentage=190)
    assert "0 to 100" in preferring(MinHealthyPercentage=101)
    assert "100 to 200" in preferring(MinHealthyPercentage=100, MaxHealthyPercentage=201)
    assert "must be one of" in preferring(ScaleInProtectedInstances="Never")
    assert "emulate CheckpointPercentages" in preferring(CheckpointPercentages=[50])
    assert "emulate BakeTime" in preferring(BakeTime=60)
    assert "emulate AutoRollback" in preferring(AutoRollback=True)
    assert "emulate AlarmSpecification" in preferring(AlarmSpecification={"Alarms": ["a"]})
    assert "emulate Strategy" in told(Strategy="ReplaceRootVolume")
    assert "emulate MixedInstancesPolicy" in told(DesiredConfiguration=mixed)
    rolled_back = fleet.refused("rollback_instance_refresh")
    assert "emulate the operation RollbackInstanceRefresh" in rolled_back[1]
    found = fleet.scaling.describe_instance_refreshes(AutoScalingGroupName=fleet.name)
    assert found["InstanceRefreshes"] == []


def test_who_names_a_launch_template_needs_what_it_launches(
    cloud: EmbeddedCloud, fleet: Fleet
) -> None:
    """RunInstances on the template and on instances, PassRole on its instance profile's role."""
    iam = cloud.session().client("iam")
    role = _profile(iam, fleet.name)
    spec = fleet.template(f"{fleet.name}-role", IamInstanceProfile={"Name": fleet.name})
    user, allow = _user(cloud, iam, fleet.name)
    group = fleet.group()["AutoScalingGroupARN"].replace(f":{_middle(fleet)}:", ":*:")
    named = f"arn:aws:ec2:us-east-1:{cloud.account}:launch-template/{spec['LaunchTemplateId']}"
    request = {
        "AutoScalingGroupName": fleet.name,
        "DesiredConfiguration": {"LaunchTemplate": spec},
    }

    start = [{"Effect": "Allow", "Action": "autoscaling:StartInstanceRefresh", "Resource": group}]
    every = [named, f"arn:aws:ec2:us-east-1:{cloud.account}:instance/*"]
    runs = [{"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": every}]
    passes = [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": role}]
    for statements, missing in (
        (start, "ec2:RunInstances"),
        (start + runs, "iam:PassRole"),
        (runs + passes, "autoscaling:StartInstanceRefresh"),
    ):
        allow(statements)
        with pytest.raises(ClientError, match=f"not authorized to perform: {missing}"):
            user.start_instance_refresh(**request)
    allow(start + runs + passes)
    assert user.start_instance_refresh(**request)["InstanceRefreshId"]


def _middle(fleet: Fleet) -> str:
    return str(fleet.group()["AutoScalingGroupARN"].split(":")[6])


def _profile(iam: Any, name: str) -> str:
    """An instance profile with a role; the role's ARN."""
    service = {"Service": "ec2.amazonaws.com"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": service}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document([trust]))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return str(made["Role"]["Arn"])


def _user(cloud: EmbeddedCloud, iam: Any, name: str) -> tuple[Any, Any]:
    """A client of a user's, and what gives the user a policy."""
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client = cloud.session().client(
        "autoscaling",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )

    def allow(statements: list[dict[str, Any]]) -> None:
        document = _document(statements)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)

    return client, allow


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
