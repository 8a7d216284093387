"""`AWS::Route53` zones, record sets, groups of them and health checks in templates.

They go by the same rules as the API's requests, and a record set is created once its change is
INSYNC, as on AWS. `Ref`: a zone's or check's id, a record set's name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.cloudformation.registry import (
    HandlerRegistry,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.route53.check_config import faults_of
from emulator.route53.operations import ZoneOperations
from emulator.route53.records import full_name
from emulator.route53.validation import Action, Change, Route53Error, raw_key
from emulator.seams import route53 as seam

Json = Mapping[str, Any]
Wait = Callable[[str], None]
"""Returns once the change is INSYNC."""

_BESIDE = frozenset({"HostedZoneId", "HostedZoneName", "Comment"})
"""Properties that say where a record set is, not what it is."""


class RecordSetsResource:
    """`RecordSet` and `RecordSetGroup`: one change a resource."""

    def __init__(self, operations: ZoneOperations, wait: Wait) -> None:
        self._operations = operations
        self._wait = wait

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The record sets exist and are served; one that existed is refused."""
        changes = [Change(action=Action.CREATE, raw=raw) for raw in _raws(properties)]
        self._change(self._zone(properties), changes)
        name = properties.get("Name")
        if name is None:
            return Provisioned(physical_id=context.generated_name(63))
        return Provisioned(physical_id=full_name(name), attributes={"Name": full_name(name)})

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The record sets are as the template says, those it dropped gone, in one change."""
        zone_id, before = self._zone(new), self._zone(old)
        kept = {raw_key(raw) for raw in _raws(new)} if zone_id == before else set()
        gone = [raw for raw in _raws(old) if raw_key(raw) not in kept]
        present = [
            now for raw in gone if (now := self._operations.current(before, raw)) is not None
        ]
        removals = [Change(action=Action.DELETE, raw=raw) for raw in present]
        additions = [Change(action=Action.UPSERT, raw=raw) for raw in _raws(new)]
        if zone_id == before:
            self._change(zone_id, [*removals, *additions])
        else:
            self._change(zone_id, additions)
            if removals:
                self._change(before, removals)
        name = new.get("Name")
        if name is None:
            return Provisioned(physical_id=physical_id)
        del context
        return Provisioned(physical_id=full_name(name), attributes={"Name": full_name(name)})

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The record sets are gone, whatever their weights have become."""
        del context
        try:
            zone_id = self._zone(properties)
            own = [
                raw
                for raw in _raws(properties)
                if "Name" not in properties or full_name(raw["Name"]) == physical_id
            ]
            change_id = self._operations.remove(zone_id, own)
        except Route53Error as refused:
            if refused.code == "NoSuchHostedZone":
                return
            raise ResourceError(str(refused)) from refused
        except ResourceError:
            return  # the zone went first
        if change_id is not None:
            self._wait(change_id)

    def _change(self, zone_id: str, changes: Sequence[Change]) -> None:
        try:
            self._wait(self._operations.change(zone_id, changes))
        except Route53Error as refused:
            raise ResourceError(_worded(refused)) from refused

    def _zone(self, properties: Mapping[str, Any]) -> str:
        if properties.get("HostedZoneId") is not None:
            return str(properties["HostedZoneId"]).removeprefix("/hostedzone/")
        if properties.get("HostedZoneName") is None:
            raise ResourceError("one of HostedZoneId and HostedZoneName is required, got neither")
        try:
            return self._operations.zone_id_of(properties["HostedZoneName"])
        except Route53Error as refused:
            raise ResourceError(_worded(refused)) from refused


@dataclass(frozen=True, slots=True)
class HostedZoneResource:
    """`HostedZone`; query logs are not written, so asking for them is refused."""

    operations: ZoneOperations
    wait: Wait

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The zone exists and is served with its own SOA and NS."""
        del context
        for unsupported in {"QueryLoggingConfig", "HostedZoneFeatures"} & properties.keys():
            raise ResourceError(f"the embedded cloud does not emulate {unsupported}")
        zone_id = seam.create_zone(
            full_name(properties["Name"]), _comment(properties), properties.get("VPCs", [])
        )
        _tag("hostedzone", zone_id, properties.get("HostedZoneTags", []))
        change_id = seam.new_change()
        self.operations.publish(zone_id, change_id)
        self.wait(change_id)
        return _zone(zone_id)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The zone has the comment and the tags; a new name or VPC is a new zone."""
        if any(old.get(member) != new.get(member) for member in ("Name", "VPCs")):
            return self.create(context, new)
        seam.set_comment(physical_id, _comment(new))
        _tag("hostedzone", physical_id, new.get("HostedZoneTags", []))
        return _zone(physical_id)

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The zone is gone; one with record sets besides SOA and NS is refused, as on AWS."""
        del context, properties
        reason = seam.delete_zone(physical_id)
        if reason is not None:
            raise ResourceError(reason)
        self.operations.publish(physical_id, seam.new_change())


class HealthCheckResource:
    """`HealthCheck`; changing `Type` or `RequestInterval` makes a new one."""

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The health check runs."""
        del context
        check_id = seam.put_health_check(_checked(properties))
        _tag("healthcheck", check_id, properties.get("HealthCheckTags", []))
        return _check(check_id)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The health check looks at what the template says."""
        before, after = old["HealthCheckConfig"], new["HealthCheckConfig"]
        if any(
            before.get(m) != after.get(m) for m in ("Type", "RequestInterval", "MeasureLatency")
        ):
            return self.create(context, new)
        seam.put_health_check(_checked(new), physical_id)
        _tag("healthcheck", physical_id, new.get("HealthCheckTags", []))
        return _check(physical_id)

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The health check is gone."""
        del context, properties
        seam.delete_health_check(physical_id)


def register_zones(registry: HandlerRegistry, operations: ZoneOperations, wait: Wait) -> None:
    """Templates with these types make what the DNS server serves."""
    records = RecordSetsResource(operations, wait)
    registry.add_blocking("AWS::Route53::RecordSet", records)
    registry.add_blocking("AWS::Route53::RecordSetGroup", records)
    registry.add_blocking("AWS::Route53::HostedZone", HostedZoneResource(operations, wait))
    registry.add("AWS::Route53::HealthCheck", HealthCheckResource())


def raw_of(properties: Json) -> dict[str, Any]:
    """The members of the API's record set; templates write numbers as text at times."""
    raw = {name: value for name, value in properties.items() if name not in _BESIDE}
    raw["Name"] = full_name(raw["Name"])
    if raw.get("TTL") is not None:
        raw["TTL"] = str(raw["TTL"])
    if raw.get("Weight") is not None:
        raw["Weight"] = int(raw["Weight"])
    if "AliasTarget" in raw:
        raw["AliasTarget"] = {"EvaluateTargetHealth": False, **raw["AliasTarget"]}
        raw["AliasTarget"]["DNSName"] = full_name(raw["AliasTarget"]["DNSName"])
    return raw


def _raws(properties: Json) -> list[dict[str, Any]]:
    listed = properties.get("RecordSets", [properties])
    return [raw_of(one) for one in listed]


def _checked(properties: Json) -> Json:
    config: Json = properties["HealthCheckConfig"]
    faults = list(faults_of(config))
    if faults:
        raise ResourceError("; ".join(faults))
    return config


def _comment(properties: Json) -> str:
    return str((properties.get("HostedZoneConfig") or {}).get("Comment", ""))


def _tag(kind: str, resource_id: str, tags: Sequence[Json]) -> None:
    seam.put_tags(kind, resource_id, {tag["Key"]: tag["Value"] for tag in tags})


def _zone(zone_id: str) -> Provisioned:
    attributes = {"Id": zone_id, "NameServers": seam.name_servers()}
    return Provisioned(physical_id=zone_id, attributes=attributes)


def _check(check_id: str) -> Provisioned:
    return Provisioned(physical_id=check_id, attributes={"HealthCheckId": check_id})


def _worded(refused: Route53Error) -> str:
    return (
        f"{refused} (Service: Route53, Status Code: {refused.status}, Error Code: {refused.code})"
    )
