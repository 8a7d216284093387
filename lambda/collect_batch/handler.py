"""Collect: every result of a round is held against its records."""

from typing import Any

from collect_batch.events import Ended, outcome
from tidegate.batch.collecting import collect
from tidegate_aws.batch_world import work_of


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What is known after the round."""
    ended = Ended.from_json(event)
    return outcome(collect(work_of(ended.run), number=ended.number, cause=ended.cause))
