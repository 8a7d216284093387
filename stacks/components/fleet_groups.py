"""Launch template and auto-scaling group of each slot of a fleet, and what its instances may do.

A group's name ends with a digest of all that its instances start from: a change is another group,
which CloudFormation makes before it ends the one before, and a rollback never touches what serves.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.execution_role import repository_arn
from stacks.components.fleet_network import INSTANCE_GROUP, group_id
from stacks.components.fleet_userdata import Serves, user_data
from stacks.components.handler_function import add_log
from stacks.components.subnets import public_subnets
from stacks.project.names import shortened
from stacks.project.spec import Ec2Spec
from tidegate.slots import Slot
from tidegate.version import Version

LOG, ROLE, PROFILE = "ContainerLog", "InstanceRole", "InstanceProfile"
OWNER_TAG, SLOT_TAG = "tidegate:model", "tidegate:slot"
_GROUP_LIMIT = 255
"""CreateAutoScalingGroup, API reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotProps:
    """One slot of a fleet: the place (PROJECT-STAGE-MODEL), the slot, what it serves and where."""

    place: str
    slot: Slot
    version: Version
    hosting: Ec2Spec
    arns: Arns
    target_group: str
    port: int


def slot_id(slot: Slot, kind: str) -> str:
    """The logical id of a resource of a slot."""
    return f"{slot.value.capitalize()}{kind}"


def add_instance_role(
    blueprint: Blueprint,
    versions: Sequence[Version],
    arns: Arns,
    *,
    guard: str,
    path: str | None = None,
) -> None:
    """Role and log of the instances are there, after the guard; the role below `path`.

    Session Manager instead of SSH: Systems Manager user guide, "Create a custom IAM role for
    Session Manager"; its actions take no resource.
    """
    add_log(blueprint, LOG, arns.stage)
    artifacts = sorted({v.artifact_uri.removeprefix("s3://") for v in versions})
    images = sorted({repository_arn(arns, version.image) for version in versions})
    channels = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel")
    session = [f"ssmmessages:{name}" for name in (*channels, "OpenDataChannel")]
    statements = [
        allow(["s3:GetObject"], [arns.s3(path) for path in artifacts]),
        allow(["ecr:GetAuthorizationToken"], ["*"]),
        allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            images,
        ),
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [att(LOG)]),
        allow(["ssm:UpdateInstanceInformation", *session], ["*"]),
    ]
    blueprint.add(
        ROLE,
        "AWS::IAM::Role",
        {
            "Description": "Instances of a fleet: artifact, image, log, Session Manager",
            "Path": path,
            "AssumeRolePolicyDocument": trust("ec2.amazonaws.com"),
            "Policies": [policy("Hosting", statements)],
        },
        after=[guard],
    )
    blueprint.add(PROFILE, "AWS::IAM::InstanceProfile", {"Roles": [ref(ROLE)]})


def add_slot(blueprint: Blueprint, props: SlotProps, *, after: Sequence[str]) -> str:
    """Launch template and group of a slot are there; returns the group's name."""
    data = launch_data(props)
    template = slot_id(props.slot, "Launch")
    blueprint.add(template, "AWS::EC2::LaunchTemplate", {"LaunchTemplateData": data}, after=after)
    name = group_name(props)
    count = str(props.hosting.instances)
    blueprint.add(
        slot_id(props.slot, "Group"),
        "AWS::AutoScaling::AutoScalingGroup",
        {
            "AutoScalingGroupName": name,
            # One that may sleep starts with its instances, and is brought to none when it is idle.
            "MinSize": count if props.hosting.idle_seconds is None else "0",
            "MaxSize": count,
            "DesiredCapacity": None if props.hosting.idle_seconds is None else count,
            "VPCZoneIdentifier": public_subnets(),
            "LaunchTemplate": {
                "LaunchTemplateId": ref(template),
                "Version": att(template, "LatestVersionNumber"),
            },
            "TargetGroupARNs": [ref(props.target_group)],
            "HealthCheckType": "ELB",
            "HealthCheckGracePeriod": props.hosting.start_seconds,
            "Tags": _tags(props),
        },
        after=after,
    )
    return name


def group_name(props: SlotProps) -> str:
    """The group's name: it changes with all that its instances are."""
    return named_by_content(props, [props.hosting.instances], limit=_GROUP_LIMIT)


def named_by_content(props: SlotProps, more: Sequence[Any], *, limit: int) -> str:
    """Place, slot, and a digest of what the slot's instances start from, and of what `more` says.

    Where the artifact is does not count: a live version is known by its digest, wherever it was
    published, and its place is a literal where a new one's is filled in by CloudFormation.
    """
    anywhere = replace(props, version=replace(props.version, artifact_uri=""))
    made_of = json.dumps([launch_data(anywhere), *more], sort_keys=True)
    digest = hashlib.sha256(f"{props.version.digest} {made_of}".encode()).hexdigest()[:8]
    end = f"-{props.slot.value}-{digest}"
    return f"{shortened(props.place, limit - len(end))}{end}"


def _tags(props: SlotProps) -> list[dict[str, Any]]:
    named = {"Name": f"{props.place}-{props.slot.value}", OWNER_TAG: props.place}
    tags = {**named, SLOT_TAG: props.slot.value}
    return [{"Key": k, "Value": v, "PropagateAtLaunch": True} for k, v in tags.items()]


def launch_data(props: SlotProps) -> dict[str, Any]:
    """IMDSv2 only, no key pair, an encrypted volume, and the newest image at each deploy."""
    hosting = props.hosting
    serves = Serves(
        version=props.version,
        hosting=hosting,
        region=props.arns.stage.region,
        log_group=ref(LOG),
        port=props.port,
    )
    volume = {"VolumeType": "gp3", "VolumeSize": hosting.volume_gb, "Encrypted": True}
    market = {"InstanceMarketOptions": {"MarketType": "spot"}} if hosting.spot else {}
    return {
        "ImageId": f"{{{{resolve:ssm:{hosting.image.parameter}}}}}",
        "InstanceType": hosting.instance_type,
        "IamInstanceProfile": {"Arn": att(PROFILE)},
        "MetadataOptions": {
            "HttpTokens": "required",
            "HttpEndpoint": "enabled",
            "HttpPutResponseHopLimit": 1,
        },
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "AssociatePublicIpAddress": True,
                "Groups": [group_id(INSTANCE_GROUP)],
            }
        ],
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": volume}],
        "UserData": user_data(serves),
        **market,
    }
