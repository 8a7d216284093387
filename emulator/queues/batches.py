"""What a function's answer says of the messages in its batch. Pure.

Source: Lambda developer guide, "Implementing partial batch responses", success and failure
conditions.
"""

import json
from collections.abc import Collection
from typing import Any


def failed_messages(answer: Any, batch: Collection[str]) -> frozenset[str]:
    """The ids of the batch that come back, of a mapping that reports batch item failures.

    An empty answer, or one without failures, is a complete success; one that cannot be read, or
    names no message of the batch, is a complete failure.
    """
    everything = frozenset(batch)
    if isinstance(answer, str):
        try:
            answer = json.loads(answer) if answer else None
        except ValueError:
            return everything
    if answer is None or answer == {}:
        return frozenset()
    if not isinstance(answer, dict):
        return everything
    failures = answer.get("batchItemFailures")
    if not failures:
        return frozenset()
    try:
        named = {failure["itemIdentifier"] for failure in failures}
    except (KeyError, TypeError):
        return everything
    return frozenset(named) if named <= everything else everything
