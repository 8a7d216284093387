"""Things of the embedded cloud that take a while to be made, by services that learn."""

from collections.abc import Callable
from typing import Any

from tests.polling import until

_SETTLED = frozenset({"ACTIVE", "CREATE_FAILED", "CREATE FAILED"})


def settled(describe: Callable[..., Any], member: str = "", **named: str) -> dict[str, Any]:
    """What is told of the thing, once it is active or failed; in that member of the answer."""

    def found() -> Any:
        answer = describe(**named)
        told = answer[member] if member else answer
        status = told["Status"] if "Status" in told else told["status"]
        return told if status in _SETTLED else None

    told: dict[str, Any] = until(found, seconds=60, what=f"a settled {member or 'thing'}")
    return told
