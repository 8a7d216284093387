"""Ingestion: a bucket's documents become passages of the knowledge base."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.jobs import Job, JobFailedError
from emulator.ai.knowledge.bases import Bases, Contents, Document
from emulator.ai.knowledge.metadata import metadata_of
from emulator.ai.roles import Roles
from emulator.ai.searching import texts
from emulator.ai.searching.crawling import METADATA_SUFFIX, Stored, stored
from emulator.ai.searching.passages import passages_of
from emulator.jsonapi import Json

MOST_BYTES = 52_428_800
"""The most that AWS takes in a document (50 MB)."""
DEFAULT_WORDS = 300
"""Chunks "of about 300 tokens" without a chunking configuration; a token counts as a word here."""
KINDS = (texts.PLAIN, texts.MARKDOWN, texts.HTML, texts.CSV)
"""Those of Bedrock's formats that the embedded cloud reads."""

STATISTICS = (
    "numberOfDocumentsScanned",
    "numberOfMetadataDocumentsScanned",
    "numberOfNewDocumentsIndexed",
    "numberOfModifiedDocumentsIndexed",
    "numberOfMetadataDocumentsModified",
    "numberOfDocumentsDeleted",
    "numberOfDocumentsFailed",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunking:
    """How long passages are: `words` at most, None for one a document; `overlap` is a share."""

    words: int | None
    overlap: float = 0.0

    @classmethod
    def of(cls, source: Mapping[str, Any]) -> "Chunking | None":
        """That of a data source; None for a strategy that is not emulated."""
        given = source.get("vectorIngestionConfiguration", {}).get("chunkingConfiguration", {})
        strategy = given.get("chunkingStrategy")
        if strategy is None:
            return cls(words=DEFAULT_WORDS)
        if strategy == "NONE":
            return cls(words=None)
        if strategy == "FIXED_SIZE":
            fixed = given.get("fixedSizeChunkingConfiguration", {})
            return cls(
                words=fixed.get("maxTokens", DEFAULT_WORDS),
                overlap=fixed.get("overlapPercentage", 20) / 100,
            )
        return None

    def cut(self, text: str) -> list[str]:
        """The passages of a text."""
        if self.words is None:
            whole = " ".join(text.split())
            return [whole] if whole else []
        return passages_of(text, words=self.words, overlap=self.overlap)


@dataclass(kw_only=True, slots=True)
class Ingestion:
    """One run: source, what it goes into, and what was counted so far."""

    source: Mapping[str, Any]
    chunking: Chunking
    contents: Contents
    client: Any
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATISTICS, 0))
    failures: list[str] = field(default_factory=list)


def ingested(job: Job, bases: Bases, roles: Roles) -> Json:
    """The base has the bucket's documents; statistics. JobFailedError says why it has not."""
    tenant, base_id = job.tenant, job.request["knowledgeBaseId"]
    base = bases.get(tenant, base_id)
    source = bases.source(tenant, base_id, job.request["dataSourceId"])
    _require_rights(tenant, base, bases, roles)
    chunking = Chunking.of(source)
    if chunking is None:
        raise JobFailedError("The embedded cloud cuts documents by FIXED_SIZE or NONE only")
    run = Ingestion(
        source=source,
        chunking=chunking,
        contents=bases.contents(tenant, base),
        client=roles.client(base["roleArn"], "s3", tenant[1]),
    )
    bucket = source["dataSourceConfiguration"]["s3Configuration"]
    try:
        _ingest(run, bucket["bucketArn"].rpartition(":")[2], bucket.get("inclusionPrefixes", ()))
    except ClientError as error:
        raise JobFailedError(f"{base['roleArn']} on {bucket['bucketArn']}: {error}") from error
    return {"statistics": run.counts, "failures": run.failures}


def _require_rights(tenant: tuple[str, str], base: Json, bases: Bases, roles: Roles) -> None:
    index = bases.vector_index(tenant, base)
    if index is None:
        raise JobFailedError("The vector index of the knowledge base does not exist")
    model = base["knowledgeBaseConfiguration"]["vectorKnowledgeBaseConfiguration"]
    needed = [("bedrock:InvokeModel", model["embeddingModelArn"])]
    needed += [(f"s3vectors:{action}", index) for action in ("PutVectors", "DeleteVectors")]
    missing = roles.missing(base["roleArn"], needed)
    if missing:
        raise JobFailedError("; ".join(missing))


def _ingest(run: Ingestion, bucket: str, prefixes: Any) -> None:
    objects = {found.key: found for found in stored(run.client, bucket, prefixes)}
    kept: set[str] = set()
    for key, found in objects.items():
        if key.endswith(METADATA_SUFFIX):
            run.counts["numberOfMetadataDocumentsScanned"] += 1
            continue
        run.counts["numberOfDocumentsScanned"] += 1
        try:
            kept.add(_take(run, found, objects.get(f"{key}{METADATA_SUFFIX}")))
        except ValueError as error:
            run.counts["numberOfDocumentsFailed"] += 1
            run.failures.append(f"{found.uri}: {error}")
            run.contents.failed[found.uri] = str(error)
    _forget_others(run, kept)


def _take(run: Ingestion, found: Stored, metadata: Stored | None) -> str:
    """The object's passages can be retrieved; its address."""
    version = f"{found.version} {metadata.version if metadata is not None else ''}"
    known = run.contents.documents.get(found.uri)
    if known is not None and known.version == version:
        return found.uri
    kind = texts.kind_of(found.key)
    if kind not in KINDS:
        raise ValueError(f"The embedded cloud reads {', '.join(KINDS)}, not {found.key}")
    content = found.read(run.client)
    if len(content) > MOST_BYTES:
        raise ValueError(f"a document has at most {MOST_BYTES} bytes, got {len(content)}")
    text, title = texts.text_of(content, kind)
    values = {} if metadata is None else metadata_of(metadata.read(run.client))
    document = Document(
        uri=found.uri, source=run.source["dataSourceId"], metadata=values, version=version
    )
    with run.contents.lock:
        run.contents.documents[found.uri] = document
        run.contents.passages.put(found.uri, title or "", run.chunking.cut(text))
    run.contents.failed.pop(found.uri, None)
    if known is None:
        run.counts["numberOfNewDocumentsIndexed"] += 1
    elif known.version.partition(" ")[0] == found.version:
        run.counts["numberOfMetadataDocumentsModified"] += 1
    else:
        run.counts["numberOfModifiedDocumentsIndexed"] += 1
    return found.uri


def _forget_others(run: Ingestion, kept: set[str]) -> None:
    """Documents of the source that are not in the bucket any more are not found any more."""
    for document in list(run.contents.documents.values()):
        if document.source == run.source["dataSourceId"] and document.uri not in kept:
            with run.contents.lock:
                del run.contents.documents[document.uri]
                run.contents.passages.delete(document.uri)
            run.counts["numberOfDocumentsDeleted"] += 1
