"""What starts the release machine: a new release, or a new epoch of one that is there."""

from collections.abc import Mapping
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.loop.prepare import StartRequest

_NEEDED = ("release_id", "model", "who", "epoch")


def start_request(event: Mapping[str, Any]) -> StartRequest:
    """The request in an event; InvalidValueError names every member that is missing."""
    missing = [name for name in _NEEDED if name not in event]
    if missing:
        raise InvalidValueError([f"member {name} is missing" for name in missing])
    return StartRequest(
        release_id=event["release_id"],
        model=event["model"],
        who=event["who"],
        epoch=int(event["epoch"]),
    )
