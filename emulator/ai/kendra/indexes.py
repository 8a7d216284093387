"""Indexes and data sources: made by Kendra's own operations or declared by stacks."""

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.ai.declared import DeclaredKind, Recorded
from emulator.ai.kendra.access import ATTRIBUTE_FILTER
from emulator.ai.kendra.attributes import types_of
from emulator.ai.searching.ranking import PassageIndex
from emulator.jsonapi import Json, RefusedRequestError

Tenant = tuple[str, str]

_INDEXES = DeclaredKind(
    type_name="AWS::Kendra::Index", service="kendra", shape="DescribeIndexResponse"
)
_SOURCES = DeclaredKind(
    type_name="AWS::Kendra::DataSource",
    service="kendra",
    shape="DescribeDataSourceResponse",
    renamed={"DataSourceConfiguration": "Configuration"},
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document of an index; `source` is the data source that brought it, None without one."""

    id: str
    title: str
    uri: str | None
    values: Mapping[str, Any]
    access: Sequence[Mapping[str, Any]]
    text_bytes: int
    source: str | None = None
    version: str = ""


@dataclass(kw_only=True, slots=True)
class Contents:
    """What is in an index. Documents and passages change together, under `lock`."""

    documents: dict[str, Document] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    """Why documents of data sources are not in the index, by id, as of the last run."""
    passages: PassageIndex = field(default_factory=PassageIndex)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, document: Document, passages: Sequence[str]) -> None:
        """The document can be found."""
        with self.lock:
            self.documents[document.id] = document
            self.passages.put(document.id, document.title, passages)

    def delete(self, document_id: str) -> bool:
        """The document cannot be found; whether it could."""
        with self.lock:
            self.passages.delete(document_id)
            return self.documents.pop(document_id, None) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """An index as its API describes it, and what is in it."""

    tenant: Tenant
    described: Json
    contents: Contents

    @property
    def arn(self) -> str:
        """The index's ARN."""
        account, region = self.tenant
        return f"arn:aws:kendra:{region}:{account}:index/{self.described['Id']}"

    @property
    def policy(self) -> str:
        """Whom the index shows queries that name no reader."""
        return str(self.described.get("UserContextPolicy", ATTRIBUTE_FILTER))

    @property
    def types(self) -> dict[str, str]:
        """The type of every attribute that its documents may have."""
        return types_of(self.described)


@dataclass(kw_only=True, slots=True)
class Indexes:
    """The indexes and data sources of every account and region."""

    now: Callable[[], float]
    recorded: Recorded
    _indexes: dict[tuple[Tenant, str], Json] = field(default_factory=dict)
    _sources: dict[tuple[Tenant, str, str], Json] = field(default_factory=dict)
    _contents: dict[tuple[Tenant, str], Contents] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """There is an index of that description; what the answer says of it."""
        made = self.now()
        told = {k: v for k, v in request.items() if k not in {"ClientToken", "Tags"}}
        described = {
            "Edition": "ENTERPRISE_EDITION",
            **told,
            "Id": str(uuid.uuid4()),
            "Status": "ACTIVE",
            "CreatedAt": made,
            "UpdatedAt": made,
        }
        with self._lock:
            self._indexes[tenant, described["Id"]] = described
        return {"Id": described["Id"]}

    def update(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """The index has the attributes, policy and names of the request."""
        index = self.own(tenant, request["Id"])
        changed = {k: v for k, v in request.items() if k != "DocumentMetadataConfigurationUpdates"}
        fields = {
            each["Name"]: each
            for each in (
                *index.get("DocumentMetadataConfigurations", ()),
                *request.get("DocumentMetadataConfigurationUpdates", ()),
            )
        }
        index.update(changed, UpdatedAt=self.now())
        index["DocumentMetadataConfigurations"] = list(fields.values())

    def of(self, tenant: Tenant) -> list[Json]:
        """The descriptions of the tenant's indexes."""
        with self._lock:
            own = [index for (owner, _), index in self._indexes.items() if owner == tenant]
        declared = _INDEXES.of(self.recorded, tenant)
        return [*own, *({"Status": "ACTIVE", **index} for index in declared)]

    def get(self, tenant: Tenant, index_id: str) -> Index:
        """The index; ResourceNotFoundException without one."""
        for described in self.of(tenant):
            if described["Id"] == index_id:
                with self._lock:
                    contents = self._contents.setdefault((tenant, index_id), Contents())
                return Index(tenant=tenant, described=described, contents=contents)
        raise _not_found("index", index_id, tenant)

    def own(self, tenant: Tenant, index_id: str) -> Json:
        """The description of an index that no stack declares, to be changed."""
        self.get(tenant, index_id)
        found = self._indexes.get((tenant, index_id))
        if found is None:
            raise RefusedRequestError(
                "ConflictException", f"A stack declares the index {index_id}: change its template"
            )
        return found

    def delete(self, tenant: Tenant, index_id: str) -> None:
        """There is no such index, nor a data source of it."""
        self.own(tenant, index_id)
        with self._lock:
            del self._indexes[tenant, index_id]
            self._contents.pop((tenant, index_id), None)
            for key in [key for key in self._sources if key[:2] == (tenant, index_id)]:
                del self._sources[key]

    def create_source(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The index has a data source of that description."""
        self.get(tenant, request["IndexId"])
        made = self.now()
        told = {k: v for k, v in request.items() if k not in {"ClientToken", "Tags"}}
        source = {
            "LanguageCode": "en",
            **told,
            "Id": str(uuid.uuid4()),
            "Status": "ACTIVE",
            "CreatedAt": made,
            "UpdatedAt": made,
        }
        with self._lock:
            self._sources[tenant, request["IndexId"], source["Id"]] = source
        return {"Id": source["Id"]}

    def sources(self, tenant: Tenant, index_id: str) -> list[Json]:
        """The descriptions of the index's data sources."""
        self.get(tenant, index_id)
        with self._lock:
            own = [s for key, s in self._sources.items() if key[:2] == (tenant, index_id)]
        declared = [
            {"Status": "ACTIVE", **source}
            for source in _SOURCES.of(self.recorded, tenant)
            if source["IndexId"] == index_id
        ]
        return [*own, *declared]

    def source(self, tenant: Tenant, index_id: str, source_id: str) -> Json:
        """The data source; ResourceNotFoundException without one."""
        for source in self.sources(tenant, index_id):
            if source["Id"] == source_id:
                return source
        raise _not_found("data source", source_id, tenant)

    def delete_source(self, tenant: Tenant, index_id: str, source_id: str) -> None:
        """The index has no such data source; the documents that it brought are gone."""
        self.source(tenant, index_id, source_id)
        if (tenant, index_id, source_id) not in self._sources:
            raise RefusedRequestError(
                "ConflictException",
                f"A stack declares the data source {source_id}: change its template",
            )
        contents = self.get(tenant, index_id).contents
        for document in list(contents.documents.values()):
            if document.source == source_id:
                contents.delete(document.id)
        with self._lock:
            del self._sources[tenant, index_id, source_id]


def _not_found(kind: str, name: str, tenant: Tenant) -> RefusedRequestError:
    account, region = tenant
    return RefusedRequestError(
        "ResourceNotFoundException",
        f"The {kind} {name} does not exist in the account {account} in {region}",
    )
