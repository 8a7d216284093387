"""What functions of the release stack may do with fleets of EC2 instances, where there are any.

What describes, and metrics, take no resource (Service Authorization Reference, EC2 Auto Scaling,
Elastic Load Balancing V2 and CloudWatch).
"""

import json
from typing import Any

from stacks.components.arns import allow
from stacks.components.blueprint import att, ref
from stacks.components.handler_function import FunctionProps
from stacks.components.surroundings import Surroundings
from stacks.components.tables import RELEASE_TABLE

RESTER = "rest_fleets"
"""The function that puts fleets to sleep."""
_GROUPS = "autoscaling:DescribeAutoScalingGroups"
_ACTIONS = [_GROUPS, "elasticloadbalancing:DescribeTargetHealth"]

Statements = list[dict[str, Any]]


def reading_statements(*, fleets: bool) -> Statements:
    """How many instances there are, and which of them answer."""
    return [allow(list(_ACTIONS), ["*"])] if fleets else []


def reading(around: Surroundings) -> Statements:
    """The same, of the functions of a stage."""
    return reading_statements(fleets=around.fleets)


def asking(around: Surroundings) -> Statements:
    """The functions in the networks of this stage's fleets; to wake fleets that may sleep."""
    if not around.fleets:
        return []
    pattern = f"function:{around.project}-{around.arns.stage.name}-*-ask"
    asked = allow(["lambda:InvokeFunction"], [around.arns.of("lambda", pattern)])
    waking = [allow([_GROUPS], ["*"]), *resizing(around)] if around.resting else []
    return [asked, *waking]


def asking_environment(around: Surroundings) -> dict[str, str]:
    """What the router has to know of fleets."""
    return {**({"FLEETS": "yes"} if around.fleets else {}), **_resting(around)}


def groups_of(around: Surroundings) -> Any:
    """Groups of fleets of the stage. AWS makes up a part of their ARNs."""
    named = f"{around.project}-{around.arns.stage.name}-*"
    return around.arns.of("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{named}")


def resizing(around: Surroundings) -> Statements:
    """To wake groups that sleep, and to put them to sleep."""
    if not around.resting:
        return []
    return [allow(["autoscaling:SetDesiredCapacity"], [groups_of(around)])]


def resters(around: Surroundings) -> list[FunctionProps]:
    """What puts fleets to sleep, if any may."""
    if not around.resting:
        return []
    statements = [
        allow(["dynamodb:GetItem"], [att(RELEASE_TABLE)]),
        allow([_GROUPS, "cloudwatch:GetMetricData"], ["*"]),
        *resizing(around),
    ]
    return [
        FunctionProps(
            package=RESTER,
            description="Puts fleets to sleep that nobody asks",
            timeout_seconds=60,
            statements=statements,
            environment={"RELEASE_TABLE": ref(RELEASE_TABLE), **_resting(around)},
        )
    ]


def _resting(around: Surroundings) -> dict[str, str]:
    limits = dict(around.resting)
    return {"RESTING": json.dumps(limits, sort_keys=True)} if limits else {}
