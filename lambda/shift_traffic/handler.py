"""Shift: bring the endpoint's weights to the record's target shares."""

from typing import Any

from tidegate.loop.shift import shift
from tidegate.loop.task import perform
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE,)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The next task of the release machine."""
    ports = world(_NEEDS)
    return perform(
        event,
        lambda task: shift(store=ports.store, traffic=ports.traffic, clock=ports.clock, task=task),
    )
