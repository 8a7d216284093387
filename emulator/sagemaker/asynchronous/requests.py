"""InvokeEndpointAsync on the wire: what is asked, where its answer will be, what is refused. Pure.

Limits are those of the service model; where a sentence of AWS is not known to us it is our own.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.sagemaker.asynchronous.config import AsyncConfig
from emulator.sagemaker.serving.errors import Where, validation_error
from emulator.sagemaker.serving.interface import InvokeRequest, InvokeResponse

MOST_INLINE_BYTES = 128_000
TTL_SECONDS, TIMEOUT_SECONDS = 21_600, 900
"""Defaults of RequestTTLSeconds and InvocationTimeoutSeconds."""

_PREFIX = "x-amzn-sagemaker-"
INPUT, CONTENT_TYPE = f"{_PREFIX}inputlocation", f"{_PREFIX}content-type"
_BOUNDS = (("requestttlseconds", 60, 21_600), ("invocationtimeoutseconds", 1, 3_600))
_EXTENSION, _FILENAME = f"{_PREFIX}s3outputpathextension", f"{_PREFIX}filename"
_PATTERNS = (
    (_EXTENSION, re.compile(r"(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]{1,512}")),
    (_FILENAME, re.compile(r"(?!.*\..*\.)[a-zA-Z0-9][a-zA-Z0-9_.-]{0,31}")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncRequest:
    """One request in the queue; times are seconds of the cloud's clock.

    It has a `body` of its own or an `input_location`.
    """

    where: Where
    inference_id: str
    headers: Mapping[str, str]
    body: bytes
    input_location: str | None
    received: float
    ttl_seconds: float
    timeout_seconds: float
    output_location: str
    failure_location: str | None

    @property
    def expires(self) -> float:
        """When it has waited too long."""
        return self.received + self.ttl_seconds


def refusal(request: InvokeRequest) -> InvokeResponse | None:
    """The answer to a request that no endpoint would queue."""
    headers, location = request.headers, request.headers.get(INPUT)
    if (location is None) == (request.body == b""):
        return validation_error("Provide exactly one of InputLocation and Body.")
    if location is not None and not location.startswith("s3://"):
        return validation_error(f"InputLocation must be an s3:// URL here, got {location}.")
    if len(request.body) > MOST_INLINE_BYTES:
        return validation_error(f"Body must have at most {MOST_INLINE_BYTES} bytes.")
    for name, least, most in _BOUNDS:
        value = headers.get(f"{_PREFIX}{name}")
        if value is not None and not (value.isdecimal() and least <= int(value) <= most):
            return validation_error(f"{name} must be {least} to {most}, got {value}.")
    for name, pattern in _PATTERNS:
        value = headers.get(name)
        if value is not None and pattern.fullmatch(value) is None:
            return validation_error(f"{name} must match {pattern.pattern}, got {value}.")
    return None


def queued(
    request: InvokeRequest, config: AsyncConfig, *, now: float, generated: str
) -> AsyncRequest:
    """The request as it waits; `generated` names what the caller did not."""
    headers = request.headers
    extension, name = headers.get(_EXTENSION), headers.get(_FILENAME)
    folder = "" if extension is None else f"/{extension.strip('/')}"
    failures = config.failures
    return AsyncRequest(
        where=Where(tenant=request.tenant, endpoint=request.endpoint),
        inference_id=headers.get(f"{_PREFIX}inference-id", generated),
        headers=headers,
        body=request.body,
        input_location=headers.get(INPUT),
        received=now,
        ttl_seconds=float(headers.get(f"{_PREFIX}requestttlseconds", TTL_SECONDS)),
        timeout_seconds=float(headers.get(f"{_PREFIX}invocationtimeoutseconds", TIMEOUT_SECONDS)),
        output_location=f"{config.output}{folder}/{f'{generated}.out' if name is None else name}",
        failure_location=None if failures is None else f"{failures}/{generated}-error.out",
    )


def accepted(request: AsyncRequest) -> InvokeResponse:
    """202: the request waits, and this is where its answer will be."""
    headers = {
        "Content-Type": "application/json",
        "X-Amzn-SageMaker-OutputLocation": request.output_location,
    }
    if request.failure_location is not None:
        headers["X-Amzn-SageMaker-FailureLocation"] = request.failure_location
    body = json.dumps({"InferenceId": request.inference_id}).encode()
    return InvokeResponse(status=202, headers=headers, body=body)


def sent_headers(request: AsyncRequest) -> dict[str, str]:
    """The headers that the container gets."""
    names = {
        CONTENT_TYPE: "Content-Type",
        f"{_PREFIX}accept": "Accept",
        f"{_PREFIX}custom-attributes": "X-Amzn-SageMaker-Custom-Attributes",
    }
    found = {sent: request.headers[name] for name, sent in names.items() if name in request.headers}
    return found | {"X-Amzn-SageMaker-Inference-Id": request.inference_id}
