"""Rules of the front door: what belongs together, and what a release by `dns` needs of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stacks.project.doors import Authentication, DnsSpec, DoorKind, DoorSpec, JwtSpec
from stacks.project.faults import Fault
from stacks.project.shape import FrontDoorFile, JwtFile
from tidegate.slots import PAIR
from tidegate.strategies import LEGAL, Mechanism, Strategy

Say = Callable[..., Fault]
"""Makes a fault of a message, at keys below the section."""

MOST_COMMON_NAME = 64
"""The first name of a certificate is its common name (RFC 5280, ub-common-name)."""

MOST_CLAIMS = 10
"""A load balancer checks at most ten claims beside issuer and times, the audience among them."""

_KEPT_CLAIMS = ("iss", "exp", "nbf", "iat", "aud")
_SPACED = frozenset({"scope", "scp"})
"""Claims whose value is a list in one text (RFC 8693, section 4.2; Entra ID's access tokens)."""


def door_faults(door: FrontDoorFile, say: Say) -> Iterator[Fault]:
    """What is wrong with a front door."""
    takes_tokens = door.kind is DoorKind.DNS or door.authentication is Authentication.JWT
    if takes_tokens and door.jwt is None:
        who = "load balancers take" if door.kind is DoorKind.DNS else "authentication is"
        yield say(f"jwt is missing: {who} jwt, which needs an issuer and an audience")
    if not takes_tokens and door.jwt is not None:
        yield say("jwt is given, but authentication is iam: drop one of the two", "jwt")
    yield from _zone_faults(door, say)
    if door.jwt is not None:
        yield from _claim_faults(door.jwt, say)
        yield from _unseen_faults(door, door.jwt, say)


def _zone_faults(door: FrontDoorFile, say: Say) -> Iterator[Fault]:
    for key in ("domain", "zone_id"):
        given = getattr(door, key) is not None
        if door.kind is DoorKind.DNS and not given:
            yield say(f"{key} is missing: kind dns needs it")
        if door.kind is DoorKind.API and given:
            yield say(f"{key} belongs to kind dns: drop it, or set kind to dns", key)


def _unseen_faults(door: FrontDoorFile, jwt: JwtFile, say: Say) -> Iterator[Fault]:
    if door.authentication is Authentication.IAM:
        return
    for name in sorted(set(jwt.claims) - _SPACED):
        yield say(
            f"claim {name} is one that an HTTP API cannot check, only scope and scp: drop it, or "
            "let authentication be iam",
            "jwt",
            "claims",
            name,
        )


def _claim_faults(jwt: JwtFile, say: Say) -> Iterator[Fault]:
    for name in sorted(set(jwt.claims) & set(_KEPT_CLAIMS)):
        yield say(f"claim {name} is always checked: drop it", "jwt", "claims", name)
    if len(jwt.claims) >= MOST_CLAIMS:
        yield say(
            f"jwt.claims has {len(jwt.claims)} claims, a load balancer checks at most "
            f"{MOST_CLAIMS - 1} beside the audience",
            "jwt",
            "claims",
        )
    for name, values in jwt.claims.items():
        if name in _SPACED and any(" " in value for value in values):
            yield say(
                f"claim {name} is a list already: give each value by itself", "jwt", "claims", name
            )


def dns_faults(
    name: str, release: Mapping[str, Any], stages: Mapping[str, FrontDoorFile], say: Say
) -> Iterator[Fault]:
    """What keeps a model from being released by dns in each of the stages."""
    if not _by_dns(release):
        return
    if name in PAIR:
        yield say(f"{name} is the name of a slot, and so of a track: give the model another one")
    for stage, door in stages.items():
        if door.kind is DoorKind.API:
            others = ", ".join(_others(release)) or "another strategy"
            yield say(
                f"mechanism is dns, but the front door of stage {stage} is api, which has one "
                f"track: set stages.{stage}.front_door.kind to dns, or use {others}",
                "mechanism",
            )
        elif door.domain is not None and len(f"{name}.{door.domain}") > MOST_COMMON_NAME:
            host = f"{name}.{door.domain}"
            yield say(
                f"{host} has {len(host)} characters, a certificate's first name at most "
                f"{MOST_COMMON_NAME}: shorten the model's name or the domain of stage {stage}"
            )


def _by_dns(release: Mapping[str, Any]) -> bool:
    return release.get("mechanism") == Mechanism.DNS.value


def _others(release: Mapping[str, Any]) -> list[str]:
    strategy = release.get("strategy", Strategy.CANARY.value)
    if strategy not in list(Strategy):
        return []
    return [m.value for m in LEGAL[Strategy(strategy)].mechanisms if m is not Mechanism.DNS]


def door_of(door: FrontDoorFile) -> DoorSpec:
    """The specification of a front door without faults."""
    dns = None
    if door.kind is DoorKind.DNS and door.domain is not None and door.zone_id is not None:
        dns = DnsSpec(
            zone_id=door.zone_id,
            domain=door.domain,
            requests_per_client=door.requests_per_client,
        )
    return DoorSpec(
        authentication=door.authentication,
        jwt=None if door.jwt is None else _jwt(door.jwt),
        dns=dns,
    )


def _jwt(file: JwtFile) -> JwtSpec:
    keys = f"{file.issuer.rstrip('/')}/.well-known/jwks.json" if file.jwks is None else file.jwks
    return JwtSpec(
        issuer=file.issuer,
        jwks=keys,
        audience=file.audience,
        claims={name: tuple(values) for name, values in sorted(file.claims.items())},
    )


def claim_format(name: str, values: tuple[str, ...]) -> str:
    """How a load balancer reads a claim."""
    if name in _SPACED:
        return "space-separated-values"
    return "single-string" if len(values) == 1 else "string-array"
