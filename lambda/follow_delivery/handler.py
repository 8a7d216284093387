"""Follow: where the releases of a delivery stand; without any, whether all is delivered."""

from typing import Any

from follow_delivery.events import followed
from tidegate.delivery.run import follow_delivery, verify_delivery
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE, Variable.RELEASE_MACHINE_ARN)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The progress, read now; the machine waits, ends or fails by its standing."""
    wanted = followed(event)
    ports = world(_NEEDS).delivery
    if wanted.started is None:
        return verify_delivery(ports, wanted.delivery).to_json()
    return follow_delivery(
        ports, wanted.delivery, started=wanted.started, started_at=wanted.started_at
    ).to_json()
