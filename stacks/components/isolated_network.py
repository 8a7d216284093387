"""A network without a way out: one private subnet, S3 and SageMaker by endpoints of their own.

An endpoint of S3 costs nothing; those of SageMaker bill for each hour that they are there.
"""

from collections.abc import Mapping

from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.subnets import (
    ANYWHERE,
    HTTPS,
    NOTHING_OUT,
    add_storage_endpoint,
    add_subnet,
    add_vpc,
)

VPC, SUBNET = "IsolatedNetwork", "IsolatedSubnet"
GROUP, ENDPOINT_GROUP = "IsolatedGroup", "EndpointGroup"
_TABLE, _RANGE = "IsolatedRoutes", "10.0.0.0/24"
_INTERFACES: Mapping[str, str] = {
    "ApiEndpoint": "sagemaker.api",
    "AskEndpoint": "sagemaker.runtime",
}
"""What is reached beside S3: SageMaker's control plane, and endpoints that are asked."""


def add_isolated_network(blueprint: Blueprint, *, who: str, region: str) -> tuple[str, ...]:
    """The network is there; returns what must be there before `who` starts in it."""
    add_vpc(blueprint, VPC, _RANGE)
    table = blueprint.add(_TABLE, "AWS::EC2::RouteTable", {"VpcId": ref(VPC)})
    routes = add_subnet(blueprint, SUBNET, _RANGE, vpc=VPC, zone=0, table=table)
    _add_groups(blueprint, who)
    return (routes, *_add_endpoints(blueprint, region))


def _add_groups(blueprint: Blueprint, who: str) -> None:
    https = {"IpProtocol": "tcp", "FromPort": HTTPS, "ToPort": HTTPS}
    blueprint.add(
        GROUP,
        "AWS::EC2::SecurityGroup",
        {
            "GroupDescription": f"{who}: no way in, HTTPS out, and no route but to endpoints",
            "VpcId": ref(VPC),
            "SecurityGroupEgress": [
                # S3's own addresses are a prefix list, whose id differs between regions.
                {**https, "CidrIp": ANYWHERE, "Description": "S3 and SageMaker by endpoints"}
            ],
        },
    )
    blueprint.add(
        ENDPOINT_GROUP,
        "AWS::EC2::SecurityGroup",
        {
            "GroupDescription": f"Endpoints of SageMaker that are asked by {who}",
            "VpcId": ref(VPC),
            "SecurityGroupIngress": [
                {**https, "SourceSecurityGroupId": att(GROUP, "GroupId"), "Description": who}
            ],
            "SecurityGroupEgress": [dict(rule) for rule in NOTHING_OUT],
        },
    )


def _add_endpoints(blueprint: Blueprint, region: str) -> tuple[str, ...]:
    storage = add_storage_endpoint(
        blueprint, "StorageEndpoint", vpc=VPC, table=_TABLE, region=region
    )
    found = [storage]
    for id_, service in _INTERFACES.items():
        properties = {
            "VpcId": ref(VPC),
            "ServiceName": f"com.amazonaws.{region}.{service}",
            "VpcEndpointType": "Interface",
            "PrivateDnsEnabled": True,
            "SubnetIds": [ref(SUBNET)],
            "SecurityGroupIds": [att(ENDPOINT_GROUP, "GroupId")],
        }
        found.append(blueprint.add(id_, "AWS::EC2::VPCEndpoint", properties))
    return tuple(found)
