"""Events and metrics about releases: for people, alarms and other systems, never for the judge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.errors import TidegateError
from tidegate.release import ReleaseRecord

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

SOURCE = "tidegate"
DETAIL_TYPE = "Tidegate Release State Change"


class AnnouncementError(TidegateError):
    """EventBridge took the request but refused the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAnnouncer:
    """Port `Announcer` over EventBridge and CloudWatch."""

    events: Any
    cloudwatch: CloudWatchClient
    event_bus_name: str
    metric_namespace: str

    def changed(self, record: ReleaseRecord, *, what: str) -> None:
        """Publish that a release changed its state: one event, and metrics once it is over."""
        self._put_event(record, what)
        if record.phase.terminal:
            self.cloudwatch.put_metric_data(
                Namespace=self.metric_namespace, MetricData=_metrics(record)
            )

    def _put_event(self, record: ReleaseRecord, what: str) -> None:
        answer = self.events.put_events(
            Entries=[
                {
                    "Source": SOURCE,
                    "DetailType": DETAIL_TYPE,
                    "EventBusName": self.event_bus_name,
                    "Detail": json.dumps(_detail(record, what)),
                }
            ]
        )
        if answer["FailedEntryCount"] != 0:
            first = answer["Entries"][0]
            raise AnnouncementError(
                f"event of {record.release_id} was refused: {first.get('ErrorMessage')}"
            )


def _detail(record: ReleaseRecord, what: str) -> dict[str, Any]:
    return {
        "release_id": record.release_id,
        "model": record.model,
        "what": what,
        "phase": record.phase.value,
        "live": {"slot": record.live.slot.value, "version": record.live.version.digest},
        "candidate": {
            "slot": record.candidate.slot.value,
            "version": record.candidate.version.digest,
        },
        "reason": "" if record.verdict is None else record.verdict.reason,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
    }


def _metrics(record: ReleaseRecord) -> list[MetricDatumTypeDef]:
    promoted = 1.0 if record.phase.value == "promoted" else 0.0
    metrics = [_metric(record, "Promoted", promoted, "Count")]
    if record.verdict is not None:
        exposed = float(record.verdict.candidate_requests)
        metrics.append(_metric(record, "CandidateRequests", exposed, "Count"))
    if record.finished_at is not None:
        lasted = record.finished_at - record.started_at
        metrics.append(_metric(record, "ReleaseSeconds", lasted, "Seconds"))
    if record.restored_at is not None and record.decided_at is not None:
        restored = max(0.0, record.restored_at - record.decided_at)
        metrics.append(_metric(record, "RestoreSeconds", restored, "Seconds"))
    return metrics


def _metric(record: ReleaseRecord, name: str, value: float, unit: Any) -> MetricDatumTypeDef:
    return {
        "MetricName": name,
        "Dimensions": [{"Name": "Model", "Value": record.model}],
        "Value": value,
        "Unit": unit,
    }
