"""Managed services as things that are released: an arm is a set of settings.

The release loop knows endpoints with variants by their slots. A service of AWS has no endpoint of
ours; under a name of this form its slots are sets of settings, drawn by the door, with shares that
are kept beside the release (docs/decisions/0030-arms-of-services.md).
"""

_PREFIX = "service/"
"""No endpoint of SageMaker can have a slash in its name."""


def managed_name(place: str) -> str:
    """What stands for the endpoint of a service, PROJECT-STAGE-NAME."""
    return f"{_PREFIX}{place}"


def is_managed(endpoint_name: str) -> bool:
    """Whether the name is of a service, and of no endpoint."""
    return endpoint_name.startswith(_PREFIX)
