"""What is asked of a fleet, and what it answered."""

import binascii
from collections.abc import Mapping

from tidegate.ec2 import SLOT_HEADER
from tidegate.untyped import Any
from tidegate.values import value

ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
"""What a container of SageMaker sets beside its answer."""
INFERENCE_ID = "x-amzn-sagemaker-inference-id"


@value
class Asked:
    """One request: its headers and its body."""

    headers: Mapping[str, str]
    body: bytes


def asked(event: Mapping[str, Any]) -> Asked:
    """The request in an event of the router."""
    return Asked(
        headers={
            "Content-Type": event["content_type"],
            "Accept": event["accept"],
            INFERENCE_ID: event["inference_id"],
            SLOT_HEADER: event["slot"],
        },
        body=binascii.a2b_base64(event["body"]),
    )


def answered(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The answer as the router is told it. Header names are lower case."""
    return {
        "status": status,
        "content_type": headers.get("content-type", "application/octet-stream"),
        "attributes": headers.get(ATTRIBUTES, ""),
        "body": binascii.b2a_base64(body, newline=False).decode(),
    }


def unanswered(status: int, why: str) -> dict[str, Any]:
    """That there is no answer, as one with a status."""
    return answered(status, {"content-type": "text/plain"}, why.encode())
