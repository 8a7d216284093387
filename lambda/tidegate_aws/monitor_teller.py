"""Tells what a monitor found, or what was done about it.

A report is in S3, metrics are in the function's log, events on the bus.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidegate.metrics import Metric, metric_line
from tidegate.ports import Clock
from tidegate_aws.announcer import SOURCE, AnnouncementError
from tidegate_aws.monitor_store import REPORT_KEY

DETAIL_TYPE = "Tidegate Monitoring State Change"
REACTION_DETAIL_TYPE = "Tidegate Reaction"


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsTeller:
    """Ports `Teller` of monitors and of reactions over S3, the log and EventBridge."""

    s3: Any
    events: Any
    bucket: str
    event_bus_name: str
    clock: Clock
    detail_type: str = DETAIL_TYPE
    write: Callable[[str], None] = _print

    def keep(self, view: dict[str, Any]) -> None:
        """The view is the object `report.json`."""
        body = json.dumps(view, separators=(",", ":")).encode()
        self.s3.put_object(
            Bucket=self.bucket, Key=REPORT_KEY, Body=body, ContentType="application/json"
        )

    def measure(self, metric: Metric) -> None:
        """The metric is a line of the log."""
        self.write(metric_line(metric, at=self.clock.now()))

    def announce(self, detail: dict[str, Any]) -> None:
        """The detail is an event; AnnouncementError where the bus refuses it."""
        entry = {
            "Source": SOURCE,
            "DetailType": self.detail_type,
            "EventBusName": self.event_bus_name,
            "Detail": json.dumps(detail),
        }
        answer = self.events.put_events(Entries=[entry])
        if answer["FailedEntryCount"] != 0:
            why = answer["Entries"][0].get("ErrorMessage")
            raise AnnouncementError(f"the event of model {detail['model']} was refused: {why}")
