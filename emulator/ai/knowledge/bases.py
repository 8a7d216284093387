"""Knowledge bases and their data sources, as stacks declare them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.ai.declared import DeclaredKind, Recorded
from emulator.ai.searching.ranking import PassageIndex
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

_BASES = DeclaredKind(
    type_name="AWS::Bedrock::KnowledgeBase", service="bedrock-agent", shape="KnowledgeBase"
)
_SOURCES = DeclaredKind(
    type_name="AWS::Bedrock::DataSource",
    service="bedrock-agent",
    shape="DataSource",
    renamed={"DataSourceStatus": "status"},
)
_INDEXES = DeclaredKind(type_name="AWS::S3Vectors::Index", service="s3vectors", shape="Index")


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document that was ingested from a source."""

    uri: str
    source: str
    metadata: Mapping[str, Any]
    version: str


@dataclass(kw_only=True, slots=True)
class Contents:
    """What was ingested into a knowledge base; documents and passages change under `lock`."""

    documents: dict[str, Document] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    """Why documents could not be ingested, by address, as of the last run."""
    passages: PassageIndex = field(default_factory=PassageIndex)
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass(kw_only=True, slots=True)
class Bases:
    """The knowledge bases of every account and region."""

    recorded: Recorded
    _contents: dict[tuple[Tenant, str], Contents] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, tenant: Tenant) -> list[Json]:
        """The descriptions of the tenant's knowledge bases."""
        return [{**base, "status": "ACTIVE"} for base in _BASES.of(self.recorded, tenant)]

    def get(self, tenant: Tenant, base_id: str) -> Json:
        """The knowledge base of an id or ARN; ResourceNotFoundException without one."""
        for base in self.of(tenant):
            if base["knowledgeBaseId"] == base_id.rpartition("/")[2]:
                return base
        raise _not_found("Knowledge base", base_id)

    def contents(self, tenant: Tenant, base: Json) -> Contents:
        """What was ingested into a knowledge base."""
        with self._lock:
            return self._contents.setdefault((tenant, base["knowledgeBaseId"]), Contents())

    def sources(self, tenant: Tenant, base_id: str) -> list[Json]:
        """The data sources of a knowledge base."""
        base = self.get(tenant, base_id)
        return [
            {**source, "status": "AVAILABLE"}
            for source in _SOURCES.of(self.recorded, tenant)
            if source["knowledgeBaseId"] == base["knowledgeBaseId"]
        ]

    def source(self, tenant: Tenant, base_id: str, source_id: str) -> Json:
        """The data source; ResourceNotFoundException without one."""
        for source in self.sources(tenant, base_id):
            if source["dataSourceId"] == source_id:
                return source
        raise _not_found("Data source", source_id)

    def vector_index(self, tenant: Tenant, base: Json) -> str | None:
        """The ARN of the base's index in S3 Vectors; None if there is no such index."""
        storage = base.get("storageConfiguration", {}).get("s3VectorsConfiguration", {})
        wanted = storage.get("indexArn")
        if wanted is None:
            bucket, name = storage.get("vectorBucketArn", ""), storage.get("indexName", "")
            wanted = f"{bucket}/index/{name}"
        known = (index["indexArn"] for index in _INDEXES.of(self.recorded, tenant))
        return next((arn for arn in known if arn == wanted), None)


def _not_found(kind: str, name: str) -> RefusedRequestError:
    return RefusedRequestError("ResourceNotFoundException", f"{kind} with id {name} does not exist")
