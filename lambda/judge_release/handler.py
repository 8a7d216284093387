"""Judge: every look that was not judged yet, and the decision on the last verdict."""

from typing import Any

from tidegate.loop.judge_task import judge_release
from tidegate.loop.task import perform
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE,)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The next task of the release machine."""
    ports = world(_NEEDS)
    return perform(
        event,
        lambda task: judge_release(
            store=ports.store, looks=ports.looks, clock=ports.clock, task=task
        ),
    )
