"""A service's bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tidegate.errors import NotFoundError
from tidegate_aws.errors import ABSENT_OBJECT, LOST_CONDITION, code_of

LINK_SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Files:
    """Port `Files`."""

    client: Any
    bucket: str

    def read(self, key: str) -> bytes:
        """The content; NotFoundError where there is none."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
        except self.client.exceptions.ClientError as error:
            if code_of(error) in ABSENT_OBJECT:
                raise NotFoundError(f"no file {key}") from error
            raise
        content: bytes = answer["Body"].read()
        return content

    def write(self, key: str, content: bytes, *, content_type: str) -> None:
        """The content is there, whatever was there before."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type)

    def write_once(self, key: str, content: bytes, *, content_type: str) -> bool:
        """The content is there if nothing was; whether it was this call that wrote it."""
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                IfNoneMatch="*",
            )
        except self.client.exceptions.ClientError as error:
            if code_of(error) in LOST_CONDITION:
                return False
            raise
        return True

    def delete(self, key: str) -> None:
        """Nothing is there."""
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def keys(self, prefix: str) -> tuple[str, ...]:
        """The keys that begin so, in order."""
        pages = self.client.get_paginator("list_objects_v2")
        listed = pages.paginate(Bucket=self.bucket, Prefix=prefix)
        return tuple(entry["Key"] for page in listed for entry in page.get("Contents", ()))

    def uri(self, key: str) -> str:
        """Where AWS's services find it."""
        return f"s3://{self.bucket}/{key}"

    def link(self, key: str, *, upload: bool) -> str:
        """A link for LINK_SECONDS, under the function's own rights."""
        operation = "put_object" if upload else "get_object"
        made: str = self.client.generate_presigned_url(
            operation, Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=LINK_SECONDS
        )
        return made
