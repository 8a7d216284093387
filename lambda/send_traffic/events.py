"""What the delivery machine says of a round of traffic, and what its environment says of files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.requests import Traffic, TrafficKind, read_requests

ROUND_SECONDS = 300
"""How long a round lasts, in seconds of the cloud's clock; the function's time limit is above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficFile:
    """A model's file of requests in S3, and the pace of its traffic."""

    model: str
    kind: TrafficKind
    requests_per_minute: int
    bucket: str
    key: str

    def traffic(self, text: str) -> Traffic:
        """The traffic that the file's text says."""
        return Traffic(
            kind=self.kind,
            requests=read_requests(text, kind=self.kind),
            requests_per_minute=self.requests_per_minute,
        )


def traffic_files(text: str) -> tuple[TrafficFile, ...]:
    """The files that variable TRAFFIC names."""
    return tuple(
        TrafficFile(
            model=model,
            kind=TrafficKind(told["kind"]),
            requests_per_minute=int(told["requests_per_minute"]),
            bucket=told["bucket"],
            key=told["key"],
        )
        for model, told in json.loads(text).items()
    )


def started_at(event: Mapping[str, Any]) -> float:
    """When the delivery began; InvalidValueError when the event does not say."""
    if "started_at" not in event:
        raise InvalidValueError(["member started_at is missing"])
    return float(event["started_at"])
