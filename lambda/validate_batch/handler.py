"""Validate: the run is known, and its input is looked at before anything is paid for."""

from typing import Any

from tidegate.batch.checking import check
from tidegate.batch.run import RunRecord, Status
from tidegate.batch.starting import start
from tidegate.batch.work import Work
from tidegate_aws.batch_world import batch_plan, batch_ports
from validate_batch.events import Started, outcome

SPARE_MILLISECONDS = 420_000
"""An object that is begun may take this long: the largest takes some six minutes."""


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Where the run goes on; killed and run again, the validation goes on where it was."""
    ports, plan = batch_ports(), batch_plan()
    started = Started.from_json(event)
    record = start(ports, plan, started.asked, execution=started.execution, moment=started.moment)
    if record.status is Status.DONE:
        return _told(record, "report")
    found = check(
        Work(ports=ports, plan=plan, record=record),
        out_of_time=lambda: context.get_remaining_time_in_millis() < SPARE_MILLISECONDS,
    )
    if found is None:
        return _told(record, "validate")
    return _told(record, "report" if found.fault_count else "plan")


def _told(record: RunRecord, following: str) -> dict[str, Any]:
    return outcome(record, following, sla_seconds=batch_plan().sla_seconds)
