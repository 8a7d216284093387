"""Tells EventBridge that a batch run is over: models that follow start by it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tidegate.batch.run import EVENT_SOURCE, RUN_ENDED, Finished
from tidegate_aws.announcer import AnnouncementError


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBridgeNews:
    """Port `News` over the default bus."""

    events: Any
    event_bus_name: str

    def tell(self, finished: Finished) -> None:
        """It is an event on the bus."""
        entry = {
            "Source": EVENT_SOURCE,
            "DetailType": RUN_ENDED,
            "EventBusName": self.event_bus_name,
            "Detail": json.dumps(finished.detail()),
        }
        answer = self.events.put_events(Entries=[entry])
        if answer["FailedEntryCount"] != 0:
            first = answer["Entries"][0]
            raise AnnouncementError(
                f"the event of run {finished.record.run} was refused: {first.get('ErrorMessage')}"
            )
