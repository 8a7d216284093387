"""Asynchronous inference by SageMaker: a request waits in the queue of its endpoint."""

from __future__ import annotations

from tidegate.inference import Queued, Submission
from tidegate.untyped import Any
from tidegate.values import value
from tidegate_aws.errors import message_of
from tidegate_aws.invoker import UNREACHED, is_refusal, status_of

_ACCEPTED = 202


@value
class SageMakerQueue:
    """Port `ModelQueue`."""

    client: Any

    def submit(self, submission: Submission) -> Queued:
        """Queue the request; what the endpoint refuses is a status, not an exception."""
        from botocore import exceptions  # noqa: PLC0415 - see clients.py

        try:
            told = self.client.invoke_endpoint_async(
                EndpointName=submission.endpoint_name,
                InputLocation=submission.input_location,
                ContentType=submission.content_type,
                Accept=submission.accept,
                InferenceId=submission.inference_id,
                RequestTTLSeconds=submission.waiting_seconds,
                InvocationTimeoutSeconds=submission.processing_seconds,
            )
        except exceptions.ClientError as error:
            if is_refusal(error):
                raise
            return Queued(status=status_of(error), message=message_of(error))
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            return Queued(status=UNREACHED, message=str(error))
        return Queued(
            status=_ACCEPTED,
            output=told["OutputLocation"],
            failure=told.get("FailureLocation", ""),
        )
