"""Report: tell people, alarms and other systems how a release ended."""

from typing import Any

from report_release.events import summary
from tidegate.loop.task import TaskInput
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE,)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What the release came to; killed and run again, this publishes its event twice."""
    ports = world(_NEEDS)
    record = ports.store.load(TaskInput.from_json(event).release_id)
    ports.announcer.changed(record, what=record.phase.value)
    return summary(record)
