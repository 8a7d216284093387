"""A batch of messages of the work queue; those that came to nothing are told by their ids."""

from __future__ import annotations

import json
import sys
from typing import Any

from do_ai_work.events import failures, message_in
from tidegate.ai.ledger import QueueTerms
from tidegate.ai.trace import where
from tidegate.ai.work import Message, Worker
from tidegate_aws.ai.world import live_slot, work_service

SPARE_MILLISECONDS = 60_000
"""What one message may take: the next one is not begun with less time left."""


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The messages that must come again."""
    service = work_service(live_slot())
    worker = Worker(
        kind=service.kind,
        ports=service.ports,
        terms=QueueTerms(**service.document["queue"]),
        draws=service.draws,
    )
    left: list[str] = []
    for record in event["Records"]:
        message = message_in(record)
        if context.get_remaining_time_in_millis() < SPARE_MILLISECONDS:
            service.ports.queue.hide(message.receipt, seconds=0)
            left.append(message.delivery.id)
        elif not _ran(worker, message):
            left.append(message.delivery.id)
    return failures(left)


def _ran(worker: Worker, message: Message) -> bool:
    """Whether the message is done with. What fails of one does not touch the others."""
    try:
        return worker.run(message)
    except Exception as error:  # noqa: BLE001 - its message may quote what was sent
        told = {"message": message.delivery.id, "failed": where(error)}
        # In one write: two requests of one process never mix their lines.
        sys.stdout.write(f"{json.dumps(told)}\n")
        return False
