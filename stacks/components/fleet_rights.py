"""What reads back fleets of EC2 instances: how many there are, and which of them answer.

Neither action takes a resource (Service Authorization Reference, EC2 Auto Scaling and Elastic Load
Balancing V2).
"""

from typing import Any

from stacks.components.arns import allow

_ACTIONS = ["autoscaling:DescribeAutoScalingGroups", "elasticloadbalancing:DescribeTargetHealth"]


def reading_statements(*, fleets: bool) -> list[dict[str, Any]]:
    """The statement, where a model of the stage is on EC2 instances."""
    return [allow(list(_ACTIONS), ["*"])] if fleets else []
