"""Tracks: two complete paths to a model, one a slot.

A track has an endpoint of its own, whose one production variant is named by the slot. Behind one
host name, two weighted records say which share of the answers leads to which track. Of asynchronous
endpoints the router submits to the slot's own, and shares are kept beside the release.
"""

from collections.abc import Mapping

from tidegate.asynchronous import Asynchronous
from tidegate.slots import Slot
from tidegate.untyped import Any
from tidegate.values import value

INITIAL_WEIGHTS: Mapping[str, int] = {Slot.BLUE.value: 1, Slot.GREEN.value: 0}
"""Weights of the records in the template, which never change there."""


@value
class Tracks:
    """Where a model's two tracks are: the hosted zone, the host's name, the endpoint by slot.

    Asynchronous ones are behind no name: `zone_id` is empty, and `host` is the model's name.
    """

    zone_id: str
    host: str
    endpoints: Mapping[Slot, str]
    asynchronous: Asynchronous | None = None

    @property
    def by_dns(self) -> bool:
        """Whether records lead to the tracks; else the router submits to them."""
        return self.asynchronous is None

    def to_json(self) -> dict[str, Any]:
        """The tracks in JSON types; `from_json` reads it back."""
        waits = self.asynchronous
        return {
            "zone_id": self.zone_id,
            "host": self.host,
            "endpoints": {slot.value: name for slot, name in sorted(self.endpoints.items())},
            **({} if waits is None else {"asynchronous": waits.to_json()}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Tracks":
        """The tracks that `to_json` wrote."""
        waits = data.get("asynchronous")
        return cls(
            zone_id=data["zone_id"],
            host=data["host"],
            endpoints={Slot(slot): name for slot, name in data["endpoints"].items()},
            asynchronous=None if waits is None else Asynchronous.from_json(waits),
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
