"""What functions of the release stack may do with fleets of EC2 instances, where there are any.

What describes, and metrics, take no resource (Service Authorization Reference, EC2 Auto Scaling,
Elastic Load Balancing V2 and CloudWatch).
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from stacks.components.arns import Arns, allow
from stacks.components.blueprint import att, ref
from stacks.components.handler_function import FunctionProps
from stacks.components.tables import RELEASE_TABLE

RESTER = "rest_fleets"
"""The function that puts fleets to sleep."""
_GROUPS = "autoscaling:DescribeAutoScalingGroups"
_ACTIONS = [_GROUPS, "elasticloadbalancing:DescribeTargetHealth"]

Statements = list[dict[str, Any]]


class Around(Protocol):
    """The project and the stage, and what of fleets there is."""

    @property
    def project(self) -> str:
        """The project."""
        ...

    @property
    def arns(self) -> Arns:
        """ARNs of the stage."""
        ...

    @property
    def fleets(self) -> bool:
        """Whether a model is on EC2 instances."""
        ...

    @property
    def resting(self) -> Mapping[str, int]:
        """Models whose instances stop while idle, with the seconds until they do."""
        ...


def reading_statements(*, fleets: bool) -> Statements:
    """How many instances there are, and which of them answer."""
    return [allow(list(_ACTIONS), ["*"])] if fleets else []


def reading(around: Around) -> Statements:
    """The same, of the functions of a stage."""
    return reading_statements(fleets=around.fleets)


def asking(around: Around) -> Statements:
    """The functions in the networks of this stage's fleets; to wake fleets that may sleep."""
    if not around.fleets:
        return []
    pattern = f"function:{around.project}-{around.arns.stage.name}-*-ask"
    asked = allow(["lambda:InvokeFunction"], [around.arns.of("lambda", pattern)])
    waking = [allow([_GROUPS], ["*"]), *resizing(around)] if around.resting else []
    return [asked, *waking]


def asking_environment(around: Around) -> dict[str, str]:
    """What the router has to know of fleets."""
    return {**({"FLEETS": "yes"} if around.fleets else {}), **_resting(around)}


def resizing(around: Around) -> Statements:
    """To wake groups that sleep, and to put them to sleep. AWS makes up a part of their ARNs."""
    if not around.resting:
        return []
    named = f"{around.project}-{around.arns.stage.name}-*"
    groups = around.arns.of("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{named}")
    return [allow(["autoscaling:SetDesiredCapacity"], [groups])]


def resters(around: Around) -> list[FunctionProps]:
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


def _resting(around: Around) -> dict[str, str]:
    limits = dict(around.resting)
    return {"RESTING": json.dumps(limits, sort_keys=True)} if limits else {}
