"""The function in a fleet's network that asks its load balancer for the router."""

from typing import Any

from stacks.components.arns import allow
from stacks.components.fleet_network import ASKING_GROUP, group_id
from stacks.components.handler_function import FunctionProps
from stacks.components.subnets import public_subnets
from tidegate.ec2 import asking_function, fleet_name

PACKAGE = "ask_fleet"
SECONDS = 28
"""Less than the router waits for it, more than it waits for the load balancer."""
_INTERFACES = (
    *("CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces"),
    *("DescribeSubnets", "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"),
)
"""Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC"."""


def asking_props(place: str, url: Any) -> FunctionProps:
    """The function, under the name that the router calls; it may do nothing but be in a network."""
    return FunctionProps(
        package=PACKAGE,
        description=f"Asks the instances of {place}",
        timeout_seconds=SECONDS,
        statements=[allow([f"ec2:{name}" for name in _INTERFACES], ["*"])],
        environment={"FLEET_URL": url},
        fixed_name=asking_function(fleet_name(place)),
        network={"SubnetIds": public_subnets(), "SecurityGroupIds": [group_id(ASKING_GROUP)]},
    )
