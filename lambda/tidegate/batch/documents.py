"""JSON documents of a run in the batch's own bucket."""

import json
from typing import Any

from tidegate.batch.ports import BatchPorts


def load(ports: BatchPorts, key: str) -> Any:
    """The document, None when there is none."""
    head = ports.objects.head(ports.bucket, key)
    if head is None:
        return None
    with ports.objects.read(ports.bucket, key, etag=head.etag) as parts:
        return json.loads(b"".join(parts))


def save(ports: BatchPorts, key: str, document: Any) -> None:
    """The document is there, whole."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    ports.objects.write(ports.bucket, key, [text.encode()])
