"""Join: pairs of a shadow's closed intervals are counted and looked at; captures are read here."""

from typing import Any

from tidegate.loop.pair import PairPorts, pair
from tidegate.loop.task import perform
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE, Variable.OBSERVATION_TABLE)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The next task of the release machine."""
    found = world(_NEEDS)
    ports = PairPorts(
        store=found.store,
        looks=found.looks,
        counters=found.counters,
        captures=found.captures,
        latencies=found.model_latencies,
        clock=found.clock,
    )
    return perform(event, lambda task: pair(ports, task))
