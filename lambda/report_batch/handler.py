"""Report: the run is over, counted and told."""

from typing import Any

from report_batch.events import Over, outcome
from tidegate.batch.reporting import report
from tidegate_aws.batch_world import batch_plan, batch_ports, known_run


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """How the run ended."""
    over = Over.from_json(event)
    record = report(batch_ports(), batch_plan(), known_run(over.run), broken=over.broken)
    return outcome(record)
