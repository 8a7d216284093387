"""A monitor's state in S3: one object, replaced as a whole if nobody else has replaced it.

Source: S3 user guide, "Conditional writes": PutObject with `If-Match` or `If-None-Match` answers
412 where the condition fails, and 409 where another write of the key is under way.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

from tidegate.errors import ConflictError
from tidegate.monitoring.look import Stored
from tidegate.monitoring.state import MonitorState
from tidegate_aws.errors import code_of

STATE_KEY = "state.json.gz"
REPORT_KEY = "report.json"

_LOST = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


@dataclass(frozen=True, slots=True, kw_only=True)
class S3MonitorStore:
    """Port `MonitorStore` over one bucket."""

    client: Any
    bucket: str

    def read(self) -> Stored | None:
        """The newest state; None before the first."""
        # Listed first: S3 says of a missing object that it is missing only to whoever may list.
        listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=STATE_KEY, MaxKeys=1)
        if not listed.get("Contents"):
            return None
        answer = self.client.get_object(Bucket=self.bucket, Key=STATE_KEY)
        data = json.loads(gzip.decompress(answer["Body"].read()))
        return Stored(state=MonitorState.from_json(data), mark=answer["ETag"])

    def write(self, stored: Stored) -> Stored:
        """The state is the newest; ConflictError where another was written since it was read."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - botocore takes 40 ms

        text = json.dumps(stored.state.to_json(), separators=(",", ":"))
        condition = {"IfNoneMatch": "*"} if stored.mark is None else {"IfMatch": stored.mark}
        try:
            answer = self.client.put_object(
                Bucket=self.bucket,
                Key=STATE_KEY,
                Body=gzip.compress(text.encode(), mtime=0),
                ContentType="application/gzip",
                **condition,
            )
        except ClientError as error:
            if code_of(error) in _LOST:
                raise ConflictError(
                    f"the monitor's state in {self.bucket} was written by another run: "
                    "nothing of this one counts, the next one goes on"
                ) from error
            raise
        return Stored(state=stored.state, mark=answer["ETag"])
