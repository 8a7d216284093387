"""A document in S3 that is replaced as a whole, if nobody else has replaced it.

Source: S3 user guide, "Conditional writes": PutObject with `If-Match` or `If-None-Match` answers
412 where the condition fails, and 409 where another write of the key is under way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tidegate.errors import ConflictError
from tidegate_aws.errors import LOST_CONDITION, code_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One object. A mark is the version that was read; None says that there was none."""

    client: Any
    bucket: str
    key: str

    def read(self) -> tuple[bytes, str] | None:
        """Its bytes and their mark; None before the first write."""
        # Listed first: S3 says of a missing object that it is missing only to whoever may list.
        listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.key, MaxKeys=1)
        if self.key not in (found["Key"] for found in listed.get("Contents", ())):
            return None
        answer = self.client.get_object(Bucket=self.bucket, Key=self.key)
        return answer["Body"].read(), answer["ETag"]

    def write(self, body: bytes, *, mark: str | None, content_type: str) -> str:
        """The new mark; ConflictError where another was written since that mark was read."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - botocore takes 40 ms

        condition = {"IfNoneMatch": "*"} if mark is None else {"IfMatch": mark}
        try:
            answer = self.client.put_object(
                Bucket=self.bucket,
                Key=self.key,
                Body=body,
                ContentType=content_type,
                **condition,
            )
        except ClientError as error:
            if code_of(error) in LOST_CONDITION:
                raise ConflictError(
                    f"{self.key} in {self.bucket} was written by another run: nothing of this one "
                    "counts, the next one goes on"
                ) from error
            raise
        return str(answer["ETag"])
