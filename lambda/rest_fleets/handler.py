"""Every few minutes: fleets that nobody asked for as long as their file says sleep."""

import json
import sys
from typing import Any

from tidegate.resting import rest_idle
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE, Variable.RESTING)


def handle(_event: dict[str, Any], _context: object) -> dict[str, str]:
    """By model, what was decided and why."""
    ports = world(_NEEDS)
    limits: dict[str, int] = json.loads(ports.settings[Variable.RESTING])
    decided = dict(rest_idle(ports.resting, limits))
    sys.stdout.write(f"{json.dumps(decided, sort_keys=True)}\n")
    return decided
