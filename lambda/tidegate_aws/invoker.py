"""Online inference by SageMaker: whatever becomes of a request, it is an answer with a status."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from tidegate.inference import Answer, Question
from tidegate.targets import target_object
from tidegate.untyped import Any
from tidegate.values import value
from tidegate_aws.errors import code_of, message_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

_VARIANT_HEADER = "x-amzn-invoked-production-variant"
_NO_MODEL = "Failed to download model data"
"""How a ValidationError begins of a target model that is not there or may not be read."""
_MODEL_MISSING = 502
UNREACHED = 503
_TIMED_OUT = 504
_STATUS = {
    "ValidationError": 400,
    "ThrottlingException": 429,
    "ModelNotReadyException": UNREACHED,
    "InternalDependencyException": 500,
    "InternalFailure": 500,
    "ServiceUnavailable": UNREACHED,
}


@value
class SageMakerInvoker:
    """Port `ModelInvoker`. A model's own error keeps the status that the model gave it."""

    client: SageMakerRuntimeClient
    timer: Callable[[], float] = time.perf_counter

    def invoke(self, question: Question) -> Answer:
        """Ask the model. A model's failure is an answer with its status, not an exception."""
        from botocore import exceptions  # noqa: PLC0415 - see clients.py

        started = self.timer()
        try:
            response: Any = self.client.invoke_endpoint(**_request(question))
            body = response["Body"].read()
        except exceptions.ClientError as error:
            return self._failed(error, started=started)
        except exceptions.ReadTimeoutError as error:
            return self._unanswered(_TIMED_OUT, str(error), started=started)
        except (
            exceptions.ConnectionError,
            exceptions.HTTPClientError,
            exceptions.IncompleteReadError,
        ) as error:
            return self._unanswered(UNREACHED, str(error), started=started)
        return Answer(
            status=200,
            slot=response.get("InvokedProductionVariant"),
            body=body,
            content_type=response.get("ContentType", "application/octet-stream"),
            milliseconds=self._since(started),
            attributes=response.get("CustomAttributes", ""),
        )

    def _since(self, started: float) -> float:
        return (self.timer() - started) * 1000

    def _failed(self, error: ClientError, *, started: float) -> Answer:
        response: Mapping[str, Any] = error.response
        metadata = response.get("ResponseMetadata", {})
        if is_refusal(error):
            raise error
        return Answer(
            status=status_of(error),
            # The service model lists this header for answers only. Where an error comes without
            # it, nothing says which variant failed, and the request counts for no slot.
            slot=metadata.get("HTTPHeaders", {}).get(_VARIANT_HEADER),
            body=str(response.get("OriginalMessage") or message_of(error)).encode(),
            content_type="text/plain",
            milliseconds=self._since(started),
        )

    def _unanswered(self, status: int, message: str, *, started: float) -> Answer:
        return Answer(
            status=status,
            slot=None,
            body=message.encode(),
            content_type="text/plain",
            milliseconds=self._since(started),
        )


def _request(question: Question) -> dict[str, Any]:
    request: dict[str, Any] = {
        "EndpointName": question.endpoint_name,
        "Body": question.body,
        "ContentType": question.content_type,
        "Accept": question.accept,
        "InferenceId": question.inference_id,
    }
    if question.slot is not None:
        request["TargetVariant"] = question.slot
    if question.target is not None:
        request["TargetModel"] = target_object(question.target)
    return request


def is_refusal(error: ClientError) -> bool:
    """Whether we may not ask at all: nothing that a model did."""
    response: Mapping[str, Any] = error.response
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    known = code_of(error) in _STATUS or code_of(error) == "ModelError"
    return not known and status in {401, 403}


def status_of(error: ClientError) -> int:
    """The HTTP status that an error of SageMaker's runtime amounts to.

    A model that is not under its version's prefix is no fault of the caller, who named one that
    was declared to be there.
    """
    response: Mapping[str, Any] = error.response
    if code_of(error) == "ModelError":
        original = int(response.get("OriginalStatusCode", 0))
        # 0 is a container that gave no answer: too slow, or dead.
        return original if 400 <= original <= 599 else _TIMED_OUT
    if message_of(error).startswith(_NO_MODEL):
        return _MODEL_MISSING
    known = _STATUS.get(code_of(error))
    if known is not None:
        return known
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    return status if 400 <= status <= 599 else 500
