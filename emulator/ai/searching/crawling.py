"""What lies in a bucket, read as a role, and what of it changed since it was read before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

METADATA_SUFFIX = ".metadata.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An object: `version` is another one whenever its content is."""

    bucket: str
    key: str
    version: str

    @property
    def uri(self) -> str:
        """Its `s3://` address."""
        return f"s3://{self.bucket}/{self.key}"

    def read(self, client: Any) -> bytes:
        """Its content; ClientError as S3 refuses the client."""
        body: bytes = client.get_object(Bucket=self.bucket, Key=self.key)["Body"].read()
        return body


def stored(client: Any, bucket: str, prefixes: Sequence[str]) -> Iterator[Stored]:
    """The objects under the prefixes (all without one), by key; folders' markers are left out."""
    for prefix in prefixes or [""]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", []):
                if not entry["Key"].endswith("/"):
                    yield Stored(bucket=bucket, key=entry["Key"], version=entry["ETag"])
