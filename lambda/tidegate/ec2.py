"""Fleets of EC2 instances as things that are released: a group of instances in each slot.

Under a name of this form the release loop knows a fleet as it knows endpoints with variants by
their slots; the router draws, and shares are kept beside the release
(docs/decisions/0037-fleets-of-instances.md).
"""

from collections.abc import Mapping

_PREFIX = "fleet/"
"""No endpoint of SageMaker can have a slash in its name."""
_ASKING = "-ask"

SLOT_HEADER = "x-tidegate-slot"
"""The header by which a fleet's load balancer knows the slot of a request."""


def fleet_name(place: str) -> str:
    """What stands for the endpoint of a fleet, PROJECT-STAGE-NAME."""
    return f"{_PREFIX}{place}"


def is_fleet(endpoint_name: str) -> bool:
    """Whether the name is of a fleet of instances, and of no endpoint."""
    return endpoint_name.startswith(_PREFIX)


def asking_function(endpoint_name: str) -> str:
    """The name of the function in the fleet's network that asks its load balancer."""
    return f"{endpoint_name.removeprefix(_PREFIX)}{_ASKING}"


def groups_in(config: str) -> Mapping[str, str]:
    """The group of instances in each slot, as a deploy declares them: `blue=A green=B`."""
    pairs = (part.partition("=") for part in config.split())
    return {slot: group for slot, _, group in pairs}
