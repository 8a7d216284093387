"""Open: whatever waits in the stage is being released, or the progress says why it is not."""

from typing import Any

from open_delivery.events import delivery_of
from tidegate.delivery.run import open_delivery
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE, Variable.RELEASE_MACHINE_ARN)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The first task of the delivery machine."""
    delivery = delivery_of(event)
    return open_delivery(world(_NEEDS).delivery, delivery).to_json()
