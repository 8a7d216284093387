"""Observe: write what was closed since the last look."""

from typing import Any

from tidegate.loop.observe import observe
from tidegate.loop.task import perform
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (
    Variable.RELEASE_TABLE,
    Variable.OBSERVATION_TABLE,
)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The next task of the release machine."""
    ports = world(_NEEDS)
    return perform(
        event,
        lambda task: observe(
            store=ports.store,
            looks=ports.looks,
            counters=ports.counters,
            clock=ports.clock,
            task=task,
        ),
    )
