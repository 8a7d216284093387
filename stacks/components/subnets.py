"""What networks are made of: a VPC, subnets with routes, an endpoint of S3, a public way out."""

from collections.abc import Mapping, Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, ref

ANYWHERE, HTTPS = "0.0.0.0/0", 443
VPC = "Network"
"""The logical id of a public network."""
_TABLE, _RANGE = "RouteTable", "10.0.0.0/16"
_PUBLIC: Mapping[str, str] = {"SubnetA": "10.0.0.0/20", "SubnetB": "10.0.16.0/20"}
"""A load balancer wants two zones, and eight free addresses in each."""

NOTHING_OUT: Sequence[Mapping[str, Any]] = (
    {"IpProtocol": "icmp", "FromPort": 252, "ToPort": 86, "CidrIp": "255.255.255.255/32"},
)
"""Rules of a group that lets nothing out; without any, CloudFormation lets everything out."""


def add_vpc(blueprint: Blueprint, name: str, cidr: str, *, after: Sequence[str] = ()) -> None:
    """The VPC is there, and answers names."""
    dns = {"EnableDnsSupport": True, "EnableDnsHostnames": True}
    blueprint.add(name, "AWS::EC2::VPC", {"CidrBlock": cidr, **dns}, after=after)


def add_subnet(
    blueprint: Blueprint, name: str, cidr: str, *, vpc: str, zone: int, table: str
) -> str:
    """The subnet is there with the routes of that table; returns the id of what gives it them."""
    blueprint.add(
        name,
        "AWS::EC2::Subnet",
        {
            "VpcId": ref(vpc),
            "CidrBlock": cidr,
            # The zones of whichever account and region deploys: synth looks nothing up.
            "AvailabilityZone": {"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
            "MapPublicIpOnLaunch": False,
        },
    )
    return blueprint.add(
        f"{name}Routes",
        "AWS::EC2::SubnetRouteTableAssociation",
        {"SubnetId": ref(name), "RouteTableId": ref(table)},
    )


def add_storage_endpoint(
    blueprint: Blueprint, name: str, *, vpc: str, table: str, region: str
) -> str:
    """S3 is reached without the internet, which costs nothing; returns the endpoint's id."""
    return blueprint.add(
        name,
        "AWS::EC2::VPCEndpoint",
        {
            "VpcId": ref(vpc),
            "VpcEndpointType": "Gateway",
            "ServiceName": f"com.amazonaws.{region}.s3",
            "RouteTableIds": [ref(table)],
        },
    )


def add_public_network(blueprint: Blueprint, *, after: Sequence[str] = ()) -> Sequence[str]:
    """Two public subnets in two zones are there; returns what must be there before their use."""
    add_vpc(blueprint, VPC, _RANGE, after=after)
    gateway = blueprint.add("Gateway", "AWS::EC2::InternetGateway", {}, after=after)
    attached = blueprint.add(
        "GatewayAttachment",
        "AWS::EC2::VPCGatewayAttachment",
        {"VpcId": ref(VPC), "InternetGatewayId": ref(gateway)},
    )
    table = blueprint.add(_TABLE, "AWS::EC2::RouteTable", {"VpcId": ref(VPC)})
    way = {"DestinationCidrBlock": ANYWHERE, "GatewayId": ref(gateway)}
    route = blueprint.add(
        "DefaultRoute", "AWS::EC2::Route", {"RouteTableId": ref(table), **way}, after=[attached]
    )
    routes = [
        add_subnet(blueprint, name, cidr, vpc=VPC, zone=zone, table=table)
        for zone, (name, cidr) in enumerate(_PUBLIC.items())
    ]
    return (route, *routes)


def add_public_storage_endpoint(blueprint: Blueprint, *, region: str) -> None:
    """What is in a public network reaches S3 without the internet."""
    add_storage_endpoint(blueprint, "S3Endpoint", vpc=VPC, table=_TABLE, region=region)


def public_subnets() -> list[dict[str, Any]]:
    """The subnets of a public network."""
    return [ref(name) for name in _PUBLIC]
