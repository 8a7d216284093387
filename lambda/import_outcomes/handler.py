"""Import: the outcomes of a file in S3, for as long as the time of one invocation is enough."""

from typing import Any

from import_outcomes.events import IGNORED, Arrived, outcome
from tidegate.errors import InvalidValueError
from tidegate.outcomefiles.importing import run_import
from tidegate.outcomefiles.ports import ImportPorts
from tidegate.outcomes import OutcomePorts
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world

_NEEDS = (
    Variable.RELEASE_TABLE,
    Variable.OBSERVATION_TABLE,
    Variable.SIGNING_SECRET_ARN,
    Variable.OUTCOME_BUCKET,
)
SPARE_MILLISECONDS = 60_000
"""What a chunk may take at most, with all retries of its calls: then there is time to save it."""


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Whether the import is over; killed and run again, it goes on from its progress."""
    ports = world(_NEEDS)
    arrived = Arrived.from_json(event)
    bucket = ports.settings[Variable.OUTCOME_BUCKET]
    if arrived.bucket != bucket:
        raise InvalidValueError([f"bucket is {arrived.bucket}, files are taken from {bucket} only"])
    if arrived.is_result:
        return IGNORED
    file = ports.outcome_file(arrived.bucket, arrived.key, etag=arrived.etag)
    progress = run_import(
        _ports(ports),
        file,
        out_of_time=lambda: context.get_remaining_time_in_millis() < SPARE_MILLISECONDS,
    )
    return outcome(progress)


def _ports(ports: World) -> ImportPorts:
    return ImportPorts(
        outcomes=OutcomePorts(
            store=ports.store,
            keys=ports.keys,
            ledger=ports.ledger,
            refused=ports.refused,
            clock=ports.clock,
        ),
        counters=ports.counters,
        firsts=ports.firsts,
        log=ports.import_log,
    )
