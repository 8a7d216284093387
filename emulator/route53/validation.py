"""What Route 53 refuses in a batch of changes, and what this cloud does not emulate.

ministack accepts almost everything. The rules are those of the API reference (ResourceRecordSet,
AliasTarget, ChangeResourceRecordSets) and of the developer guide; messages follow AWS's where they
were seen, and all faults of a batch are told at once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from emulator.route53.health import Balancers, balancer_name
from emulator.route53.records import ELB_ZONE_ID, RecordSet, Zone, record_set_of

Json = Mapping[str, Any]

TYPES: tuple[str, ...] = (
    "SOA",
    "A",
    "TXT",
    "NS",
    "CNAME",
    "MX",
    "NAPTR",
    "PTR",
    "SRV",
    "SPF",
    "AAAA",
    "CAA",
    "DS",
)
TYPES += ("TLSA", "SSHFP", "SVCB", "HTTPS")
WEIGHTS = (0, 255)
TTLS = (0, 2147483647)
MOST_WEIGHTED = 100
NOT_EMULATED = {
    "Region": "latency routing",
    "GeoLocation": "geolocation routing",
    "GeoProximityLocation": "geoproximity routing",
    "CidrRoutingConfig": "IP-based routing",
    "TrafficPolicyInstanceId": "traffic policies",
}
"""Members of a record set that would route by where the asker is: here all are on loopback."""


class Action(StrEnum):
    """What a change does."""

    CREATE = "CREATE"
    DELETE = "DELETE"
    UPSERT = "UPSERT"


class Route53Error(Exception):
    """A refused request, with the code and HTTP status that Route 53 answers."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a batch; `raw` has the API's members."""

    action: Action
    raw: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a change may refer to besides its own zone."""

    balancers: Balancers
    has_check: Callable[[str], bool]


def raw_key(raw: Json) -> tuple[str, str, str]:
    """What a zone holds only once: name, type and identifier."""
    return record_set_of(raw).key


def applied(
    zone: Zone, current: Sequence[Json], changes: Sequence[Change], around: Surroundings
) -> list[Json]:
    """The zone's record sets after the whole batch; Route53Error names every fault of it."""
    faults = [fault for change in changes for fault in _malformed(change.raw)]
    if faults:
        raise Route53Error("InvalidInput", "; ".join(faults))
    records = {raw_key(raw): raw for raw in current}
    faults = []
    for change in changes:
        faults += _conflicts(zone, records, change)
        _apply(records, change)
    kept = [c.raw for c in changes if c.action is not Action.DELETE]
    after = [record_set_of(raw) for raw in records.values()]
    for raw in kept:
        record = record_set_of(raw)
        faults += [*_beside(zone, after, record), *_targets(zone, after, record, around)]
    if faults:
        raise Route53Error("InvalidChangeBatch", f"[{', '.join(dict.fromkeys(faults))}]")
    return list(records.values())


def _apply(records: dict[tuple[str, str, str], Json], change: Change) -> None:
    key = raw_key(change.raw)
    if change.action is Action.DELETE:
        records.pop(key, None)
    else:
        records[key] = change.raw


def _malformed(raw: Json) -> Iterator[str]:
    """What no zone could hold, whatever else is in it."""
    where = f"record set {raw.get('Name')!r} {raw.get('Type')!r}"
    for member, policy in NOT_EMULATED.items():
        if member in raw:
            yield f"{where}: the embedded cloud does not emulate {policy} ({member})"
    if raw["Type"] not in TYPES:
        yield f"{where}: Type must be one of {', '.join(TYPES)}"
    yield from _outside(where, "Weight", raw.get("Weight"), WEIGHTS)
    yield from _outside(where, "TTL", raw.get("TTL"), TTLS)
    if "AliasTarget" in raw:
        for member in {"TTL", "ResourceRecords"} & raw.keys():
            yield f"{where}: an alias may not have {member}"
    elif "TTL" not in raw or not raw.get("ResourceRecords"):
        yield f"{where}: TTL and ResourceRecords are required unless it is an alias"
    yield from _policy_faults(where, raw)


def _policy_faults(where: str, raw: Json) -> Iterator[str]:
    policies = [m for m in ("Weight", "Failover") if raw.get(m) is not None]
    policies += ["MultiValueAnswer"] if raw.get("MultiValueAnswer") is True else []
    if len(policies) > 1:
        yield f"{where}: only one routing policy is allowed, got {' and '.join(policies)}"
    if bool(policies) != (raw.get("SetIdentifier") is not None):
        yield f"{where}: SetIdentifier goes with a routing policy, and with nothing else"
    if raw.get("Failover") not in {None, "PRIMARY", "SECONDARY"}:
        yield f"{where}: Failover must be PRIMARY or SECONDARY, got {raw['Failover']!r}"
    if raw.get("MultiValueAnswer") is True and "AliasTarget" in raw:
        yield f"{where}: an alias may not have MultiValueAnswer"


def _outside(where: str, member: str, value: Any, bounds: tuple[int, int]) -> Iterator[str]:
    if value is not None and not bounds[0] <= int(value) <= bounds[1]:
        yield f"{where}: {member} must be {bounds[0]} to {bounds[1]}, got {value}"


def _conflicts(
    zone: Zone, records: Mapping[tuple[str, str, str], Json], change: Change
) -> Iterator[str]:
    record = record_set_of(change.raw)
    shown = f"[name='{record.name}', type='{record.type}'"
    shown += f", set identifier='{record.identifier}']" if record.identifier is not None else "]"
    existing = records.get(record.key)
    if not zone.holds(record.name):
        yield f"RRSet with DNS name {record.name} is not permitted in zone {zone.name}"
    if change.action is Action.CREATE and existing is not None:
        yield f"Tried to create resource record set {shown} but it already exists"
    if change.action is Action.DELETE:
        if existing is None:
            yield f"Tried to delete resource record set {shown} but it was not found"
        elif not _same(record_set_of(existing), record):
            yield (
                f"Tried to delete resource record set {shown} but the values provided do not "
                "match the current values"
            )
        if record.name == zone.name and record.type in {"SOA", "NS"}:
            yield "A HostedZone must contain exactly one SOA record and at least one NS record."


def _same(one: RecordSet, other: RecordSet) -> bool:
    """Values are a set to Route 53."""
    return (
        sorted(one.values) == sorted(other.values)
        and (one.ttl_seconds, one.alias, one.weight)
        == (other.ttl_seconds, other.alias, other.weight)
        and (one.failover, one.multivalue) == (other.failover, other.multivalue)
        and one.health_check == other.health_check
    )


def _beside(zone: Zone, after: Sequence[RecordSet], record: RecordSet) -> Iterator[str]:
    """Rules between the record set and the others of its name."""
    others = [r for r in after if r.name == record.name]
    group = [r for r in others if r.type == record.type]
    if len({r.policy for r in group}) > 1:
        yield (
            f"RRSet with DNS name {record.name}, type {record.type}, SetIdentifier "
            f"{record.identifier} cannot be created as other RRSets exist with the same name and "
            "type and another routing policy"
        )
    if record.policy == "weighted" and len(group) > MOST_WEIGHTED:
        yield f"{record.name} {record.type}: at most {MOST_WEIGHTED} weighted record sets"
    if record.policy == "failover" and len({r.failover for r in group}) < len(group):
        yield f"{record.name} {record.type}: one PRIMARY and one SECONDARY at most"
    has_alias = record.type == "CNAME" or any(r.type == "CNAME" for r in others)
    if has_alias and record.name == zone.name:
        yield f"RRSet of type CNAME with DNS name {record.name} is not permitted at apex in zone"
    elif has_alias and len({r.type for r in others}) > 1:
        yield (
            f"RRSet of type {record.type} with DNS name {record.name} is not permitted because a "
            "conflicting RRSet of another type exists: a CNAME stands alone"
        )


def _targets(
    zone: Zone, after: Sequence[RecordSet], record: RecordSet, around: Surroundings
) -> Iterator[str]:
    """What the record set's values and references lead to."""
    for value in record.values:
        yield from _unreadable(record, value)
    if record.health_check is not None and not around.has_check(record.health_check):
        yield f"No health check exists with the specified ID {record.health_check}"
    if record.alias is not None:
        yield from _alias_faults(zone, after, record, around.balancers)


def _alias_faults(
    zone: Zone, after: Sequence[RecordSet], record: RecordSet, balancers: Balancers
) -> Iterator[str]:
    alias = record.alias
    if alias is None:
        return
    tried = f"Tried to create an alias that targets {alias.name}, type {record.type} in zone "
    tried += f"{alias.zone_id}, but"
    if alias.zone_id == ELB_ZONE_ID:
        if balancers.find(balancer_name(alias.name)) is None:
            yield f"{tried} the alias target name does not lie within it"
        elif record.type not in {"A", "AAAA"}:
            yield f"{tried} a load balancer has only addresses"
    elif alias.zone_id != zone.id:
        yield (
            f"{tried} the embedded cloud aliases only to load balancers and to records of the "
            "same zone"
        )
    elif not any(r.name == alias.name and r.type == record.type for r in after):
        yield f"{tried} that target was not found"
    elif alias.name == record.name:
        yield f"{tried} that is the record set itself"


def _unreadable(record: RecordSet, value: str) -> Iterator[str]:
    try:
        kind = dns.rdatatype.from_text(record.type)
        dns.rdata.from_text(dns.rdataclass.IN, kind, value, relativize=False)
    except dns.exception.DNSException as error:
        yield f"Invalid Resource Record: FATAL problem: {record.type} {value!r}: {error}"
    except ValueError as error:
        yield f"Invalid Resource Record: FATAL problem: {record.type} {value!r}: {error}"
