"""What devices of a fleet are and may do: rings as thing groups, their role, their policy.

Devices are not the template's: `tidegate edge enrol` puts things into rings, and a device gets its
certificate from whoever provisions it.
"""

from typing import Any

from stacks.components.arns import allow, policy, sub, trust
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.edge_functions import FleetPlace
from stacks.components.edge_version import artifacts_of
from stacks.project.edge_spec import EdgeSpec
from stacks.project.placement import Placement
from tidegate.asynchronous import split_url
from tidegate.edge.names import report_topic, ring_group
from tidegate.edge.rings import widths

ROLE, ALIAS, POLICY = "DeviceRole", "DeviceRoleAlias", "DevicePolicy"
CREDENTIALS = "credentials.iot.amazonaws.com"
_CREDENTIAL_SECONDS = 3_600
_THING = "${!iot:Connection.Thing.ThingName}"


def add_rings(blueprint: Blueprint, fleet: FleetPlace, spec: EdgeSpec) -> list[str]:
    """A static thing group a ring, with the devices that are expected; returns their ids."""
    ids = []
    for number, width in enumerate(widths(spec.ends), start=1):
        expected = -(-spec.devices * width // 100)
        attributes = {"expectedDevices": str(expected)}
        properties = {
            "ThingGroupName": ring_group(fleet.place, number),
            "ThingGroupProperties": {
                "ThingGroupDescription": f"{width} percent of the devices of {fleet.place}",
                "AttributePayload": {"Attributes": attributes},
            },
        }
        ids.append(blueprint.add(f"Ring{number}", "AWS::IoT::ThingGroup", properties))
    return ids


def add_device_rights(blueprint: Blueprint, fleet: FleetPlace, placement: Placement) -> None:
    """The role that devices get sessions of, its alias, and the policy of their certificates."""
    blueprint.add(
        ROLE,
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust(CREDENTIALS),
            "Policies": [policy("Work", _work(fleet, placement))],
        },
    )
    blueprint.add(
        ALIAS,
        "AWS::IoT::RoleAlias",
        {
            "RoleAlias": f"{fleet.place}-devices",
            "RoleArn": att(ROLE),
            "CredentialDurationSeconds": _CREDENTIAL_SECONDS,
        },
    )
    document = {"Version": "2012-10-17", "Statement": _connections(fleet)}
    blueprint.add(POLICY, "AWS::IoT::Policy", {"PolicyDocument": document})


def _work(fleet: FleetPlace, placement: Placement) -> list[dict[str, Any]]:
    """Artifacts of the versions in the slots, and reports under the device's own name.

    The nucleus asks for a bucket's region before it downloads (developer guide, "Authorize core
    devices to interact with AWS services").
    """
    objects = sorted(
        {"/".join(split_url(uri)) for v in placement.slots.values() for uri in artifacts_of(v)}
    )
    buckets = sorted({path.partition("/")[0] for path in objects})
    reports = f"topic/{report_topic(fleet.place, '${!credentials-iot:ThingName}')}"
    return [
        allow(["s3:GetObject"], [fleet.arns.s3(path) for path in objects]),
        allow(["s3:GetBucketLocation"], [fleet.arns.s3(bucket) for bucket in buckets]),
        allow(["iot:Publish"], [sub(fleet.arns.text("iot", reports))]),
    ]


def _connections(fleet: FleetPlace) -> list[dict[str, Any]]:
    """What a core device needs beside its role, as itself only.

    Source: Greengrass developer guide, "Minimal AWS IoT policy for AWS IoT Greengrass V2 core
    devices".
    """

    def of(resource: str) -> Any:
        return sub(fleet.arns.text("iot", resource))

    own = [
        f"$aws/things/{_THING}*/{part}"
        for part in ("greengrass/health/json", "jobs/*", "shadow/*", "greengrassv2/health/json")
    ]
    candidates = sub(fleet.arns.text("greengrass", "components:*"))
    core = sub(fleet.arns.text("greengrass", f"coreDevices:{_THING}"))
    return [
        allow(["iot:Connect"], [of(f"client/{_THING}*")]),
        allow(["iot:Publish", "iot:Receive"], [of(f"topic/{topic}") for topic in own]),
        allow(["iot:Subscribe"], [of(f"topicfilter/{topic}") for topic in own]),
        allow(["iot:AssumeRoleWithCertificate"], [att(ALIAS, "RoleAliasArn")]),
        allow(["greengrass:GetComponentVersionArtifact"], [candidates]),
        allow(["greengrass:ResolveComponentCandidates"], [candidates]),
        allow(
            ["greengrass:GetDeploymentConfiguration", "greengrass:ListThingGroupsForCoreDevice"],
            [core],
        ),
    ]


def tell_devices(blueprint: Blueprint, fleet: FleetPlace) -> None:
    """What whoever provisions devices has to know."""
    blueprint.tell("Place", fleet.place)
    blueprint.tell("RoleAlias", ref(ALIAS))
    blueprint.tell("DevicePolicyName", ref(POLICY))
