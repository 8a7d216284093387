"""What the state machine knows of a task that failed for good."""

import json
from collections.abc import Mapping
from typing import Any

LONGEST = 600


def failure(event: Mapping[str, Any]) -> str:
    """One line that says which error it was: its name and its message, shortened."""
    error = event.get("error", {})
    cause = _message(str(error.get("Cause", "no cause was given")))
    return f"{error.get('Error', 'unknown error')}: {cause}"[:LONGEST]


def _message(cause: str) -> str:
    """A Lambda function's error comes as JSON text, with its message in it."""
    try:
        data = json.loads(cause)
    except ValueError:
        return cause
    return str(data["errorMessage"]) if isinstance(data, dict) and "errorMessage" in data else cause
