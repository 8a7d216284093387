"""What functions of the release loop may do with rings of edge fleets.

Greengrass asks for rights of IoT too: deployments to a thing group are jobs. Service authorization
reference, AWS IoT Greengrass V2, dependent actions; those of shadows are for single things.
"""

from collections.abc import Collection
from enum import Enum
from typing import Any

from stacks.components.arns import Arns, allow


class Done(Enum):
    """What is done with rings."""

    READ = "read"
    MOVE = "move"
    WITHDRAW = "withdraw"


def edge_statements(arns: Arns, project: str, done: Collection[Done]) -> list[dict[str, Any]]:
    """Rights for rings of a project's fleets in a stage; `done` has READ always."""
    rings = arns.of("iot", f"thinggroup/{project}-{arns.stage.name}-*")
    on_deployments = ["greengrass:GetDeployment"]
    on_nothing = ["greengrass:ListDeployments"]
    on_jobs, on_groups = ["iot:DescribeJob"], ["iot:DescribeThingGroup"]
    if Done.MOVE in done:
        # No deployment is there yet that could be named.
        on_nothing.append("greengrass:CreateDeployment")
        on_jobs += ["iot:CancelJob", "iot:CreateJob", "iot:UpdateJob"]
        on_groups.append("iot:CreateJob")
    if Done.WITHDRAW in done:
        on_deployments += ["greengrass:CancelDeployment", "greengrass:DeleteDeployment"]
    return [
        allow(on_nothing, ["*"]),
        allow(on_deployments, [arns.of("greengrass", "deployments:*")]),
        allow(on_jobs, [arns.of("iot", "job/*")]),
        allow(on_groups, [rings]),
    ]
