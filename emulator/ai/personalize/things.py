"""Everything of Personalize that has an ARN: made by its operations or declared by stacks."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.ai.declared import DeclaredKind, Recorded
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

ACTIVE, PENDING, IN_PROGRESS, FAILED = (
    "ACTIVE",
    "CREATE PENDING",
    "CREATE IN_PROGRESS",
    "CREATE FAILED",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of things: how operations name it, and how stacks do."""

    noun: str
    """`Solution` in `CreateSolution`, `solution` in answers."""
    path: str
    """The part of its ARN before the name."""
    declared: DeclaredKind | None = None

    @property
    def member(self) -> str:
        """The member of answers that describes one."""
        return self.noun[0].lower() + self.noun[1:]

    @property
    def arn(self) -> str:
        """The member that holds its ARN."""
        return f"{self.member}Arn"


def _kind(noun: str, path: str, *, shape: str | None = None) -> Kind:
    declared = None
    if shape is not None:
        type_name = f"AWS::Personalize::{noun}"
        declared = DeclaredKind(type_name=type_name, service="personalize", shape=shape)
    return Kind(noun=noun, path=path, declared=declared)


SCHEMA = _kind("Schema", "schema", shape="DatasetSchema")
GROUP = _kind("DatasetGroup", "dataset-group", shape="DatasetGroup")
DATASET = _kind("Dataset", "dataset", shape="Dataset")
IMPORT = _kind("DatasetImportJob", "dataset-import-job")
SOLUTION = _kind("Solution", "solution", shape="Solution")
VERSION = _kind("SolutionVersion", "solution")
CAMPAIGN = _kind("Campaign", "campaign", shape="Campaign")
TRACKER = _kind("EventTracker", "event-tracker", shape="EventTracker")
FILTER = _kind("Filter", "filter", shape="Filter")
BATCH = _kind("BatchInferenceJob", "batch-inference-job")
KINDS = (
    SCHEMA,
    GROUP,
    DATASET,
    IMPORT,
    SOLUTION,
    VERSION,
    CAMPAIGN,
    TRACKER,
    FILTER,
    BATCH,
)


def arn_of(tenant: Tenant, kind: Kind, name: str) -> str:
    """The ARN of a thing."""
    account, region = tenant
    return f"arn:aws:personalize:{region}:{account}:{kind.path}/{name}"


@dataclass(kw_only=True, slots=True)
class Things:
    """Descriptions by kind and ARN, of every account and region."""

    now: Callable[[], float]
    recorded: Recorded
    _own: dict[tuple[Tenant, str, str], Json] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, tenant: Tenant, kind: Kind) -> list[Json]:
        """The tenant's of that kind, oldest first, a stack's before others."""
        declared = [] if kind.declared is None else kind.declared.of(self.recorded, tenant)
        now = self.now()
        times = {"creationDateTime": now, "lastUpdatedDateTime": now}
        status = {} if kind is SCHEMA else {"status": ACTIVE}
        with self._lock:
            own = [
                told
                for (owner, noun, _), told in self._own.items()
                if owner == tenant and noun == kind.noun
            ]
        return [*({**status, **times, **told} for told in declared), *own]

    def get(self, tenant: Tenant, kind: Kind, arn: str) -> Json:
        """The thing; ResourceNotFoundException without one."""
        for told in self.of(tenant, kind):
            if told[kind.arn] == arn:
                return told
        raise RefusedRequestError("ResourceNotFoundException", f"There is no {kind.noun} {arn}")

    def active(self, tenant: Tenant, kind: Kind, arn: str) -> Json:
        """The thing, which is ACTIVE; InvalidInputException otherwise."""
        told = self.get(tenant, kind, arn)
        if told["status"] != ACTIVE:
            raise RefusedRequestError(
                "InvalidInputException", f"The {kind.noun} {arn} is {told['status']}, not ACTIVE"
            )
        return told

    def create(self, tenant: Tenant, kind: Kind, name: str, told: Mapping[str, Any]) -> Json:
        """There is a new thing; ResourceAlreadyExistsException if there was one."""
        arn = arn_of(tenant, kind, name)
        if any(other[kind.arn] == arn for other in self.of(tenant, kind)):
            raise RefusedRequestError(
                "ResourceAlreadyExistsException", f"There is a {kind.noun} {arn} already"
            )
        now = self.now()
        described = {
            **{key: value for key, value in told.items() if key != "tags"},
            kind.arn: arn,
            "creationDateTime": now,
            "lastUpdatedDateTime": now,
        }
        with self._lock:
            self._own[tenant, kind.noun, arn] = described
        return described

    def change(self, tenant: Tenant, kind: Kind, arn: str, changes: Mapping[str, Any]) -> None:
        """The thing is described with these changes; one that is gone stays gone."""
        with self._lock:
            known = self._own.get((tenant, kind.noun, arn))
            if known is not None:
                known |= {**changes, "lastUpdatedDateTime": self.now()}

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
