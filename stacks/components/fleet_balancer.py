"""The load balancer of a fleet: inside its network, a target group a slot, chosen by a header."""

from collections.abc import Mapping, Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.fleet_groups import slot_id
from stacks.components.fleet_network import BALANCER_GROUP, PORT, group_id
from stacks.components.subnets import VPC, public_subnets
from tidegate.ec2 import SLOT_HEADER
from tidegate.slots import Slot

BALANCER, LISTENER = "Balancer", "Listener"
_DRAIN_SECONDS = 60
"""As long as a model may take over a request on SageMaker."""
_INSIDE = (
    "inside the fleet's own network: security groups let only the function that asks the fleet "
    "connect, and the front door has proven by then who calls"
)
_CHECKS = {
    "HealthCheckPath": "/ping",
    "HealthCheckIntervalSeconds": 10,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 3,
}


def add_fleet_balancer(
    blueprint: Blueprint, ports: Mapping[Slot, int], *, after: Sequence[str]
) -> Any:
    """The load balancer is there, with a target group a slot at its port; returns its URL."""
    blueprint.add(
        BALANCER,
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        {
            "Type": "application",
            "Scheme": "internal",
            "Subnets": public_subnets(),
            "SecurityGroups": [group_id(BALANCER_GROUP)],
            "LoadBalancerAttributes": [
                {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
            ],
        },
        after=after,
    )
    nobody = {
        "StatusCode": "400",
        "ContentType": "text/plain",
        "MessageBody": f"no slot: the header {SLOT_HEADER} names one",
    }
    blueprint.add(
        LISTENER,
        "AWS::ElasticLoadBalancingV2::Listener",
        {
            "LoadBalancerArn": ref(BALANCER),
            "Port": PORT,
            "Protocol": "HTTP",
            "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": nobody}],
        },
    )
    _keep(blueprint, LISTENER, "listener-tls")
    for number, (slot, port) in enumerate(ports.items(), start=1):
        _add_targets(blueprint, slot, number, port)
    return {"Fn::Sub": [f"http://${{Host}}:{PORT}", {"Host": att(BALANCER, "DNSName")}]}


def _add_targets(blueprint: Blueprint, slot: Slot, number: int, port: int) -> None:
    group = targets_id(slot)
    drain = {"Key": "deregistration_delay.timeout_seconds", "Value": str(_DRAIN_SECONDS)}
    blueprint.add(
        group,
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        {
            "TargetType": "instance",
            "Protocol": "HTTP",
            "Port": port,
            "VpcId": ref(VPC),
            **_CHECKS,
            "TargetGroupAttributes": [drain],
        },
    )
    named = {"HttpHeaderName": SLOT_HEADER, "Values": [slot.value]}
    blueprint.add(
        rule_id(slot),
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        {
            "ListenerArn": ref(LISTENER),
            "Priority": number,
            "Conditions": [{"Field": "http-header", "HttpHeaderConfig": named}],
            "Actions": [{"Type": "forward", "TargetGroupArn": ref(group)}],
        },
    )
    _keep(blueprint, rule_id(slot), "listener-proof")


def _keep(blueprint: Blueprint, id_: str, rule: str) -> None:
    """What the template's checks find of it stays, and the template says why."""
    row = {"rule": rule, "reason": _INSIDE}
    blueprint.resources[id_]["Metadata"] = {"tidegate": {"acknowledged": [row]}}


def targets_id(slot: Slot) -> str:
    """The logical id of a slot's target group."""
    return slot_id(slot, "Targets")


def rule_id(slot: Slot) -> str:
    """The logical id of the rule that leads to it."""
    return slot_id(slot, "Rule")
