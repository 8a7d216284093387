"""Asynchronous endpoints: what routing has to know of a model that is answered later.

A request waits in the queue of its slot's own endpoint, and its answer is an object in the model's
bucket (docs/decisions/0028-asynchronous-endpoints.md).
"""

from collections.abc import Mapping

from tidegate.untyped import Any
from tidegate.values import value

ANSWERS, FAILURES, INPUTS, TICKETS, UPLOADS = (
    "answers",
    "failures",
    "inputs",
    "tickets",
    "uploads",
)
"""Prefixes of keys in the bucket of a model's requests and answers."""

MOST_PAYLOAD_BYTES = 1 << 30
"""The largest input (developer guide, "Asynchronous inference": payloads up to 1 GB)."""


@value
class Asynchronous:
    """The bucket of requests and answers, and how long one may wait and be processed."""

    bucket: str
    waiting_seconds: int
    processing_seconds: int

    @property
    def answer_seconds(self) -> int:
        """After how long a request has an answer, or has failed."""
        return self.waiting_seconds + self.processing_seconds

    def to_json(self) -> dict[str, Any]:
        """The same in JSON types; `from_json` reads it back."""
        return {
            "bucket": self.bucket,
            "waiting_seconds": self.waiting_seconds,
            "processing_seconds": self.processing_seconds,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Asynchronous":
        """What `to_json` wrote, maybe with numbers as text, as CloudFormation writes them."""
        return cls(
            bucket=data["bucket"],
            waiting_seconds=int(data["waiting_seconds"]),
            processing_seconds=int(data["processing_seconds"]),
        )


def split_url(url: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URL; ValueError for any other text."""
    bucket, slash, key = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket or not slash or not key:
        raise ValueError(f"{url!r} must be s3://BUCKET/KEY")
    return bucket, key
