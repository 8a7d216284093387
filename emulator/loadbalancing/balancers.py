"""Operations on load balancers: application ones, each with a loopback address of its own."""

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.loadbalancing.attributes import BALANCER_ATTRIBUTES, changed, shown
from emulator.loadbalancing.errors import BalancingError, invalid, not_emulated
from emulator.loadbalancing.store import Entry, Json, Store, Tenant
from emulator.loopback import address_for
from emulator.route53.records import ELB_ZONE_ID

NAME = re.compile(r"(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
FEWEST_SUBNETS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerOperations:
    """Makes, shows, changes and deletes load balancers; subnets and groups are only recorded."""

    store: Store
    now: Callable[[], str]
    close_listener: Callable[[str], Awaitable[None]]

    def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The load balancer is active and has a DNS name."""
        name = request["Name"]
        _refuse_unsupported(request)
        if NAME.fullmatch(name) is None:
            raise invalid(f"a load balancer's name has up to 32 letters, digits, -; got {name!r}")
        if self._named(tenant, name) is not None:
            raise BalancingError(
                "DuplicateLoadBalancerName", f"A load balancer with name '{name}' already exists"
            )
        suffix = uuid.uuid4().hex[:16]
        arn = f"{tenant.prefix}loadbalancer/app/{name}/{suffix}"
        scheme = request.get("Scheme", "internet-facing")
        internal = "internal-" if scheme == "internal" else ""
        host = f"{internal}{name}-{int(suffix[:8], 16)}.{tenant.region}.elb.amazonaws.com".lower()
        entry = Entry(
            arn=arn,
            address=address_for(arn),
            attributes=dict(BALANCER_ATTRIBUTES),
            tags=tags_of(request),
            shape={
                "LoadBalancerArn": arn,
                "DNSName": host,
                "CanonicalHostedZoneId": ELB_ZONE_ID,
                "CreatedTime": self.now(),
                "LoadBalancerName": name,
                "Scheme": scheme,
                "State": {"Code": "active"},
                "Type": "application",
                "AvailabilityZones": _zones(tenant, request),
                "SecurityGroups": list(request.get("SecurityGroups", [])),
                "IpAddressType": "ipv4",
            },
        )
        self.store.balancers[arn] = entry
        return {"LoadBalancers": [entry.shape]}

    def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """Those asked for by ARN or name, else all of the tenant's."""
        arns, names = request.get("LoadBalancerArns"), request.get("Names")
        if arns:
            found = [self.get(arn) for arn in arns]
        elif names:
            found = [self._existing(tenant, name) for name in names]
        else:
            owned = self.store.balancers.values()
            found = [entry for entry in owned if entry.arn.startswith(tenant.prefix)]
        return {"LoadBalancers": [entry.shape for entry in found]}

    async def delete(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The load balancer and its listeners are gone; one that was gone counts."""
        arn = request["LoadBalancerArn"]
        entry = self.store.balancers.get(arn)
        if entry is not None:
            if entry.attributes["deletion_protection.enabled"] == "true":
                raise BalancingError(
                    "OperationNotPermitted",
                    f"Load balancer '{arn}' cannot be deleted because deletion protection is on",
                )
            for listener in self.store.listeners_of(arn):
                await self.close_listener(listener.arn)
                for rule in self.store.rules_of(listener.arn):
                    del self.store.rules[rule.arn]
                del self.store.listeners[listener.arn]
            del self.store.balancers[arn]
        return {}

    def describe_attributes(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """All attributes, defaults too."""
        return {"Attributes": shown(self.get(request["LoadBalancerArn"]).attributes)}

    def modify_attributes(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The named attributes have those values."""
        entry = self.get(request["LoadBalancerArn"])
        entry.attributes |= changed("load balancer", BALANCER_ATTRIBUTES, request["Attributes"])
        return {"Attributes": shown(entry.attributes)}

    def set_security_groups(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The security groups are recorded; they filter nothing here."""
        entry = self.get(request["LoadBalancerArn"])
        entry.shape["SecurityGroups"] = list(request["SecurityGroups"])
        return {"SecurityGroupIds": entry.shape["SecurityGroups"]}

    def set_subnets(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The subnets are recorded."""
        entry = self.get(request["LoadBalancerArn"])
        entry.shape["AvailabilityZones"] = _zones(tenant, request)
        return {
            "AvailabilityZones": entry.shape["AvailabilityZones"],
            "IpAddressType": entry.shape["IpAddressType"],
        }

    def get(self, arn: str) -> Entry:
        """The load balancer; BalancingError if there is none."""
        entry = self.store.balancers.get(arn)
        if entry is None:
            raise BalancingError("LoadBalancerNotFound", f"Load balancer '{arn}' not found")
        return entry

    def _existing(self, tenant: Tenant, name: str) -> Entry:
        entry = self._named(tenant, name)
        if entry is None:
            raise BalancingError("LoadBalancerNotFound", f"Load balancers '[{name}]' not found")
        return entry

    def _named(self, tenant: Tenant, name: str) -> Entry | None:
        start = f"{tenant.prefix}loadbalancer/app/{name}/"
        return next((e for e in self.store.balancers.values() if e.arn.startswith(start)), None)


def tags_of(request: Mapping[str, Any]) -> dict[str, str]:
    """The tags that a request gives."""
    return {tag["Key"]: tag.get("Value", "") for tag in request.get("Tags", [])}


def _refuse_unsupported(request: Mapping[str, Any]) -> None:
    if request.get("Type", "application") != "application":
        raise not_emulated(f"load balancers of type {request['Type']!r}")
    if request.get("IpAddressType", "ipv4") != "ipv4":
        raise not_emulated(f"the IP address type {request['IpAddressType']!r}")
    for member in ("CustomerOwnedIpv4Pool", "EnablePrefixForIpv6SourceNat", "IpamPools"):
        if member in request:
            raise not_emulated(member)


def _zones(tenant: Tenant, request: Mapping[str, Any]) -> list[Json]:
    subnets = list(request.get("Subnets", []))
    subnets += [mapping["SubnetId"] for mapping in request.get("SubnetMappings", [])]
    if len(subnets) < FEWEST_SUBNETS:
        raise invalid("At least two subnets in two different Availability Zones must be specified")
    return [
        {"ZoneName": f"{tenant.region}{'abcdef'[number % 6]}", "SubnetId": subnet}
        for number, subnet in enumerate(subnets)
    ]
