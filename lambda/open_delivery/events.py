"""What starts the delivery machine: which execution of a pipeline, and which round of deploys."""

from collections.abc import Mapping
from typing import Any

from tidegate.delivery.review import Delivery
from tidegate.errors import InvalidValueError

_LEAST_ID = 8


def delivery_of(event: Mapping[str, Any]) -> Delivery:
    """The delivery in an event; InvalidValueError names all that is wrong with it."""
    faults = [f"member {name} is missing" for name in ("delivery_id", "round") if name not in event]
    id_, number = str(event.get("delivery_id", "")), event.get("round", 1)
    if "delivery_id" in event and len(id_) < _LEAST_ID:
        faults.append(f"delivery_id is {id_!r}, must have at least {_LEAST_ID} characters")
    if number not in (1, 2):
        faults.append(f"round is {number!r}, must be 1 or 2")
    if faults:
        raise InvalidValueError(faults)
    return Delivery(id=id_, round=int(number), who=str(event.get("who", "pipeline")))
