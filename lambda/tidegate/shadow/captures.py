"""Captured invocations, as SageMaker writes them: a JSON document a line.

Format: developer guide, "Capture data from real-time endpoint". Only answers with 2xx are captured,
and only those with an inference id can be told which request they belong to.
"""

import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from tidegate.latency import Histogram
from tidegate.untyped import Any
from tidegate.values import value


@value
class Captured:
    """One request and a variant's answer to it. `at` is in epoch seconds, of whole seconds."""

    inference_id: str
    at: float
    request: bytes
    answer: bytes


class Captures(Protocol):
    """What was captured of an endpoint's variants."""

    def read(
        self, endpoint_name: str, slot: str, *, first: float, last: float
    ) -> Iterator[Captured]:
        """What a variant answered from one moment to another; more may come, some twice."""
        ...


class ModelLatencies(Protocol):
    """How long each variant's model took."""

    def read(
        self, endpoint_name: str, slot: str, *, from_interval: int, through: int
    ) -> Mapping[int, Histogram]:
        """Interval to latencies, of the intervals in which the variant answered at all."""
        ...


def captured_in(line: str) -> Captured | None:
    """What a line of a capture file says; None where it is damaged or names no inference id."""
    try:
        document = json.loads(line)
        event, data = document["eventMetadata"], document["captureData"]
        return Captured(
            inference_id=event["inferenceId"],
            at=datetime.fromisoformat(event["inferenceTime"]).timestamp(),
            request=_payload(data["endpointInput"]),
            answer=_payload(data["endpointOutput"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _payload(half: Mapping[str, Any]) -> bytes:
    text: str = half["data"]
    return binascii.a2b_base64(text) if half["encoding"] == "BASE64" else text.encode()
