"""Objects of S3 for batches: listed, read as a stream, written whole, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tidegate.batch.ports import ChangedObjectError, Head, Listed
from tidegate.batch.units import Location
from tidegate_aws.errors import ABSENT_OBJECT, code_of

PART_BYTES = 1 << 20
_CHANGED = frozenset({"PreconditionFailed", "412", *ABSENT_OBJECT})


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Objects:
    """Port `Objects`; `client` is boto3's for S3."""

    client: Any

    def list(self, place: Location) -> Iterator[Listed]:
        """The objects whose keys begin so, in the order of their keys."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=place.bucket, Prefix=place.prefix
        )
        for page in pages:
            for found in page.get("Contents", ()):
                yield Listed(key=found["Key"], size=found["Size"], etag=found["ETag"])

    def head(self, bucket: str, key: str) -> Head | None:
        """What is told of an object, None when there is none."""
        try:
            told = self.client.head_object(Bucket=bucket, Key=key)
        except self.client.exceptions.ClientError as error:
            if code_of(error) in ABSENT_OBJECT:
                return None
            raise
        return Head(
            size=told["ContentLength"], etag=told["ETag"], content_type=told.get("ContentType", "")
        )

    @contextmanager
    def read(self, bucket: str, key: str, *, etag: str) -> Iterator[Iterator[bytes]]:
        """The content in parts; ChangedObjectError when it is not the one with this tag."""
        try:
            body = self.client.get_object(Bucket=bucket, Key=key, IfMatch=etag)["Body"]
        except self.client.exceptions.ClientError as error:
            if code_of(error) in _CHANGED:
                raise ChangedObjectError(
                    f"s3://{bucket}/{key} was replaced or removed since it was looked at"
                ) from error
            raise
        try:
            yield body.iter_chunks(PART_BYTES)
        finally:
            body.close()

    def write(self, bucket: str, key: str, parts: Iterable[bytes]) -> str:
        """The object is there, whole; its tag."""
        told = self.client.put_object(Bucket=bucket, Key=key, Body=b"".join(parts))
        return str(told["ETag"])

    def delete(self, bucket: str, key: str) -> None:
        """The object is not there."""
        self.client.delete_object(Bucket=bucket, Key=key)
