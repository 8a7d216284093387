"""A monitor's state in S3: one object, replaced as a whole if nobody else has replaced it."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

from tidegate.monitoring.look import Stored
from tidegate.monitoring.state import MonitorState
from tidegate_aws.documents import Document

STATE_KEY = "state.json.gz"
REPORT_KEY = "report.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3MonitorStore:
    """Port `MonitorStore` over one bucket."""

    client: Any
    bucket: str

    @property
    def _state(self) -> Document:
        return Document(client=self.client, bucket=self.bucket, key=STATE_KEY)

    def read(self) -> Stored | None:
        """The newest state; None before the first."""
        found = self._state.read()
        if found is None:
            return None
        body, mark = found
        return Stored(state=MonitorState.from_json(json.loads(gzip.decompress(body))), mark=mark)

    def write(self, stored: Stored) -> Stored:
        """The state is the newest; ConflictError where another was written since it was read."""
        text = json.dumps(stored.state.to_json(), separators=(",", ":"))
        body = gzip.compress(text.encode(), mtime=0)
        mark = self._state.write(body, mark=stored.mark, content_type="application/gzip")
        return Stored(state=stored.state, mark=mark)
