"""Buckets as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidegate.errors import TidegateError
from tidegate_aws.errors import code_of


class BucketNotEmptyError(TidegateError):
    """A bucket still holds something; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Bucket:
    """A bucket without versions."""

    client: Any
    name: str

    def empty(self, *, out_of_time: Callable[[], bool]) -> int:
        """Nothing is in the bucket; returns how many objects were deleted. A missing one is empty.

        BucketNotEmptyError when time runs out: done again, it goes on from there.
        """
        deleted = 0
        while True:
            keys = self._some()
            if not keys:
                return deleted
            if out_of_time():
                raise BucketNotEmptyError(
                    f"bucket {self.name} still has objects after {deleted} were deleted: delete "
                    "the stack again, it goes on from there"
                )
            deleted += self._delete(keys)

    def _some(self) -> list[str]:
        try:
            page = self.client.list_objects_v2(Bucket=self.name, MaxKeys=1_000)
        except self.client.exceptions.ClientError as error:
            if code_of(error) == "NoSuchBucket":
                return []
            raise
        return [str(found["Key"]) for found in page.get("Contents", ())]

    def _delete(self, keys: list[str]) -> int:
        wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        answer = self.client.delete_objects(Bucket=self.name, Delete=wanted)
        errors = answer.get("Errors", ())
        if errors:
            first = errors[0]
            raise BucketNotEmptyError(
                f"{len(errors)} objects of bucket {self.name} could not be deleted, such as "
                f"{first.get('Key')}: {first.get('Code')} {first.get('Message')}"
            )
        return len(keys)
