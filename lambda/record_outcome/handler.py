"""POST /outcomes: verify the prediction id, credit once, log."""

import sys
from typing import Any

from record_outcome.events import credited, outcome, refused
from tidegate.errors import InvalidValueError, OutcomeRefusedError
from tidegate.outcomes import MALFORMED, NO_MODEL, OutcomePorts, Refusal, credit, refuse
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world

_NEEDS = (Variable.RELEASE_TABLE, Variable.OBSERVATION_TABLE, Variable.SIGNING_SECRET_ARN)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The HTTP answer; a credited outcome is a line of the request log on standard output."""
    ports = world(_NEEDS)
    try:
        told = outcome(event)
        line = credit(_ports(ports), told.prediction_id, wrong=told.wrong)
    except InvalidValueError as error:
        malformed = Refusal(model=NO_MODEL, reason=MALFORMED, why=str(error))
        return refused(refuse(ports.refused, malformed))
    except OutcomeRefusedError as error:
        return refused(error)
    sys.stdout.write(f"{line.to_line()}\n")
    return credited()


def _ports(ports: World) -> OutcomePorts:
    return OutcomePorts(
        store=ports.store,
        keys=ports.keys,
        ledger=ports.ledger,
        refused=ports.refused,
        clock=ports.clock,
    )
