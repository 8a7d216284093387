"""Names of an edge fleet: they follow from its project, stage and name, and from digests."""

_PREFIX = "edge/"
"""No endpoint of SageMaker can have a slash in its name."""

_TOPICS = "tidegate"
_HEX_A_PART = 7
"""Hexadecimal digits of a digest in each of two parts of a component's version: 28 bits."""


def fleet_name(place: str) -> str:
    """What stands for the endpoint of a fleet, PROJECT-STAGE-NAME."""
    return f"{_PREFIX}{place}"


def is_edge(endpoint_name: str) -> bool:
    """Whether the name is of an edge fleet, and of no endpoint."""
    return endpoint_name.startswith(_PREFIX)


def place_of(endpoint_name: str) -> str:
    """The place, PROJECT-STAGE-NAME, that `fleet_name` was made of."""
    return endpoint_name.removeprefix(_PREFIX)


def ring_group(place: str, ring: int) -> str:
    """The thing group of a ring; the first ring, which has new versions first, is 1."""
    return f"{place}-ring-{ring}"


def component_version(digest: str) -> str:
    """The component's version that stands for a version's digest, as semantic versioning has it.

    Greengrass never changes a component version, so another content needs another number. These
    numbers say nothing of what is newer: deployments name them exactly.
    """
    first, second = digest[:_HEX_A_PART], digest[_HEX_A_PART : 2 * _HEX_A_PART]
    return f"1.{int(first, 16)}.{int(second, 16)}"


def report_topic(place: str, thing: str) -> str:
    """The MQTT topic that a device reports on; `+` is every device's."""
    return f"{_TOPICS}/{place}/reports/{thing}"
