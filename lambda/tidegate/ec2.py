"""Fleets of EC2 instances as things that are released.

They have a group of instances in each slot, or one group whose instances are replaced. Under names
of these forms the release loop knows a fleet as it knows endpoints with variants by their slots;
the router draws, and shares are kept beside the release
(docs/decisions/0037-fleets-of-instances.md, 0038-rolling-fleets.md).
"""

from collections.abc import Mapping

_PREFIX = "fleet/"
"""No endpoint of SageMaker can have a slash in its name."""
_ROLLING = f"{_PREFIX}rolling/"
_ASKING = "-ask"
_GROUP = "group"
_ALL = 100

FIRST_VERSION = "1"
"""Launch templates are named by their content, so that the first version is the only one."""

SLOT_HEADER = "x-tidegate-slot"
"""The header by which a fleet's load balancer knows the slot of a request."""


def fleet_name(place: str) -> str:
    """What stands for the endpoint of a fleet, PROJECT-STAGE-NAME."""
    return f"{_PREFIX}{place}"


def rolling_name(place: str) -> str:
    """What stands for the endpoint of a fleet, PROJECT-STAGE-NAME, whose instances are replaced."""
    return f"{_ROLLING}{place}"


def is_fleet(endpoint_name: str) -> bool:
    """Whether the name is of a fleet of instances, and of no endpoint."""
    return endpoint_name.startswith(_PREFIX)


def is_rolling(endpoint_name: str) -> bool:
    """Whether the name is of a fleet of one group, in which both versions have instances."""
    return endpoint_name.startswith(_ROLLING)


def asking_function(endpoint_name: str) -> str:
    """The name of the function in the fleet's network that asks its load balancer."""
    return f"{endpoint_name.rpartition('/')[2]}{_ASKING}"


def groups_in(config: str) -> Mapping[str, str]:
    """The group of instances in each slot, as a deploy declares them: `blue=A green=B`."""
    return dict(_pairs(config))


def rolling_config(group: str, templates: Mapping[str, str]) -> str:
    """What a deploy of one group declares: the group, and the launch template of each slot."""
    named = {_GROUP: group, **templates}
    return " ".join(f"{key}={name}" for key, name in sorted(named.items()))


def rolling_group(config: str) -> str:
    """The one group in a configuration; "" where there is none."""
    return dict(_pairs(config)).get(_GROUP, "")


def templates_in(config: str) -> Mapping[str, str]:
    """The name of the launch template of each slot in a configuration of one group."""
    return {key: name for key, name in _pairs(config) if key != _GROUP}


def instances_for(share_percent: float, *, size: int) -> int:
    """How many of a group's instances a slot with this share needs before it may have it.

    At 100 percent users go first and the last batch follows them: then it needs what it has.
    """
    if share_percent >= _ALL:
        return 0
    return max(1, round(size * share_percent / _ALL)) if share_percent > 0 else 0


def _pairs(config: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in config.split())
    return [(key, name) for key, _, name in parts]
