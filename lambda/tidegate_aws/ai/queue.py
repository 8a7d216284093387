"""A service's work queue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SqsQueue:
    """Port `Queue`."""

    client: Any
    url: str

    def send(self, body: Mapping[str, Any], *, delay_seconds: int) -> str:
        """The message comes after so many seconds; its id."""
        answer = self.client.send_message(
            QueueUrl=self.url, MessageBody=json.dumps(body), DelaySeconds=delay_seconds
        )
        return str(answer["MessageId"])

    def hide(self, receipt: str, *, seconds: int) -> None:
        """The message comes back after so many seconds."""
        self.client.change_message_visibility(
            QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=seconds
        )
