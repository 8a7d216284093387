"""Aggregate: a batch of the request log is counted, exactly once however often it is delivered."""

from typing import Any

from aggregate_requests.events import Aggregated, log_batch
from tidegate.requestlog import parse_line, tally
from tidegate.users import once_a_user
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.OBSERVATION_TABLE,)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What became of the batch; an error makes AWS deliver it again."""
    batch = log_batch(event)
    parsed = [parse_line(message) for message in batch.messages]
    lines = [line for line in parsed if line is not None]
    ports = world(_NEEDS)
    counted = ports.counters.add(batch.batch_id, tally(once_a_user(lines, ports.firsts)))
    return Aggregated(counted=counted, lines=len(lines), ignored=len(parsed) - len(lines)).to_json()
