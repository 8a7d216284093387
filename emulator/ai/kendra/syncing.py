"""Synchronisation of an index with a bucket: what is new, changed or gone since the last time."""

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.jobs import Job, JobFailedError
from emulator.ai.kendra import attributes
from emulator.ai.kendra.indexes import Index, Indexes
from emulator.ai.kendra.indexing import FailedDocumentError, document_of
from emulator.ai.roles import Roles
from emulator.ai.searching import texts
from emulator.ai.searching.crawling import METADATA_SUFFIX, Stored, stored
from emulator.jsonapi import Json

METRICS = (
    "DocumentsAdded",
    "DocumentsModified",
    "DocumentsDeleted",
    "DocumentsFailed",
    "DocumentsScanned",
)


@dataclass(kw_only=True, slots=True)
class Sync:
    """One run: the index, the source, and what was counted so far."""

    index: Index
    source: Mapping[str, Any]
    client: Any
    run: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(METRICS, 0))
    failures: list[str] = field(default_factory=list)

    @property
    def bucket(self) -> Mapping[str, Any]:
        """The configuration of the bucket."""
        found: Mapping[str, Any] = self.source["Configuration"]["S3Configuration"]
        return found


def synchronised(job: Job, indexes: Indexes, roles: Roles) -> Json:
    """The index has the bucket's documents; what the history says. JobFailedError says why not."""
    tenant = job.tenant
    index = indexes.get(tenant, job.request["IndexId"])
    source = indexes.source(tenant, job.request["IndexId"], job.request["Id"])
    role = source["RoleArn"]
    needed = [(f"kendra:Batch{verb}Document", index.arn) for verb in ("Put", "Delete")]
    missing = roles.missing(role, needed)
    if missing:
        raise JobFailedError("; ".join(missing))
    sync = Sync(index=index, source=source, client=roles.client(role, "s3", tenant[1]), run=job.id)
    try:
        _synchronise(sync)
    except ClientError as error:
        raise JobFailedError(f"{role} on s3://{sync.bucket['BucketName']}: {error}") from error
    return {
        "Metrics": {name: str(count) for name, count in sync.counts.items()},
        "failures": sync.failures,
    }


def _synchronise(sync: Sync) -> None:
    lists = _access_lists(sync)
    objects = list(_documents(sync))
    metadata = _metadata_files(sync)
    kept: set[str] = set()
    for found in objects:
        sync.counts["DocumentsScanned"] += 1
        described = metadata.get(_metadata_key(sync, found))
        try:
            kept.add(_take(sync, found, described, lists))
        except FailedDocumentError as error:
            sync.counts["DocumentsFailed"] += 1
            sync.failures.append(f"{found.uri}: {error}")
            sync.index.contents.failed[found.uri] = str(error)
    contents = sync.index.contents
    for document in list(contents.documents.values()):
        if document.source == sync.source["Id"] and document.id not in kept:
            contents.delete(document.id)
            sync.counts["DocumentsDeleted"] += 1


def _documents(sync: Sync) -> Iterator[Stored]:
    """The objects that are documents: by prefix and pattern, without what describes them."""
    bucket = sync.bucket
    included, excluded = bucket.get("InclusionPatterns"), bucket.get("ExclusionPatterns", ())
    folder = bucket.get("DocumentsMetadataConfiguration", {}).get("S3Prefix")
    lists = bucket.get("AccessControlListConfiguration", {}).get("KeyPath")
    for found in stored(sync.client, bucket["BucketName"], bucket.get("InclusionPrefixes", ())):
        describes = found.key.endswith(METADATA_SUFFIX) or found.key == lists
        if describes or (folder is not None and found.key.startswith(folder)):
            continue
        if included and not _matches(found.key, included):
            continue
        if not _matches(found.key, excluded):
            yield found


def _matches(key: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(key, pattern) for pattern in patterns)


def _metadata_files(sync: Sync) -> dict[str, Stored]:
    """Those of the folder of metadata, or those that lie among the documents."""
    bucket = sync.bucket
    folder = bucket.get("DocumentsMetadataConfiguration", {}).get("S3Prefix")
    prefixes = bucket.get("InclusionPrefixes", ()) if folder is None else [folder]
    found = stored(sync.client, bucket["BucketName"], prefixes)
    return {each.key: each for each in found if each.key.endswith(METADATA_SUFFIX)}


def _metadata_key(sync: Sync, document: Stored) -> str:
    """Beside the document, or at the same place under the folder of metadata."""
    folder = sync.bucket.get("DocumentsMetadataConfiguration", {}).get("S3Prefix")
    if folder is None:
        return f"{document.key}{METADATA_SUFFIX}"
    return f"{folder.rstrip('/')}/{document.key}{METADATA_SUFFIX}"


def _take(
    sync: Sync, found: Stored, metadata: Stored | None, lists: Mapping[str, list[Json]]
) -> str:
    """The object's document is in the index; its id."""
    described = _described(sync, metadata)
    listed = [each for prefix, row in lists.items() if found.uri.startswith(prefix) for each in row]
    access = described.get("AccessControlList", listed)
    version = f"{found.version} {metadata.version if metadata else ''} {json.dumps(access)}"
    name: str = described.get("DocumentId", found.uri)
    known = sync.index.contents.documents.get(name)
    if known is not None and known.version == version:
        return name
    kind = described.get("ContentType", texts.kind_of(found.key))
    if kind is None:
        raise FailedDocumentError(
            f"The embedded cloud reads {', '.join(texts.KINDS)}, not {found.key}"
        )
    given = {
        "Id": name,
        "Title": described.get("Title"),
        "Attributes": _attributes(sync, found, described.get("Attributes", {})),
        "AccessControlList": access,
    }
    source = sync.source["Id"]
    kept = document_of(
        given, found.read(sync.client), sync.index, kind=kind, source=source, version=version
    )
    sync.index.contents.put(*kept)
    sync.index.contents.failed.pop(name, None)
    sync.counts["DocumentsAdded" if known is None else "DocumentsModified"] += 1
    return name


def _described(sync: Sync, metadata: Stored | None) -> Json:
    if metadata is None:
        return {}
    try:
        described = json.loads(metadata.read(sync.client))
    except ValueError as error:
        raise FailedDocumentError(f"{metadata.uri} must be JSON: {error}") from error
    if not isinstance(described, dict):
        raise FailedDocumentError(f"{metadata.uri} must be a JSON object")
    return described


def _attributes(sync: Sync, found: Stored, given: Mapping[str, Any]) -> list[Json]:
    """The attributes of the metadata file, which gives plain values, and those that a sync adds."""
    region = sync.index.tenant[1]
    own = {
        "_source_uri": f"https://s3.{region}.amazonaws.com/{found.bucket}/{found.key}",
        **given,
        "_data_source_id": sync.source["Id"],
        "_data_source_sync_job_execution_id": sync.run,
    }
    types = sync.index.types
    return [
        {"Key": key, "Value": {attributes.MEMBERS[types.get(key, attributes.STRING)]: value}}
        for key, value in ((key, _typed(types.get(key), value)) for key, value in own.items())
    ]


def _typed(kind: str | None, value: Any) -> Any:
    """A date of the file as seconds since 1970; every other value as it is."""
    if kind != attributes.DATE or not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise FailedDocumentError(f"dates are ISO 8601, got {value!r}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _access_lists(sync: Sync) -> dict[str, list[Json]]:
    """The lists of the file that names readers by prefix; none without the file."""
    key = sync.bucket.get("AccessControlListConfiguration", {}).get("KeyPath")
    if key is None:
        return {}
    file = Stored(bucket=sync.bucket["BucketName"], key=key, version="")
    try:
        rows = json.loads(file.read(sync.client))
        return {row["keyPrefix"]: row["aclEntries"] for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise JobFailedError(
            f"{file.uri} must be a JSON list of keyPrefix and aclEntries: {error!r}"
        ) from error
