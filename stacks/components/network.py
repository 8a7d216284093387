"""The network of the load balancers: two public subnets in two zones, and nothing else in it.

Load balancers call Lambda functions without a network, so that there are no private subnets and no
NAT gateways, which would bill.
"""

from collections.abc import Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.subnets import ANYWHERE, HTTPS, VPC, add_public_network

BALANCER_GROUP = "BalancerGroup"


def add_network(blueprint: Blueprint) -> Sequence[str]:
    """Network and security group are there; returns what must be there before a load balancer."""
    after = add_public_network(blueprint)
    _add_group(blueprint)
    return after


def _add_group(blueprint: Blueprint) -> None:
    https = {"IpProtocol": "tcp", "FromPort": HTTPS, "ToPort": HTTPS, "CidrIp": ANYWHERE}
    blueprint.add(
        BALANCER_GROUP,
        "AWS::EC2::SecurityGroup",
        {
            "GroupDescription": "Load balancers of the front door",
            "VpcId": ref(VPC),
            "SecurityGroupIngress": [{**https, "Description": "Callers, over TLS"}],
            "SecurityGroupEgress": [{**https, "Description": "Public keys of the token issuer"}],
        },
    )


def group_id() -> dict[str, Any]:
    """The security group of the load balancers."""
    return att(BALANCER_GROUP, "GroupId")
