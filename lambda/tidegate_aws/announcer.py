"""Announcements of releases: to people by SNS, to other systems by EventBridge; never the judge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tidegate.announcement import Announcement
from tidegate.errors import TidegateError

SOURCE = "tidegate"
DETAIL_TYPE = "Tidegate Release State Change"
_FOR_PROGRAMS = ("http", "https", "sqs", "lambda", "firehose", "email-json")
"""Protocols of subscriptions that get the JSON; all others get the text."""


class AnnouncementError(TidegateError):
    """EventBridge took the request but refused the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAnnouncer:
    """Port `Announcer` over EventBridge and SNS."""

    events: Any
    sns: Any
    event_bus_name: str
    topic_arn: str

    def announce(self, announcement: Announcement) -> None:
        """The change is an event on the bus and a message of the topic."""
        self._put_event(announcement)
        self._publish(announcement)

    def _put_event(self, announcement: Announcement) -> None:
        answer = self.events.put_events(
            Entries=[
                {
                    "Source": SOURCE,
                    "DetailType": DETAIL_TYPE,
                    "EventBusName": self.event_bus_name,
                    "Detail": json.dumps(announcement.detail),
                }
            ]
        )
        if answer["FailedEntryCount"] != 0:
            first = answer["Entries"][0]
            raise AnnouncementError(
                f"event {announcement.id} was refused: {first.get('ErrorMessage')}"
            )

    def _publish(self, announcement: Announcement) -> None:
        """A text for each protocol; attributes let a subscription choose models and changes."""
        detail = json.dumps(announcement.detail)
        texts = {"default": announcement.text, **dict.fromkeys(_FOR_PROGRAMS, detail)}
        attributes = {name: announcement.detail[name] for name in ("model", "what", "phase")}
        self.sns.publish(
            TopicArn=self.topic_arn,
            Subject=announcement.subject,
            Message=json.dumps(texts),
            MessageStructure="json",
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in {"id": announcement.id, **attributes}.items()
            },
        )
