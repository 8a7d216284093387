"""The network of a fleet: two public subnets, closed to everybody but its own load balancer.

Instances have public addresses, because they fetch images and artifacts and answer Session Manager:
a NAT gateway or interface endpoints would bill more than most fleets. Nothing can open a connection
to them but the load balancer, and to that nobody but the function that asks it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, att, ref

VPC = "Network"
PORT = 8080
"""Where containers of SageMaker answer, and the load balancer before them."""
BALANCER_GROUP, INSTANCE_GROUP, ASKING_GROUP = "BalancerGroup", "InstanceGroup", "AskingGroup"
_RANGE = "10.0.0.0/16"
_SUBNETS: Mapping[str, str] = {"SubnetA": "10.0.0.0/20", "SubnetB": "10.0.16.0/20"}
_HTTPS = 443
_ANYWHERE = "0.0.0.0/0"


def subnets() -> list[dict[str, Any]]:
    """Where load balancer, instances and function are."""
    return [ref(name) for name in _SUBNETS]


def group_id(name: str) -> dict[str, Any]:
    """A security group of this network."""
    return att(name, "GroupId")


def add_fleet_network(blueprint: Blueprint, *, region: str, guard: str) -> Sequence[str]:
    """Network and security groups are there; returns what must be there before anything starts."""
    blueprint.add(
        VPC,
        "AWS::EC2::VPC",
        {"CidrBlock": _RANGE, "EnableDnsSupport": True, "EnableDnsHostnames": True},
        after=[guard],
    )
    gateway = blueprint.add("Gateway", "AWS::EC2::InternetGateway", {}, after=[guard])
    attached = blueprint.add(
        "GatewayAttachment",
        "AWS::EC2::VPCGatewayAttachment",
        {"VpcId": ref(VPC), "InternetGatewayId": ref(gateway)},
    )
    table = blueprint.add("RouteTable", "AWS::EC2::RouteTable", {"VpcId": ref(VPC)})
    way = {"DestinationCidrBlock": _ANYWHERE, "GatewayId": ref(gateway)}
    route = blueprint.add(
        "DefaultRoute", "AWS::EC2::Route", {"RouteTableId": ref(table), **way}, after=[attached]
    )
    for zone, (name, cidr) in enumerate(_SUBNETS.items()):
        _add_subnet(blueprint, name, cidr, zone)
    # Artifacts do not go by the internet, and this endpoint costs nothing.
    blueprint.add(
        "S3Endpoint",
        "AWS::EC2::VPCEndpoint",
        {
            "VpcId": ref(VPC),
            "VpcEndpointType": "Gateway",
            "ServiceName": f"com.amazonaws.{region}.s3",
            "RouteTableIds": [ref(table)],
        },
    )
    _add_groups(blueprint)
    return (route, *(f"{name}Routes" for name in _SUBNETS))


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


def _add_groups(blueprint: Blueprint) -> None:
    """Function to load balancer to instances, and instances to AWS by HTTPS: nothing else."""
    https = {"IpProtocol": "tcp", "FromPort": _HTTPS, "ToPort": _HTTPS, "CidrIp": _ANYWHERE}
    described = {
        BALANCER_GROUP: ("Load balancer of a fleet", None),
        INSTANCE_GROUP: (
            "Instances of a fleet",
            [{**https, "Description": "Images, artifacts, logs and Session Manager"}],
        ),
        ASKING_GROUP: ("The function that asks a fleet", None),
    }
    for name, (words, out) in described.items():
        # Without any rule of its own CloudFormation would let everything out.
        none = [
            {"IpProtocol": "icmp", "FromPort": 252, "ToPort": 86, "CidrIp": "255.255.255.255/32"}
        ]
        blueprint.add(
            name,
            "AWS::EC2::SecurityGroup",
            {
                "GroupDescription": words,
                "VpcId": ref(VPC),
                "SecurityGroupEgress": none if out is None else out,
            },
        )
    _connect(blueprint, ASKING_GROUP, BALANCER_GROUP)
    _connect(blueprint, BALANCER_GROUP, INSTANCE_GROUP)


def _connect(blueprint: Blueprint, source: str, target: str) -> None:
    """One group may open connections to the other, at the one port."""
    ports = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT}
    blueprint.add(
        f"{target}From{source}",
        "AWS::EC2::SecurityGroupIngress",
        {**ports, "GroupId": group_id(target), "SourceSecurityGroupId": group_id(source)},
    )
    blueprint.add(
        f"{source}To{target}",
        "AWS::EC2::SecurityGroupEgress",
        {**ports, "GroupId": group_id(source), "DestinationSecurityGroupId": group_id(target)},
    )
