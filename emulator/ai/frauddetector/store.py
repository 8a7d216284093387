"""What Fraud Detector knows of an account and region: its own and what stacks declare."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulator.ai.declared import Recorded
from emulator.ai.frauddetector.templates import declared_of
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

VARIABLE, LABEL, ENTITY_TYPE, OUTCOME = "variable", "label", "entity-type", "outcome"
EVENT_TYPE, LIST, DETECTOR, RULE = "event-type", "list", "detector", "rule"
DETECTOR_VERSION, MODEL, MODEL_VERSION = "detector-version", "model", "model-version"
EXTERNAL_MODEL = "external-model"
"""Kinds of things, as ARNs name them."""


def arn_of(tenant: Tenant, kind: str, key: str) -> str:
    """The ARN of a thing; keys of versions are `detector/1`, `detector/rule/1`."""
    account, region = tenant
    return f"arn:aws:frauddetector:{region}:{account}:{kind}/{key}"


@dataclass(kw_only=True, slots=True)
class Things:
    """Descriptions by kind and key, of every account and region."""

    now: Callable[[], float]
    recorded: Recorded
    _own: dict[tuple[Tenant, str, str], Json] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def moment(self) -> str:
        """Now, as Fraud Detector writes it."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def of(self, tenant: Tenant, kind: str) -> list[Json]:
        """The tenant's of that kind, by key."""
        return [told for _, told in sorted(self._keyed(tenant, kind))]

    def find(self, tenant: Tenant, kind: str, key: str) -> Json | None:
        """The thing, if there is one."""
        return dict(self._keyed(tenant, kind)).get(key)

    def get(self, tenant: Tenant, kind: str, key: str) -> Json:
        """The thing; ResourceNotFoundException without one."""
        found = self.find(tenant, kind, key)
        if found is None:
            raise RefusedRequestError(
                "ResourceNotFoundException", f"The {kind} {key} does not exist"
            )
        return found

    def put(self, tenant: Tenant, kind: str, key: str, told: Mapping[str, Any]) -> Json:
        """The thing is described so, from now on."""
        moment = self.moment()
        known = self.find(tenant, kind, key)
        made = moment if known is None else known.get("createdTime", moment)
        described = {
            **{name: value for name, value in told.items() if name != "tags"},
            "arn": arn_of(tenant, kind, key),
            "createdTime": made,
            "lastUpdatedTime": moment,
        }
        with self._lock:
            self._own[tenant, kind, key] = described
        return described

    def create(self, tenant: Tenant, kind: str, key: str, told: Mapping[str, Any]) -> Json:
        """There is a new thing; ValidationException if its name is taken."""
        if self.find(tenant, kind, key) is not None:
            raise RefusedRequestError("ValidationException", f"The {kind} {key} already exists")
        return self.put(tenant, kind, key, told)

    def delete(self, tenant: Tenant, kind: str, key: str) -> None:
        """The thing is gone; it must be there and no stack's."""
        self.get(tenant, kind, key)
        with self._lock:
            if (tenant, kind, key) not in self._own:
                raise RefusedRequestError(
                    "ConflictException", f"A stack declares the {kind} {key}: change its template"
                )
            del self._own[tenant, kind, key]

    def _keyed(self, tenant: Tenant, kind: str) -> Iterator[tuple[str, Json]]:
        declared = declared_of(self.recorded(), tenant, kind)
        moment = self.moment()
        for key, told in declared.items():
            times = {"createdTime": moment, "lastUpdatedTime": moment}
            yield key, {**times, **told, "arn": arn_of(tenant, kind, key)}
        with self._lock:
            own = [
                (key, told)
                for (owner, of, key), told in self._own.items()
                if owner == tenant and of == kind
            ]
        yield from own
