"""What functions of the release stack may do to replace instances of a fleet's one group.

Who starts a refresh with a launch template starts instances from it, and gives them its role (EC2
Auto Scaling user guide, "Control Amazon EC2 launch template usage in Auto Scaling groups" and
"Launch template support"). Templates are known by their tag, everything else by having been named
in such a template, roles by a path of their own.
"""

from stacks.components.arns import ACCOUNT, allow, sub
from stacks.components.fleet_groups import OWNER_TAG
from stacks.components.fleet_rights import Statements, groups_of
from stacks.components.surroundings import Surroundings

PARTS = ("instance", "network-interface", "security-group", "subnet", "volume")
"""What RunInstances makes or names, beside image and launch template (Service Authorization
Reference, "Actions, resources, and condition keys for Amazon EC2")."""


def role_path(project: str, stage: str) -> str:
    """The path of roles that instances of rolling fleets of a stage have."""
    return f"/{project}-{stage}-instances/"


def replacing(around: Surroundings, *more: str) -> Statements:
    """To say which instances stay, to have the others replaced, and `more` with their groups."""
    if not around.rolling:
        return []
    named = f"{around.project}-{around.arns.stage.name}-*"
    done = ("CancelInstanceRefresh", "SetInstanceProtection", "StartInstanceRefresh")
    return [
        allow(["autoscaling:DescribeInstanceRefreshes"], ["*"]),
        allow([*(f"autoscaling:{name}" for name in done), *more], [groups_of(around)]),
        *_launching(around, named),
    ]


def _launching(around: Surroundings, named: str) -> Statements:
    arns, stage = around.arns, around.arns.stage
    templates = arns.of("ec2", "launch-template/*")
    account = ACCOUNT if stage.account is None else stage.account
    path = role_path(around.project, stage.name)
    roles = sub(f"arn:{stage.partition}:iam::{account}:role{path}*")
    image = f"arn:{stage.partition}:ec2:{stage.region}::image/*"
    return [
        allow(
            ["ec2:RunInstances"],
            [templates],
            Condition={"StringLike": {f"aws:ResourceTag/{OWNER_TAG}": named}},
        ),
        allow(
            ["ec2:RunInstances"],
            [image, *(arns.of("ec2", f"{part}/*") for part in PARTS)],
            Condition={"ArnLike": {"ec2:LaunchTemplate": templates}},
        ),
        allow(
            ["iam:PassRole"],
            [roles],
            Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
    ]
