"""Collect: every result of a round is held against its records."""

from typing import Any

from collect_batch.events import Ended, outcome
from tidegate.batch.collecting import collect
from tidegate.batch.units import Keys
from tidegate_aws.batch_world import batch_plan, batch_ports, known_run


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What is known after the round."""
    ended = Ended.from_json(event)
    record = known_run(ended.run)
    keys = Keys(run=record.run, purpose=record.purpose.value)
    following = collect(
        batch_ports(), batch_plan(), keys, number=ended.number, cause=ended.cause
    )
    return outcome(following)
