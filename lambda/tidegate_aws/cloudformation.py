"""Custom resources: CloudFormation's request in, and always one answer to its response URL."""

from __future__ import annotations

import json
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tidegate.errors import TidegateError

RESPONSE_BYTES = 4_096
"""The largest response CloudFormation reads (custom resource response objects)."""

_REASON_BYTES = 2_048
_TRIES = 4
_TIMEOUT_SECONDS = 10
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomResourceRequest:
    """What CloudFormation asks of a custom resource. `kind` is Create, Update or Delete."""

    kind: str
    properties: Mapping[str, Any]
    old_properties: Mapping[str, Any]
    physical_id: str | None
    response_url: str
    stack_id: str
    request_id: str
    logical_id: str

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> CustomResourceRequest:
        """The request in a Lambda event."""
        return cls(
            kind=event["RequestType"],
            properties=event["ResourceProperties"],
            old_properties=event.get("OldResourceProperties", {}),
            physical_id=event.get("PhysicalResourceId"),
            response_url=event["ResponseURL"],
            stack_id=event["StackId"],
            request_id=event["RequestId"],
            logical_id=event["LogicalResourceId"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The resource is as asked for. `physical_id` never changes, so nothing is ever replaced."""

    physical_id: str
    data: Mapping[str, str] = field(default_factory=dict)


Work = Callable[[CustomResourceRequest], Done]
Send = Callable[[str, bytes], None]


def answer(event: Mapping[str, Any], work: Work, *, send: Send | None = None) -> dict[str, Any]:
    """Do the work and tell CloudFormation what came of it; a refusal or a crash is FAILED.

    Without an answer CloudFormation would wait for an hour.
    """
    request = CustomResourceRequest.from_event(event)
    outcome = _outcome(request, work)
    response = {
        **outcome,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_id,
    }
    (put if send is None else send)(request.response_url, _bounded(response))
    return response


def _outcome(request: CustomResourceRequest, work: Work) -> dict[str, Any]:
    try:
        done = work(request)
    except TidegateError as error:
        return _failed(request, str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation must hear of it
        traceback.print_exc()
        return _failed(request, f"{type(error).__name__}: {error} (see the function's log)")
    return {
        "Status": "SUCCESS",
        "PhysicalResourceId": done.physical_id,
        "Data": dict(done.data),
    }


def _failed(request: CustomResourceRequest, reason: str) -> dict[str, Any]:
    fallback = str(request.properties.get("Model", request.logical_id))
    short = reason.encode()[:_REASON_BYTES].decode(errors="ignore")
    return {
        "Status": "FAILED",
        "Reason": short,
        "PhysicalResourceId": request.physical_id or fallback,
    }


def _bounded(response: Mapping[str, Any]) -> bytes:
    body = json.dumps(response).encode()
    if len(body) <= RESPONSE_BYTES:
        return body
    kept = {name: value for name, value in response.items() if name != "Data"}
    if "Reason" in kept:
        # What is not ASCII takes up to six bytes a character in JSON.
        kept["Reason"] = kept["Reason"][: _REASON_BYTES // 8]
    return json.dumps(kept).encode()


def put(url: str, body: bytes, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """The body is at the URL, which is HTTPS, or HTTP on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ValueError(f"a response URL must be https, got {parts.scheme}://{parts.hostname}")
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        url, data=body, method="PUT", headers={"Content-Type": ""}
    )
    for attempt in range(_TRIES):
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310
                return
        except (urllib.error.URLError, TimeoutError):
            if attempt + 1 == _TRIES:
                raise
            sleep(2.0**attempt)
