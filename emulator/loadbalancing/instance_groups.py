"""Target groups of instances: their defaults, and what of them is refused.

Defaults: CreateTargetGroup, API reference.
"""

from collections.abc import Mapping
from typing import Any

from emulator.loadbalancing.errors import invalid, not_emulated
from emulator.loadbalancing.store import Entry, Json

INSTANCE = "instance"
INSTANCE_DEFAULTS: Json = {
    "HealthCheckEnabled": True,
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 5,
    "UnhealthyThresholdCount": 2,
    "HealthCheckPath": "/",
    "Matcher": {"HttpCode": "200"},
}
_ONLY = {
    "Protocol": "HTTP",
    "ProtocolVersion": "HTTP1",
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPort": "traffic-port",
    "IpAddressType": "ipv4",
}
"""What instances are asked by here."""


def kind_of(request: Mapping[str, Any]) -> str:
    """The type of the targets of a group that is made."""
    return str(request.get("TargetType", INSTANCE))


def refuse_instance_members(request: Mapping[str, Any]) -> None:
    """Nothing is asked for that would be ignored; BalancingError otherwise."""
    for member, only in _ONLY.items():
        if request.get(member, only) != only:
            raise not_emulated(f"{member} {request[member]!r} of a target group, only {only!r}")
    if "TargetControlPort" in request:
        raise not_emulated("TargetControlPort of a target group")
    if request.get("HealthCheckEnabled") is False:
        raise invalid("Health check enabled must be true for target groups with target type")


def connection_of(request: Mapping[str, Any], kind: str) -> Json:
    """Protocol, port and network of a group of instances; nothing of others."""
    if kind != INSTANCE:
        return {}
    missing = [name for name in ("Protocol", "Port", "VpcId") if name not in request]
    if missing:
        raise invalid(f"{', '.join(missing)} must be specified for target type {INSTANCE}")
    return {**_ONLY, "Port": request["Port"], "VpcId": request["VpcId"]}


def target_of(target: Mapping[str, Any], group: Entry) -> Json:
    """A registered instance, with the port that it is asked at."""
    return {"Id": target["Id"], "Port": target.get("Port", group.shape["Port"])}
