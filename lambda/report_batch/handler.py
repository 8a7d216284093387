"""Report: the run is over, counted and told."""

from typing import Any

from report_batch.events import Over, outcome
from tidegate.batch.reporting import report
from tidegate_aws.batch_world import work_of


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """How the run ended."""
    over = Over.from_json(event)
    return outcome(report(work_of(over.run), broken=over.broken))
