"""Messages of a topic, as SNS hands them to a function, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.notices import Notice, notice_in


def notices(event: Mapping[str, Any]) -> tuple[Notice, ...]:
    """The results in an event; SNS hands over one message at a time, and tests new topics."""
    found = (notice_in(record["Sns"]["Message"]) for record in event["Records"])
    return tuple(notice for notice in found if notice is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What became of the results: `counted` now, `known` before, of `nobody` without a ticket.

    Of a user who is counted once, later requests are known too.
    """

    counted: int = 0
    known: int = 0
    nobody: int = 0

    def to_json(self) -> dict[str, Any]:
        """The result in JSON types."""
        return {"counted": self.counted, "known": self.known, "nobody": self.nobody}
