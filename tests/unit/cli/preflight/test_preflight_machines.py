"""Quotas of EC2: virtual processors that a deploy of a fleet needs at once."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.preflight.account import Asked
from cli.preflight.machines import Machines, machines_in, processors
from cli.preflight.needs import Needs, needs_of
from cli.preflight.result import Outcome
from tests.unit.cli.preflight.account_world import ACCOUNT, REGION, Account


def _group(slot: str) -> dict[str, Any]:
    launch = {"LaunchTemplateId": {"Ref": f"{slot}Launch"}, "Version": "1"}
    data = {"InstanceType": "m5.large"}
    return {
        f"{slot}Launch": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {"LaunchTemplateData": data},
        },
        f"{slot}Group": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {"MinSize": "0", "MaxSize": "2", "LaunchTemplate": launch},
        },
    }


@pytest.fixture
def needs(tmp_path: Path) -> Needs:
    """A fleet of two instances a slot."""
    return _needs(tmp_path, {**_group("Blue"), **_group("Green")})


def _needs(tmp_path: Path, resources: dict[str, Any]) -> Needs:
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT}/{REGION}",
        "properties": {"templateFile": "S.template.json"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"S": stack}}))
    (tmp_path / "S.template.json").write_text(json.dumps({"Resources": resources}))
    return needs_of(tmp_path, regions=(REGION,))


def test_a_deploy_needs_a_slot_more(needs: Needs):
    """The new group stands beside the one that it replaces."""
    assert machines_in(needs.assembly) == (Machines(type="m5.large", spot=False, count=6),)


def test_a_group_whose_instances_are_replaced_says_how_many_there_are_meanwhile(tmp_path: Path):
    """Nothing stands beside it: it may have so many itself."""
    group = _group("")
    group["Group"]["Properties"] |= {"DesiredCapacity": "2", "MaxSize": "4"}
    assert machines_in(_needs(tmp_path, group).assembly) == (
        Machines(type="m5.large", spot=False, count=4),
    )


def test_instances_need_the_image_that_they_pull(tmp_path: Path):
    """It is in their user data, once for each slot; AWS's own commands are no images."""
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/models/flights:3"
    told = (
        f"ExecStartPre=/usr/bin/docker pull --quiet {image}\nExecStart=docker run {image} serve\n"
    )
    group = _group("")
    data = group["Launch"]["Properties"]["LaunchTemplateData"]
    data["UserData"] = {"Fn::Base64": {"Fn::Sub": [told, {"Artifact": "s3://b/k"}]}}
    assert _needs(tmp_path, group).images == (image,)


@pytest.mark.parametrize(("limit", "outcome"), [(11.0, Outcome.FAILED), (12.0, Outcome.OK)])
def test_processors_are_held_against_the_quota(needs: Needs, limit: float, outcome: Outcome):
    """Six instances of two."""
    account = Account()
    types = {"InstanceTypes": [{"InstanceType": "m5.large", "VCpuInfo": {"DefaultVCpus": 2}}]}
    account.will("ec2", "describe_instance_types", types)
    account.will("service-quotas", "get_service_quota", {"Quota": {"Value": limit}})

    (result,) = processors(_asked(account, needs))

    assert result.outcome is outcome
    assert "12 needed for 6 x m5.large" in result.said


def test_what_cannot_be_looked_up_is_told(needs: Needs):
    """With the rights that it takes."""
    account = Account()
    account.refuses("ec2", "describe_instance_types", "UnauthorizedOperation")

    (result,) = processors(_asked(account, needs))

    assert result.outcome is Outcome.UNKNOWN
    assert "ec2:DescribeInstanceTypes" in result.advice


def _asked(account: Account, needs: Needs) -> Asked:
    target: Any = _Target(account)
    return Asked(target=target, needs=needs)


class _Target:
    """An account on AWS."""

    embedded = False
    region = REGION

    def __init__(self, account: Account) -> None:
        self.client = account.client
