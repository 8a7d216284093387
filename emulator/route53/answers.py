"""What the zones say to one question: the resolution of an authoritative server, without a wire.

Aliases are answered as records of the asked name, with the target's TTL. Private zones are not
answered at all: there is no VPC here to ask from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from emulator.route53.choice import Draw, choose
from emulator.route53.health import (
    DEEPEST_ALIAS,
    Balancers,
    HealthEvaluation,
    balancer_name,
)
from emulator.route53.records import ELB_ZONE_ID, RecordSet, Zone

ELB_TTL_SECONDS = 60
"""TTL of a load balancer's addresses, also through an alias (AliasTarget, API reference)."""

LONGEST_CHAIN = 8
"""CNAMEs followed within this cloud's zones for one question."""


class Code(Enum):
    """The outcome, by its DNS name."""

    NOERROR = "NOERROR"
    NXDOMAIN = "NXDOMAIN"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Resource records of one name and type; values as Route 53 writes them."""

    name: str
    type: str
    ttl_seconds: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer; `authority` holds the SOA of a negative one or the NS of a delegation."""

    code: Code
    records: tuple[Records, ...] = ()
    authority: tuple[Records, ...] = ()
    authoritative: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Answers from zones as they are at one moment."""

    zones: Mapping[str, Zone]
    balancers: Balancers
    health: HealthEvaluation
    draw: Draw
    by_name: Mapping[str, Zone] = field(init=False)

    def __post_init__(self) -> None:
        """Of zones of one name the first made answers; on AWS each has servers of its own."""
        public = [zone for zone in self.zones.values() if not zone.private]
        names = {zone.name: zone for zone in reversed(public)}
        object.__setattr__(self, "by_name", names)

    def resolve(self, name: str, record_type: str) -> Answer:
        """The answer for a name in lower case with a dot at its end."""
        zone = self._zone(name)
        if zone is None:
            return self._balancer_answer(name, record_type)
        cut = _delegation(zone, name)
        if cut is not None and not (cut.name == name and record_type == "DS"):
            return Answer(code=Code.NOERROR, authority=(_plain(cut),), authoritative=False)
        chain = list(self._chain(zone, name, record_type))
        last_zone, last_name, found = chain[-1]
        records = tuple(records for _, _, some in chain for records in some)
        if found or last_zone is None:
            return Answer(code=Code.NOERROR, records=records)
        exists = _source(last_zone, last_name) is not None
        code = Code.NOERROR if exists else Code.NXDOMAIN
        return Answer(code=code, records=records, authority=_start(last_zone))

    def _chain(
        self, zone: Zone | None, name: str, record_type: str
    ) -> Iterator[tuple[Zone | None, str, tuple[Records, ...]]]:
        """Each name on the way with its records; a name outside our zones ends it, unanswered."""
        seen: set[str] = set()
        while zone is not None and name not in seen and len(seen) < LONGEST_CHAIN:
            seen.add(name)
            found = self._at(zone, name, record_type)
            if found:
                yield zone, name, found
                return
            links = self._at(zone, name, "CNAME")
            yield zone, name, links
            if not links:
                return
            name = links[0].values[0].lower()
            name = name if name.endswith(".") else f"{name}."
            zone = self._zone(name)
        yield None, name, ()

    def _at(self, zone: Zone, name: str, record_type: str) -> tuple[Records, ...]:
        """The records of one name and type, wildcards counted."""
        source = _source(zone, name)
        if source is None:
            return ()
        return tuple(self._expanded(zone.group(source, record_type), name, record_type, 0))

    def _expanded(
        self, group: Sequence[RecordSet], owner: str, record_type: str, depth: int
    ) -> Iterator[Records]:
        chosen = choose(group, self.health.healthy, self.draw)
        plain = [record for record in chosen if record.alias is None]
        if plain:
            values = tuple(dict.fromkeys(value for record in plain for value in record.values))
            ttl = min(_ttl(record) for record in plain)
            yield Records(name=owner, type=record_type, ttl_seconds=ttl, values=values)
        for record in chosen:
            if record.alias is not None and depth < DEEPEST_ALIAS:
                yield from self._followed(record, owner, record_type, depth)

    def _followed(
        self, record: RecordSet, owner: str, record_type: str, depth: int
    ) -> Iterator[Records]:
        alias = record.alias
        if alias is None:
            return
        if alias.zone_id == ELB_ZONE_ID:
            yield from self._addresses(owner, alias.name, record_type)
            return
        zone = self.zones.get(alias.zone_id)
        if zone is not None:
            group = zone.group(alias.name, record_type)
            yield from self._expanded(group, owner, record_type, depth + 1)

    def _addresses(self, owner: str, balancer: str, record_type: str) -> Iterator[Records]:
        found = self.balancers.find(balancer_name(balancer))
        if found is not None and record_type == "A":
            yield Records(name=owner, type="A", ttl_seconds=ELB_TTL_SECONDS, values=found.addresses)

    def _balancer_answer(self, name: str, record_type: str) -> Answer:
        if self.balancers.find(balancer_name(name)) is None:
            return Answer(code=Code.REFUSED, authoritative=False)
        records = tuple(self._addresses(name, name, record_type))
        return Answer(code=Code.NOERROR, records=records)

    def _zone(self, name: str) -> Zone | None:
        """The zone whose name is the longest end of this one."""
        labels = name.rstrip(".").split(".")
        for start in range(len(labels)):
            zone = self.by_name.get(".".join(labels[start:]) + ".")
            if zone is not None:
                return zone
        return None


def _source(zone: Zone, name: str) -> str | None:
    """The owner whose records answer for `name`: itself, a wildcard, or None (RFC 4592)."""
    names = {record.name for record in zone.records}
    if _exists(names, name):
        return name
    labels = name.split(".")
    for start in range(1, len(labels)):
        encloser = ".".join(labels[start:])
        if _exists(names, encloser):
            wildcard = f"*.{encloser}"
            return wildcard if wildcard in names else None
    return None


def _exists(names: set[str], name: str) -> bool:
    """Whether the name owns records or has names below it."""
    return name in names or any(other.endswith(f".{name}") for other in names)


def _delegation(zone: Zone, name: str) -> RecordSet | None:
    """The NS records of a part of the zone that was handed to other servers."""
    labels = name.removesuffix(zone.name).rstrip(".").split(".")
    for start in range(len(labels) - 1, -1, -1):
        cut = ".".join([*labels[start:], zone.name]) if labels[start] else zone.name
        found = zone.group(cut, "NS")
        if found and cut != zone.name:
            return found[0]
    return None


def _start(zone: Zone) -> tuple[Records, ...]:
    """The SOA, by whose TTL resolvers remember that there is nothing (RFC 2308)."""
    found = zone.group(zone.name, "SOA")
    return (_plain(found[0]),) if found else ()


def _plain(record: RecordSet) -> Records:
    return Records(
        name=record.name, type=record.type, ttl_seconds=_ttl(record), values=record.values
    )


def _ttl(record: RecordSet) -> int:
    """Every record set with values has a TTL; ministack's own defaults too."""
    return 0 if record.ttl_seconds is None else record.ttl_seconds
