"""Calls of AWS's AI services: only declared ones, throttles repeated with jitter, costs counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.ai.kind import Operation
from tidegate.ai.ports import Time
from tidegate.ai.problems import CallError, CallFailedError, CallRefusedError, ThrottledError
from tidegate.ai.retry import Backoff, Draws
from tidegate_aws.ai.metrics import LoggedMetrics
from tidegate_aws.errors import code_of, message_of

THROTTLES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Codes of throttled calls (botocore, `ThrottledRetryableChecker`), all but RequestTimeout's.

LimitExceededException is in it because Transcribe, Textract and Rekognition say so of too many
jobs at a time.
"""
_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCalls:
    """Port `Calls`. `declared` are the operations by their id, `prices` US dollars a unit."""

    declared: Mapping[str, Operation]
    prices: Mapping[str, float]
    client: Callable[[str], Any]
    metrics: LoggedMetrics
    clock: Time
    draws: Draws
    backoff: Backoff = field(default_factory=Backoff)

    def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """AWS's answer; ThrottledError after all repetitions, or what else went wrong."""
        declared = self.declared.get(f"{service}:{operation}")
        if declared is None:
            known = ", ".join(sorted(self.declared)) or "none"
            raise LookupError(f"{service}:{operation} is not declared by the kind: {known} are")
        waits = self.backoff.waits(self.draws)
        while True:
            try:
                answer = self._asked(declared, parameters)
            except ThrottledError:
                self.metrics.put("Throttles", 1, operation=declared.id)
                wait = next(waits, None)
                if wait is None:
                    raise
                self.clock.pause(wait)
                continue
            self._bill(declared, parameters, answer)
            return answer

    def _asked(self, declared: Operation, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        from botocore import xform_name  # noqa: PLC0415 - botocore takes 40 ms
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        method = getattr(self.client(declared.service), xform_name(declared.name))
        try:
            answer: Mapping[str, Any] = method(**parameters)
        except ClientError as error:
            raise _translated(declared.id, error) from error
        except BotoCoreError as error:
            code = type(error).__name__
            raise CallFailedError(operation=declared.id, code=code, message=str(error)) from error
        return answer

    def _bill(
        self, declared: Operation, parameters: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> None:
        units = declared.units(parameters)
        if declared.answered_units is not None:
            units += declared.answered_units(parameters, answer)
        price = self.prices.get(declared.id)
        self.metrics.put("Calls", 1, operation=declared.id)
        self.metrics.put("Units", units, operation=declared.id)
        if price is not None:
            self.metrics.put("CostUsd", units * price, unit="None", operation=declared.id)


def _translated(operation: str, error: Any) -> CallError:
    code, message = code_of(error), message_of(error)
    kind: type[CallError] = CallRefusedError
    if code in THROTTLES:
        kind = ThrottledError
    elif error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_FAULT:
        kind = CallFailedError
    return kind(operation=operation, code=code, message=message)
