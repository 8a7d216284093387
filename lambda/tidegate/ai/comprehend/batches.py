"""Batches of 25 texts: what failed of one is asked again, and only that."""

from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.ai.comprehend.settings import BATCH
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError

_ROUNDS = 4
"""How often an item is asked about that Comprehend fails; then the whole call has failed."""
_FAILED = "INTERNAL_SERVER_ERROR"
"""The one error of an item that says nothing against asking again."""


def batched(
    operation: str, texts: Sequence[str], ports: ServicePorts, **more: str
) -> tuple[Mapping[str, Any], ...]:
    """The answer for each text, in their order; CallError where one has none."""
    found: dict[int, Mapping[str, Any]] = {}
    for _round in range(_ROUNDS):
        left = [index for index in range(len(texts)) if index not in found]
        if not left:
            break
        for begin in range(0, len(left), BATCH):
            asked = left[begin : begin + BATCH]
            answers = _answers(operation, [texts[index] for index in asked], ports, more)
            found |= {asked[place]: answer for place, answer in answers.items()}
    if len(found) < len(texts):
        message = f"{len(texts) - len(found)} of {len(texts)} texts came to nothing"
        raise CallFailedError(operation=f"comprehend:{operation}", code=_FAILED, message=message)
    return tuple(found[index] for index in range(len(texts)))


def _answers(
    operation: str, texts: Sequence[str], ports: ServicePorts, more: Mapping[str, str]
) -> Mapping[int, Mapping[str, Any]]:
    answer = ports.calls.call("comprehend", operation, TextList=list(texts), **more)
    for error in answer["ErrorList"]:
        if error["ErrorCode"] != _FAILED:
            raise CallRefusedError(
                operation=f"comprehend:{operation}",
                code=error["ErrorCode"],
                message=error["ErrorMessage"],
            )
    return {result["Index"]: result for result in answer["ResultList"]}
