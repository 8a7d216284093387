"""What SNS is told of asynchronous requests. Pure.

The shape is that of the developer guide, "Check prediction results"; that an expired request is
told as failed is assumed.
"""

import json
from datetime import UTC, datetime
from typing import Any

from emulator.sagemaker.asynchronous.requests import CONTENT_TYPE, AsyncRequest

TEST = json.dumps(
    {"eventVersion": "1.0", "eventSource": "aws:sagemaker", "eventName": "TestNotification"}
)
"""What each topic gets when the endpoint is created (developer guide)."""


def completed(request: AsyncRequest, *, content_type: str, now: float) -> str:
    """The answer is at its place."""
    response = {"contentType": content_type, "outputLocation": request.output_location}
    return _message(request, now, invocationStatus="Completed", responseParameters=response)


def failed(request: AsyncRequest, *, reason: str, now: float) -> str:
    """There will be no answer."""
    told: dict[str, Any] = {"invocationStatus": "Failed", "failureReason": reason}
    if request.failure_location is not None:
        told["responseParameters"] = {"failureLocation": request.failure_location}
    return _message(request, now, **told)


def _message(request: AsyncRequest, now: float, **told: Any) -> str:
    return json.dumps(
        {
            "awsRegion": request.where.region,
            "eventTime": _time(now),
            "receivedTime": _time(request.received),
            "inferenceId": request.inference_id,
            "requestParameters": {
                "endpointName": request.where.endpoint,
                "inputLocation": request.input_location,
                "contentType": request.headers.get(CONTENT_TYPE),
            },
            **told,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
        }
    )


def _time(moment: float) -> str:
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
