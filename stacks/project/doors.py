"""The front door as a specification: who may come in, and by which names.

`api` is one HTTP API for all models of a stage. `dns` adds two tracks to each model that is
released by `dns`, each with a load balancer of its own, behind one host name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.slots import Slot


class DoorKind(StrEnum):
    """What is before the models."""

    API = "api"
    DNS = "dns"


class Authentication(StrEnum):
    """How callers of the HTTP API prove who they are: by a signature of AWS, or by a token."""

    IAM = "iam"
    JWT = "jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtSpec:
    """Whose tokens are taken: signed by a key of `jwks`, and with these claims."""

    issuer: str
    jwks: str
    audience: str
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsSpec:
    """The hosted zone and the domain in it under which each model gets its host name."""

    zone_id: str
    domain: str
    requests_per_client: int
    """How many requests one address may send in five minutes."""

    def host(self, model: str) -> str:
        """The name under which a model is asked."""
        return f"{model}.{self.domain}"

    def track_host(self, model: str, slot: Slot) -> str:
        """The name of one track, which follows its load balancer."""
        return f"{slot.value}.{self.host(model)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSpec:
    """The front door of a stage. Without `dns` it is the HTTP API alone."""

    authentication: Authentication = Authentication.IAM
    jwt: JwtSpec | None = None
    dns: DnsSpec | None = None
