"""Hosted zones and record sets as the DNS server and the checks of changes see them.

They are read from the record sets that ministack keeps (the members of Route 53's API) and never
changed. Names are in lower case and end with a dot, as Route 53 returns them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

ELB_ZONE_ID = "Z35SXDOTRQ7X7K"
"""Canonical zone of application load balancers; us-east-1's on AWS, every region's here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Where an alias record leads, and whether that target's health counts."""

    zone_id: str
    name: str
    evaluates_health: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSet:
    """One record set; an alias has no values and no TTL of its own."""

    name: str
    type: str
    ttl_seconds: int | None = None
    values: tuple[str, ...] = ()
    alias: Alias | None = None
    identifier: str | None = None
    weight: int | None = None
    failover: str | None = None
    multivalue: bool = False
    health_check: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What one zone holds only once."""
        return (self.name, self.type, "" if self.identifier is None else self.identifier)

    @property
    def policy(self) -> str:
        """The routing policy, which all record sets of one name and type share."""
        if self.weight is not None:
            return "weighted"
        if self.failover is not None:
            return "failover"
        return "multivalue" if self.multivalue else "simple"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A hosted zone with its record sets at one moment."""

    id: str
    name: str
    private: bool
    records: tuple[RecordSet, ...]

    def group(self, name: str, record_type: str) -> tuple[RecordSet, ...]:
        """The record sets of that name and type."""
        return tuple(r for r in self.records if r.name == name and r.type == record_type)

    def holds(self, name: str) -> bool:
        """Whether the name is the zone's or below it."""
        return name == self.name or name.endswith(f".{self.name}")


def full_name(name: str) -> str:
    """The name in lower case, with the dot of the root at its end."""
    lowered = name.lower().replace("\\052", "*")
    return lowered if lowered.endswith(".") else f"{lowered}."


def record_set_of(raw: Json) -> RecordSet:
    """The record set that an API's or a store's members say."""
    alias = raw.get("AliasTarget")
    ttl, weight = raw.get("TTL"), raw.get("Weight")
    return RecordSet(
        name=full_name(raw["Name"]),
        type=raw["Type"],
        ttl_seconds=None if ttl is None else int(ttl),
        values=tuple(raw.get("ResourceRecords", ())),
        alias=None if alias is None else _alias_of(alias),
        identifier=raw.get("SetIdentifier"),
        weight=None if weight is None else int(weight),
        failover=raw.get("Failover"),
        multivalue=raw.get("MultiValueAnswer") is True,
        health_check=raw.get("HealthCheckId"),
    )


def zone_of(raw: Json, records: Iterable[Json]) -> Zone:
    """The zone of ministack's record, with those record sets."""
    return Zone(
        id=raw["id"],
        name=full_name(raw["name"]),
        private=bool(raw.get("private")),
        records=tuple(record_set_of(record) for record in records),
    )


def _alias_of(raw: Json) -> Alias:
    return Alias(
        zone_id=raw["HostedZoneId"].removeprefix("/hostedzone/"),
        name=full_name(raw["DNSName"]),
        evaluates_health=raw.get("EvaluateTargetHealth") is True,
    )
