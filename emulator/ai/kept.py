"""Everything of a service that has an ARN: made by its operations or declared by stacks."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.ai.declared import DeclaredKind, Recorded
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

ACTIVE = "ACTIVE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of things, and how operations, ARNs and stacks name it."""

    noun: str
    """`Solution` in `CreateSolution`."""
    arn: str
    """The member that holds its ARN."""
    path: str
    """The part of its ARN before the name."""
    declared: DeclaredKind | None = None
    has_status: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Spelling:
    """How a service calls what all its things have, and its error of one that is not ready."""

    service: str
    """As ARNs have it."""
    status: str
    made: str
    changed: str
    not_active: str


@dataclass(kw_only=True, slots=True)
class Kept:
    """Descriptions by kind and ARN, of every account and region."""

    spelling: Spelling
    now: Callable[[], float]
    recorded: Recorded
    _own: dict[tuple[Tenant, str, str], Json] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arn_of(self, tenant: Tenant, kind: Kind, name: str) -> str:
        """The ARN of a thing."""
        account, region = tenant
        return f"arn:aws:{self.spelling.service}:{region}:{account}:{kind.path}/{name}"

    def of(self, tenant: Tenant, kind: Kind) -> list[Json]:
        """The tenant's of that kind, oldest first, a stack's before others."""
        declared = [] if kind.declared is None else kind.declared.of(self.recorded, tenant)
        now = self.now()
        times = {self.spelling.made: now, self.spelling.changed: now}
        status = {self.spelling.status: ACTIVE} if kind.has_status else {}
        with self._lock:
            own = [
                told
                for (owner, noun, _), told in self._own.items()
                if owner == tenant and noun == kind.noun
            ]
        # A type may have a status of its own, of which a recorded resource has no real one.
        return [*({**times, **told, **status} for told in declared), *own]

    def get(self, tenant: Tenant, kind: Kind, arn: str) -> Json:
        """The thing; ResourceNotFoundException without one."""
        for told in self.of(tenant, kind):
            if told[kind.arn] == arn:
                return told
        raise RefusedRequestError("ResourceNotFoundException", f"There is no {kind.noun} {arn}")

    def active(self, tenant: Tenant, kind: Kind, arn: str) -> Json:
        """The thing, which is ACTIVE; the service's error otherwise."""
        told = self.get(tenant, kind, arn)
        status = told[self.spelling.status]
        if status != ACTIVE:
            raise RefusedRequestError(
                self.spelling.not_active, f"The {kind.noun} {arn} is {status}, not ACTIVE"
            )
        return told

    def create(self, tenant: Tenant, kind: Kind, name: str, told: Mapping[str, Any]) -> Json:
        """There is a new thing; ResourceAlreadyExistsException if there was one."""
        arn = self.arn_of(tenant, kind, name)
        if any(other[kind.arn] == arn for other in self.of(tenant, kind)):
            raise RefusedRequestError(
                "ResourceAlreadyExistsException", f"There is a {kind.noun} {arn} already"
            )
        now = self.now()
        described = {
            **{key: value for key, value in told.items() if key.lower() != "tags"},
            kind.arn: arn,
            self.spelling.made: now,
            self.spelling.changed: now,
        }
        with self._lock:
            self._own[tenant, kind.noun, arn] = described
        return described

    def change(self, tenant: Tenant, kind: Kind, arn: str, changes: Mapping[str, Any]) -> None:
        """The thing is described with these changes; one that is gone stays gone."""
        with self._lock:
            known = self._own.get((tenant, kind.noun, arn))
            if known is not None:
                known |= {**changes, self.spelling.changed: self.now()}

    def delete(self, tenant: Tenant, kind: Kind, arn: str) -> None:
        """The thing is gone; it must be there and no stack's."""
        self.get(tenant, kind, arn)
        with self._lock:
            if (tenant, kind.noun, arn) not in self._own:
                raise RefusedRequestError(
                    "ResourceInUseException",
                    f"A stack declares the {kind.noun} {arn}: change its template",
                )
            del self._own[tenant, kind.noun, arn]
