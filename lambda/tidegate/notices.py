"""Notices: what SageMaker tells a topic of an asynchronous request, as status and time. Pure."""

import json
import re
from datetime import datetime

from tidegate.asynchronous import split_url
from tidegate.errors import InvalidValueError
from tidegate.values import value

_SERVED, _FAILED, _LATE = 200, 500, 504
_CLIENT_ERROR = re.compile(r"client error \((?P<status>4\d\d)\)")
"""What SageMaker says of a container's own 4xx (InvokeEndpoint, ModelError)."""
_TOO_LATE = re.compile(r"timed out|expired", re.IGNORECASE)


@value
class Notice:
    """What SageMaker told of one request: which, by which endpoint, and what became of it.

    `status` is what the same failure would be at the front door of an immediate answer.
    """

    inference_id: str
    endpoint_name: str
    bucket: str
    status: int
    milliseconds: float


def notice_in(message: str) -> Notice | None:
    """The notice in a message of a topic; None for the message that tests a new topic.

    Shape: developer guide, "Asynchronous inference: check prediction results". InvalidValueError
    where a result lacks what it should have: it must not be lost in silence.
    """
    data = json.loads(message)
    if data.get("eventName") != "InferenceResult":
        return None
    try:
        asked = data["requestParameters"]
        took = _moment(data["eventTime"]) - _moment(data["receivedTime"])
        return Notice(
            inference_id=data["inferenceId"],
            endpoint_name=asked["endpointName"],
            bucket=split_url(asked["inputLocation"])[0],
            status=_status(data["invocationStatus"], data.get("failureReason", "")),
            milliseconds=max(0.0, took * 1_000),
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise InvalidValueError([f"a result of no known shape ({error!r}): {message}"]) from error


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _status(told: str, reason: str) -> int:
    """Only a caller's own fault and a success are no failures of the version."""
    if told == "Completed":
        return _SERVED
    refused = _CLIENT_ERROR.search(reason)
    if refused is not None:
        return int(refused["status"])
    return _LATE if _TOO_LATE.search(reason) else _FAILED
