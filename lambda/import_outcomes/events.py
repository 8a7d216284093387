"""What the import machine hands over, and what it is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.outcomefiles.formats import RESULT_SUFFIX
from tidegate.outcomefiles.progress import Progress

IGNORED = {"next": "done", "state": "ignored"}
"""What is told of a file that is a result itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An object that was put into the bucket."""

    bucket: str
    key: str
    etag: str

    @property
    def is_result(self) -> bool:
        """Whether it is what an earlier import wrote."""
        return self.key.endswith(RESULT_SUFFIX)

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> "Arrived":
        """The object in the detail of an event of S3 (keys there are not URL-encoded)."""
        found = event["object"]
        return cls(bucket=event["bucket"]["name"], key=found["key"], etag=found["etag"])


def outcome(progress: Progress) -> dict[str, Any]:
    """Whether another run has to go on, and how far this one came."""
    return {
        "next": "done" if progress.state.over else "import",
        "state": progress.state.value,
        "lines": progress.lines,
        "counts": dict(progress.counts),
    }
