"""Plan: what a run does next."""

from typing import Any

from plan_batch.events import OfRun
from tidegate.batch.planning import next_step
from tidegate_aws.batch_world import batch_plan, batch_ports, known_run


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The step, and the transform job if one is to be made."""
    record = known_run(OfRun.from_json(event).run)
    return next_step(batch_ports(), batch_plan(), record)
