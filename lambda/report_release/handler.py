"""Report: how a release ended, for whoever started the machine and waits for its output."""

from typing import Any

from report_release.events import summary
from tidegate.loop.task import TaskInput
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE,)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What the release came to. Its log is announced by `announce_release`."""
    store = world(_NEEDS).store
    return summary(store.load(TaskInput.from_json(event).release_id))
