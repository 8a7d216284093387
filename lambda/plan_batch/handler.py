"""Plan: what a run does next."""

from typing import Any

from plan_batch.events import OfRun
from tidegate.batch.planning import next_step
from tidegate_aws.batch_world import work_of


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The step, and the transform job if one is to be made."""
    return next_step(work_of(OfRun.from_json(event).run))
