"""The network of the load balancers: two public subnets in two zones, and nothing else in it.

Load balancers call Lambda functions without a network, so that there are no private subnets and no
NAT gateways, which would bill.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, att, ref

VPC = "Network"
BALANCER_GROUP = "BalancerGroup"
_RANGE = "10.0.0.0/16"
_SUBNETS: Mapping[str, str] = {"SubnetA": "10.0.0.0/20", "SubnetB": "10.0.16.0/20"}
"""A load balancer wants two zones, and eight free addresses in each."""

_HTTPS = 443
_ANYWHERE = "0.0.0.0/0"


def add_network(blueprint: Blueprint) -> Sequence[str]:
    """Network and security group are there; returns what must be there before a load balancer."""
    blueprint.add(
        VPC,
        "AWS::EC2::VPC",
        {"CidrBlock": _RANGE, "EnableDnsSupport": True, "EnableDnsHostnames": True},
    )
    gateway = blueprint.add("Gateway", "AWS::EC2::InternetGateway", {})
    attached = blueprint.add(
        "GatewayAttachment",
        "AWS::EC2::VPCGatewayAttachment",
        {"VpcId": ref(VPC), "InternetGatewayId": ref(gateway)},
    )
    table = blueprint.add("RouteTable", "AWS::EC2::RouteTable", {"VpcId": ref(VPC)})
    route = blueprint.add(
        "DefaultRoute",
        "AWS::EC2::Route",
        {
            "RouteTableId": ref(table),
            "DestinationCidrBlock": _ANYWHERE,
            "GatewayId": ref(gateway),
        },
        after=[attached],
    )
    for zone, (name, cidr) in enumerate(_SUBNETS.items()):
        _add_subnet(blueprint, name, cidr, zone)
    _add_group(blueprint)
    return (route, *(f"{name}Routes" for name in _SUBNETS))


def subnets() -> list[dict[str, Any]]:
    """Where load balancers stand."""
    return [ref(name) for name in _SUBNETS]


def _add_subnet(blueprint: Blueprint, name: str, cidr: str, zone: int) -> None:
    blueprint.add(
        name,
        "AWS::EC2::Subnet",
        {
            "VpcId": ref(VPC),
            "CidrBlock": cidr,
            # The zones of whichever account and region deploys: synth looks nothing up.
            "AvailabilityZone": {"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
            "MapPublicIpOnLaunch": False,
        },
    )
    blueprint.add(
        f"{name}Routes",
        "AWS::EC2::SubnetRouteTableAssociation",
        {"SubnetId": ref(name), "RouteTableId": ref("RouteTable")},
    )


def _add_group(blueprint: Blueprint) -> None:
    https = {"IpProtocol": "tcp", "FromPort": _HTTPS, "ToPort": _HTTPS, "CidrIp": _ANYWHERE}
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
