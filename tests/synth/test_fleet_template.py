"""The template of a model on EC2 instances: two closed groups behind one load balancer."""

from typing import Any

import pytest

from stacks.components.fleet_network import PORT
from tests.synth.assembly import ROOT, Assembly
from tests.synth.examples import synthesized

STACK = "machines-dev-model-flights"
GPU = "gpus-dev-model-flights"


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
