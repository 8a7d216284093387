"""What a caller of auto scaling must be allowed to do."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from emulator.ec2.engine import PRINCIPAL
from emulator.seams import instances as seam
from emulator.seams import tenancy
from emulator.seams.services import Permission, Request

SIGNING_NAME = "autoscaling"
_TEMPLATES = ("LaunchTemplate.", "DesiredConfiguration.LaunchTemplate.")


def permissions_of(request: Request) -> list[Permission]:
    """The operation on the group that the request names; what describes takes no resource.

    Source: Service Authorization Reference, "Actions for Amazon EC2 Auto Scaling"; for what a
    launch template needs see `_launching`.
    """
    parameters = dict(parse_qsl(request.body.decode()))
    operation = parameters.get("Action", "")
    action = f"{SIGNING_NAME}:{operation}"
    name = parameters.get("AutoScalingGroupName")
    if operation.startswith("Describe") or name is None:
        return [Permission(action=action)]
    resource = (
        f"arn:aws:autoscaling:{request.region}:{request.account}:autoScalingGroup:*:"
        f"autoScalingGroupName/{name}"
    )
    return [Permission(action=action, resource=resource), *_launching(request, parameters)]


def _launching(request: Request, parameters: Mapping[str, str]) -> list[Permission]:
    """Who names a launch template must be allowed to run it, and to pass the role that is in it.

    Source: EC2 Auto Scaling user guide, "Control Amazon EC2 launch template usage in Auto Scaling
    groups". Of what else RunInstances needs, instances are asked for, and neither subnets, images,
    volumes nor others.
    """
    spec = {
        name.removeprefix(prefix): value
        for prefix in _TEMPLATES
        for name, value in parameters.items()
        if name.startswith(prefix)
    }
    with tenancy.acting_for(request.account, request.region):
        found = seam.launch_data(spec) if spec else None
        profile = None if found is None else found.data.get("IamInstanceProfile")
        role = seam.role_in(profile) if profile else None
    template_id = spec.get("LaunchTemplateId") if found is None else found.template_id
    if template_id is None:
        return []
    own = f"arn:aws:ec2:{request.region}:{request.account}"
    arn = f"{own}:launch-template/{template_id}"
    tags = {} if found is None else found.tags
    named = {"ec2:LaunchTemplate": arn}
    tagged = {**named, **{f"aws:ResourceTag/{key}": value for key, value in tags.items()}}
    runs = [
        Permission(action="ec2:RunInstances", resource=arn, context=tagged),
        Permission(action="ec2:RunInstances", resource=f"{own}:instance/*", context=named),
    ]
    if role is None:
        return runs
    passed = {"iam:PassedToService": PRINCIPAL}
    return [*runs, Permission(action="iam:PassRole", resource=role, context=passed)]
