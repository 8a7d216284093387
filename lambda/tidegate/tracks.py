"""Tracks: two complete paths to a model, one a slot, behind one host name.

A track has an endpoint of its own, whose one production variant is named by the slot. Which share
of the answers to the host's name leads to which track is the business of two weighted records.
"""

from collections.abc import Mapping

from tidegate.slots import Slot
from tidegate.untyped import Any
from tidegate.values import value

INITIAL_WEIGHTS: Mapping[str, int] = {Slot.BLUE.value: 1, Slot.GREEN.value: 0}
"""Weights of the records in the template, which never change there."""


@value
class Tracks:
    """Where a model's two tracks are: the hosted zone, the host's name, the endpoint by slot."""

    zone_id: str
    host: str
    endpoints: Mapping[Slot, str]

    def to_json(self) -> dict[str, Any]:
        """The tracks in JSON types; `from_json` reads it back."""
        return {
            "zone_id": self.zone_id,
            "host": self.host,
            "endpoints": {slot.value: name for slot, name in sorted(self.endpoints.items())},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Tracks":
        """The tracks that `to_json` wrote."""
        return cls(
            zone_id=data["zone_id"],
            host=data["host"],
            endpoints={Slot(slot): name for slot, name in data["endpoints"].items()},
        )


CACHED_SECONDS = 60
"""How long a resolver may keep an answer: the TTL of an alias of a load balancer.

Source: Route 53 developer guide, "Choosing between alias and non-alias records".
"""


def track_endpoint(name: str, slot: str) -> str:
    """The name of a track's endpoint, from what the names of both have in common."""
    return f"{name}-{slot}"


def joined_configs(configs: Mapping[Slot, str]) -> str:
    """One text for the endpoint configurations of both tracks: `blue=A green=B`.

    The template of a model writes the same text: what it declares is compared with what serves.
    """
    return " ".join(f"{slot.value}={name}" for slot, name in sorted(configs.items()))


def configs_in(text: str) -> tuple[str, ...]:
    """The names of the endpoint configurations in such a text, or the one name that it is."""
    return tuple(part.rpartition("=")[2] for part in text.split())
