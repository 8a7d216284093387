"""The network of a fleet: two public subnets, closed to everybody but its own load balancer.

Instances have public addresses, because they fetch images and artifacts and answer Session Manager:
a NAT gateway or interface endpoints would bill more than most fleets. Nothing can open a connection
to them but the load balancer, and to that nobody but the function that asks it.
"""

from collections.abc import Collection, Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.subnets import (
    ANYWHERE,
    HTTPS,
    NOTHING_OUT,
    VPC,
    add_public_network,
    add_public_storage_endpoint,
)

PORT = 8080
"""Where containers of SageMaker answer, and the load balancer before them."""
BALANCER_GROUP, INSTANCE_GROUP, ASKING_GROUP = "BalancerGroup", "InstanceGroup", "AskingGroup"


def group_id(name: str) -> dict[str, Any]:
    """A security group of this network."""
    return att(name, "GroupId")


def add_fleet_network(
    blueprint: Blueprint, *, region: str, guard: str, ports: Collection[int]
) -> Sequence[str]:
    """Network and security groups are there; returns what must be there before anything starts.

    Instances may be reached at these ports, by their load balancer.
    """
    ready = add_public_network(blueprint, after=[guard])
    # Artifacts do not go by the internet.
    add_public_storage_endpoint(blueprint, region=region)
    _add_groups(blueprint, ports)
    return ready


def _add_groups(blueprint: Blueprint, ports: Collection[int]) -> None:
    """Function to load balancer to instances, and instances to AWS by HTTPS: nothing else."""
    https = {"IpProtocol": "tcp", "FromPort": HTTPS, "ToPort": HTTPS, "CidrIp": ANYWHERE}
    described = {
        BALANCER_GROUP: ("Load balancer of a fleet", None),
        INSTANCE_GROUP: (
            "Instances of a fleet",
            [{**https, "Description": "Images, artifacts, logs and Session Manager"}],
        ),
        ASKING_GROUP: ("The function that asks a fleet", None),
    }
    for name, (words, out) in described.items():
        blueprint.add(
            name,
            "AWS::EC2::SecurityGroup",
            {
                "GroupDescription": words,
                "VpcId": ref(VPC),
                "SecurityGroupEgress": [dict(rule) for rule in NOTHING_OUT] if out is None else out,
            },
        )
    _connect(blueprint, ASKING_GROUP, BALANCER_GROUP, [PORT])
    _connect(blueprint, BALANCER_GROUP, INSTANCE_GROUP, ports)


def _connect(blueprint: Blueprint, source: str, target: str, to: Collection[int]) -> None:
    """One group may open connections to the other, at neighbouring ports."""
    ports = {"IpProtocol": "tcp", "FromPort": min(to), "ToPort": max(to)}
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
