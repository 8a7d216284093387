"""A fleet of one group: a launch template a slot, and instances that are replaced a batch a step.

Each slot has a port of its own at which its container answers. The group's instances are in the
target groups of both slots, and healthy in that of the version that they run only: so the load
balancer leads to a slot's instances although there is one group. Health of instances is therefore
EC2's own: by load balancing an instance would have to be healthy in both (EC2 Auto Scaling user
guide, "Health checks for instances in an Auto Scaling group").
"""

from collections.abc import Mapping, Sequence

from stacks.components.blueprint import Blueprint, ref
from stacks.components.fleet_groups import (
    OWNER_TAG,
    SlotProps,
    launch_data,
    named_by_content,
    slot_id,
)
from stacks.components.fleet_network import PORT
from stacks.components.subnets import public_subnets
from stacks.project.names import shortened
from tidegate.ec2 import FIRST_VERSION, rolling_config
from tidegate.slots import PAIR, Slot

GROUP = "Group"
ROLLING_PORTS: Mapping[Slot, int] = {slot: PORT + number for number, slot in enumerate(PAIR)}
_GROUP_LIMIT, _TEMPLATE_LIMIT = 255, 128
"""CreateAutoScalingGroup and CreateLaunchTemplate, API references."""


def add_rolling(
    blueprint: Blueprint, slots: Mapping[Slot, SlotProps], live: Slot, *, after: Sequence[str]
) -> str:
    """Launch templates and group are there; returns what is declared of them.

    New instances start from the live version. CloudFormation replaces none: the release does.
    """
    named = {slot: _add_template(blueprint, props, after=after) for slot, props in slots.items()}
    props = slots[live]
    name = f"{shortened(props.place, _GROUP_LIMIT - len('-rolling'))}-rolling"
    count = props.hosting.instances
    tags = {"Name": props.place, OWNER_TAG: props.place}
    blueprint.add(
        GROUP,
        "AWS::AutoScaling::AutoScalingGroup",
        {
            "AutoScalingGroupName": name,
            "MinSize": str(count),
            # A batch has its new instances before the old ones go, the last of them all at once.
            "MaxSize": str(2 * count),
            "DesiredCapacity": str(count),
            "VPCZoneIdentifier": public_subnets(),
            "LaunchTemplate": {
                "LaunchTemplateId": ref(template_id(live)),
                "Version": FIRST_VERSION,
            },
            "TargetGroupARNs": [ref(slots[slot].target_group) for slot in slots],
            "HealthCheckType": "EC2",
            "HealthCheckGracePeriod": 0,
            "DefaultInstanceWarmup": props.hosting.start_seconds,
            "Tags": [{"Key": k, "Value": v, "PropagateAtLaunch": True} for k, v in tags.items()],
        },
        after=[*after, *(template_id(slot) for slot in slots if slot is not live)],
    )
    return rolling_config(name, {slot.value: template for slot, template in named.items()})


def template_id(slot: Slot) -> str:
    """The logical id of a slot's launch template."""
    return slot_id(slot, "Launch")


def _add_template(blueprint: Blueprint, props: SlotProps, *, after: Sequence[str]) -> str:
    """The slot's launch template, whose name changes with what its instances start from."""
    name = named_by_content(props, [], limit=_TEMPLATE_LIMIT)
    blueprint.add(
        template_id(props.slot),
        "AWS::EC2::LaunchTemplate",
        {
            "LaunchTemplateName": name,
            "LaunchTemplateData": launch_data(props),
            "TagSpecifications": [
                {
                    "ResourceType": "launch-template",
                    "Tags": [{"Key": OWNER_TAG, "Value": props.place}],
                }
            ],
        },
        after=after,
    )
    return name
