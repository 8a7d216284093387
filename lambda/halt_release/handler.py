"""Halt: the loop itself failed, so the candidate gets no traffic until an operator decides."""

from typing import Any

from halt_release.events import failure
from tidegate.loop.halt import halt_release
from tidegate.loop.task import perform
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE,)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The shift that takes the candidate's traffic away comes next."""
    ports = world(_NEEDS)
    return perform(
        event,
        lambda task: halt_release(
            store=ports.store, clock=ports.clock, task=task, why=failure(event)
        ),
    )
