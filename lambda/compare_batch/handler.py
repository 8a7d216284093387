"""Compare: a new version's answers beside the live one's, on the same data set."""

from typing import Any

from compare_batch.events import OfRun, outcome
from tidegate.batch.taking_over import conclude
from tidegate_aws.batch_world import work_of


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What the comparison says."""
    return outcome(conclude(work_of(OfRun.from_json(event).run)))
