"""The template of a model on EC2 instances: two closed groups behind one load balancer."""

from typing import Any

import pytest

from stacks.components.fleet_network import PORT
from tests.synth.assembly import ROOT, Assembly
from tests.synth.examples import synthesized

STACK = "machines-dev-model-flights"
GPU = "gpus-dev-model-flights"
ROLLING = "rolling-machines-dev-model-flights"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example's assembly."""
    return synthesized(ROOT / "examples" / "hosting" / "ec2.yaml", tmp_path_factory.mktemp("fleet"))


@pytest.fixture(scope="module")
def gpu(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The assembly of the example with a GPU."""
    return synthesized(
        ROOT / "examples" / "hosting" / "ec2-gpu.yaml", tmp_path_factory.mktemp("gpu")
    )


@pytest.fixture(scope="module")
def rolling(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The assembly of the example with one group."""
    return synthesized(
        ROOT / "examples" / "hosting" / "ec2-rolling.yaml", tmp_path_factory.mktemp("rolling")
    )


def launched(template: Assembly, stack: str = STACK, slot: str = "Blue") -> dict[str, Any]:
    """What a slot's instances are launched from."""
    found = template.resources(stack, "AWS::EC2::LaunchTemplate")[f"{slot}Launch"]
    data: dict[str, Any] = found["Properties"]["LaunchTemplateData"]
    return data


def text_of(data: dict[str, Any]) -> str:
    """The user data before CloudFormation fills it in."""
    return str(data["UserData"]["Fn::Base64"]["Fn::Sub"][0])


def test_instances_are_reached_by_session_manager_and_the_balancer_only(template: Assembly):
    """No key pair, IMDSv2 with one hop, an encrypted volume, no way in but the one port."""
    data = launched(template)

    assert "KeyName" not in data
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    doors = template.resources(STACK, "AWS::EC2::SecurityGroupIngress")
    ports = {name: one["Properties"]["FromPort"] for name, one in doors.items()}
    assert ports == {
        "BalancerGroupFromAskingGroup": PORT,
        "InstanceGroupFromBalancerGroup": PORT,
    }
    for group in template.resources(STACK, "AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group["Properties"]


def test_the_newest_image_is_taken_at_each_deploy(template: Assembly, gpu: Assembly):
    """By its public parameter: plain Amazon Linux, or with a GPU the Deep Learning AMI."""
    plain = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    deep = "base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id"

    assert launched(template)["ImageId"] == f"{{{{resolve:ssm:{plain}}}}}"
    assert deep in launched(gpu, GPU)["ImageId"]


def test_a_unit_serves_the_model_by_the_container_contract(template: Assembly, gpu: Assembly):
    """The artifact is fetched, the image run with its environment; GPUs where there are any."""
    text = text_of(launched(template))

    assert text.startswith("#cloud-config\npackages: [docker]\n")
    assert "SAGEMAKER_PROGRAM=inference.py" in text
    assert f"--publish={PORT}:8080" in text
    assert "--gpus" not in text
    with_gpu = text_of(launched(gpu, GPU))
    assert "--gpus=all" in with_gpu
    assert "packages" not in with_gpu
    assert launched(gpu, GPU)["InstanceMarketOptions"] == {"MarketType": "spot"}


def test_both_slots_have_the_version_and_a_group_that_is_named_by_it(template: Assembly):
    """What is declared is read back under these names."""
    groups = template.resources(STACK, "AWS::AutoScaling::AutoScalingGroup")
    names = {slot: one["Properties"]["AutoScalingGroupName"] for slot, one in groups.items()}
    verify = template.resources(STACK, "Custom::ReleaseVerify")["ReleaseVerify"]["Properties"]

    assert names["BlueGroup"].startswith("machines-dev-flights-blue-")
    declared = f"blue={names['BlueGroup']} green={names['GreenGroup']}"
    assert verify["EndpointConfigName"] == declared
    assert verify["EndpointName"] == "fleet/machines-dev-flights"
    assert {one["Properties"]["HealthCheckType"] for one in groups.values()} == {"ELB"}


def test_the_header_names_the_slot(template: Assembly):
    """A rule a slot, and an error for who names none."""
    rules = template.resources(STACK, "AWS::ElasticLoadBalancingV2::ListenerRule")

    led = {
        rule["Properties"]["Conditions"][0]["HttpHeaderConfig"]["Values"][0]: (
            rule["Properties"]["Actions"][0]["TargetGroupArn"]["Ref"]
        )
        for rule in rules.values()
    }
    assert led == {"blue": "BlueTargets", "green": "GreenTargets"}
    balancers = template.resources(STACK, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert balancers["Balancer"]["Properties"]["Scheme"] == "internal"


def test_nothing_changes_before_the_guard(template: Assembly):
    """What serves hangs on resources that come after it."""
    for kind in ("AWS::EC2::VPC", "AWS::IAM::InstanceProfile"):
        for resource in template.resources(STACK, kind).values():
            text = str(resource)
            assert "ReleaseGuard" in text or "InstanceRole" in text
    role = template.resources(STACK, "AWS::IAM::Role")["InstanceRole"]
    assert role["DependsOn"] == ["ReleaseGuard"]


def test_one_group_has_a_port_a_version(rolling: Assembly):
    """Each version is healthy in its own target group only; no instance is replaced by a deploy."""
    targets = rolling.resources(ROLLING, "AWS::ElasticLoadBalancingV2::TargetGroup")
    ports = {name: one["Properties"]["Port"] for name, one in targets.items()}
    assert ports == {"BlueTargets": PORT, "GreenTargets": PORT + 1}
    for slot, port in (("Blue", PORT), ("Green", PORT + 1)):
        assert f"--publish={port}:8080" in text_of(launched(rolling, ROLLING, slot))
    doors = rolling.resources(ROLLING, "AWS::EC2::SecurityGroupIngress")
    door = doors["InstanceGroupFromBalancerGroup"]["Properties"]
    assert (door["FromPort"], door["ToPort"]) == (PORT, PORT + 1)
    (group,) = rolling.resources(ROLLING, "AWS::AutoScaling::AutoScalingGroup").values()
    shape = group["Properties"]
    assert (shape["MinSize"], shape["DesiredCapacity"], shape["MaxSize"]) == ("4", "4", "8")
    assert shape["HealthCheckType"] == "EC2"
    assert shape["LaunchTemplate"]["LaunchTemplateId"] == {"Ref": "BlueLaunch"}
    assert {arn["Ref"] for arn in shape["TargetGroupARNs"]} == set(ports)
    assert "UpdatePolicy" not in group


def test_one_group_is_declared_with_its_templates(rolling: Assembly):
    """By names that change with their content; both slots have the first version."""
    templates = rolling.resources(ROLLING, "AWS::EC2::LaunchTemplate")
    names = {slot: one["Properties"]["LaunchTemplateName"] for slot, one in templates.items()}
    verify = rolling.resources(ROLLING, "Custom::ReleaseVerify")["ReleaseVerify"]["Properties"]
    assert verify["EndpointName"] == "fleet/rolling/rolling-machines-dev-flights"
    assert verify["EndpointConfigName"] == (
        f"blue={names['BlueLaunch']} green={names['GreenLaunch']} "
        "group=rolling-machines-dev-flights-rolling"
    )
    assert verify["StartSeconds"] == 720


def test_instances_are_launched_from_the_stages_templates_only(rolling: Assembly):
    """Who starts a refresh may run what has the stage's tag, and pass roles below its path."""
    release = "rolling-machines-dev-release"
    roles = rolling.resources(release, "AWS::IAM::Role")
    for name in ("ShiftTrafficRole", "SettleReleaseRole", "VerifyReleaseRole"):
        statements = roles[name]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        runs = [one for one in statements if "ec2:RunInstances" in one["Action"]]
        assert [set(one["Condition"]) for one in runs] == [{"StringLike"}, {"ArnLike"}]
    role = rolling.resources(ROLLING, "AWS::IAM::Role")["InstanceRole"]
    assert role["Properties"]["Path"] == "/rolling-machines-dev-instances/"
