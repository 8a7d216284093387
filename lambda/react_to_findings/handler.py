"""React: one decision about the monitor's last report, and what it asks for has begun."""

import json
from typing import Any

from tidegate.reaction.plan import ReactionPlan
from tidegate.reaction.run import ReactionRun, run_reaction
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.MODEL, Variable.MONITOR_BUCKET, Variable.REACTION, Variable.RELEASE_STACK)


def handle(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What was decided and why; killed and run again, each act still begins once."""
    found = world(_NEEDS)
    ports = found.reaction
    run = ReactionRun(
        model=found.settings[Variable.MODEL],
        plan=ReactionPlan.from_json(json.loads(found.settings[Variable.REACTION])),
        store=ports.store,
        surroundings=ports.surroundings,
        actors=ports.actors,
        teller=ports.teller,
        now=found.clock.now(),
    )
    return run_reaction(run)
