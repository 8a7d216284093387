"""Announce: whatever was written to a release's log is told to people, its figures to dashboards.

The log is written together with the change that it is about, and the table's stream has all of it:
so no change goes untold, whoever made it. Announced at least once: of a batch that fails, what was
announced before does not come again.
"""

import logging
import sys
from typing import Any

from announce_release.events import Written, taken_until, written
from tidegate.announcement import Where, announcement_of, metrics_of
from tidegate.metrics import metric_line
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world

_NEEDS = (
    Variable.RELEASE_TABLE,
    Variable.NOTIFICATION_TOPIC_ARN,
    Variable.DASHBOARD_URL,
    Variable.PROJECT,
    Variable.STAGE,
)
_log = logging.getLogger(__name__)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """From where the batch is to be delivered again, if something of it could not be told."""
    ports = world(_NEEDS)
    for place, item in enumerate(written(event)):
        try:
            _tell(ports, item)
        except Exception:
            if place == 0:
                # Nothing of the batch was told: an error of the function, which raises an alarm.
                raise
            # Whatever it was, Lambda delivers from here again, until the stream's limit of tries.
            _log.exception("release %s, %s was not announced", item.release_id, item.sequence)
            return taken_until(item.position)
    return taken_until(None)


def _tell(ports: World, item: Written) -> None:
    if item.record is not None:
        now = ports.clock.now()
        for metric in metrics_of(item.record):
            sys.stdout.write(f"{metric_line(metric, at=now)}\n")
    if item.entry is not None:
        record = ports.store.load(item.release_id)
        told = announcement_of(record, item.entry, sequence=item.sequence, where=_where(ports))
        ports.announcer.announce(told)


def _where(ports: World) -> Where:
    return Where(
        project=ports.settings[Variable.PROJECT],
        stage=ports.settings[Variable.STAGE],
        dashboard_url=ports.settings[Variable.DASHBOARD_URL],
    )
