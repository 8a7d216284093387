"""Watch: judge the fleet that SageMaker brings into service, and tell its alarm of harm."""

from typing import Any

from tidegate.guardrail.watch import WatchInput, watch
from tidegate_aws.settings import Variable
from tidegate_aws.world import world
from watch_release.events import looked

_NEEDS = (Variable.RELEASE_TABLE, Variable.OBSERVATION_TABLE)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Whether the release is over, else when to look again."""
    task = WatchInput.from_json(event)
    return looked(task, watch(world(_NEEDS).guardrail, task))
