"""A delivery on its way, as the delivery machine hands it on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.delivery.review import Delivery
from tidegate.errors import InvalidValueError

_NEEDED = ("delivery_id", "round", "who")


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The delivery, what it started and when; without `started` there is nothing to wait for."""

    delivery: Delivery
    started: dict[str, str] | None
    started_at: float


def followed(event: Mapping[str, Any]) -> Followed:
    """What to look at; InvalidValueError names every member that is missing."""
    missing = [name for name in _NEEDED if name not in event]
    if missing:
        raise InvalidValueError([f"member {name} is missing" for name in missing])
    started = event.get("started")
    delivery = Delivery(id=event["delivery_id"], round=int(event["round"]), who=event["who"])
    return Followed(
        delivery=delivery,
        started=None if started is None else {str(k): str(v) for k, v in started.items()},
        started_at=float(event.get("started_at", 0.0)),
    )
