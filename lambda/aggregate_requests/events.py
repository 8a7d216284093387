"""CloudWatch Logs subscription events: a batch of log lines, known by an id of its own."""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBatch:
    """A delivery. The id is made of its log events' own ids: the same batch has the same one."""

    batch_id: str
    messages: tuple[str, ...]


def log_batch(event: Mapping[str, Any]) -> LogBatch:
    """The batch in an event; a control message, by which AWS tests the subscription, is empty."""
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    events = data["logEvents"] if data["messageType"] == "DATA_MESSAGE" else []
    named = [data.get("logGroup", ""), data.get("logStream", ""), *(e["id"] for e in events)]
    return LogBatch(
        batch_id=hashlib.sha256("\n".join(named).encode()).hexdigest()[:32],
        messages=tuple(e["message"] for e in events),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregated:
    """What became of a batch. `ignored` lines were not of the request log, or damaged."""

    counted: bool
    lines: int
    ignored: int

    def to_json(self) -> dict[str, Any]:
        """The result in JSON types."""
        return {"counted": self.counted, "lines": self.lines, "ignored": self.ignored}
