"""Online inference by fleets of instances: a function in their network asks their load balancer."""

from __future__ import annotations

import binascii
import json
import time
from collections.abc import Callable, Mapping

from tidegate.ec2 import asking_function, is_fleet
from tidegate.inference import Answer, Question
from tidegate.untyped import Any
from tidegate.values import value
from tidegate_aws.errors import code_of, message_of
from tidegate_aws.invoker import UNREACHED, is_refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.ports import ModelInvoker

_TIMED_OUT, _THROTTLED = 504, 429
_ASLEEP = "the fleet slept and is starting: ask again in some minutes"
_TOO_MANY = "TooManyRequestsException"


@value
class FleetInvoker:
    """Port `ModelInvoker`. Whatever becomes of a request is an answer with a status."""

    client: Any
    rouse: Callable[[str, str], bool] | None = None
    """Wakes a slot that sleeps, by fleet and slot, and says whether it slept; None if none do."""
    timer: Callable[[], float] = time.perf_counter

    def invoke(self, question: Question) -> Answer:
        """Ask the slot's instances. A failure is an answer with its status, not an exception."""
        from botocore import exceptions  # noqa: PLC0415 - see clients.py

        started = self.timer()
        try:
            response = self.client.invoke(
                FunctionName=asking_function(question.endpoint_name),
                Payload=json.dumps(_event(question)),
            )
            told: Mapping[str, Any] = json.loads(response["Payload"].read())
        except exceptions.ClientError as error:
            if is_refusal(error):
                raise
            status = _THROTTLED if code_of(error) == _TOO_MANY else UNREACHED
            return self._unanswered(question, status, message_of(error), started=started)
        except exceptions.ReadTimeoutError as error:
            return self._unanswered(question, _TIMED_OUT, str(error), started=started)
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            return self._unanswered(question, UNREACHED, str(error), started=started)
        if "FunctionError" in response:
            # It was cut off at its limit, or died: nobody answered.
            message = str(told.get("errorMessage", ""))
            return self._unanswered(question, _TIMED_OUT, message, started=started)
        if int(told["status"]) == UNREACHED and self._roused(question):
            return self._unanswered(question, UNREACHED, _ASLEEP, started=started)
        return Answer(
            status=int(told["status"]),
            slot=question.slot,
            body=binascii.a2b_base64(told["body"]),
            content_type=told["content_type"],
            milliseconds=self._since(started),
            attributes=told["attributes"],
        )

    def _roused(self, question: Question) -> bool:
        """Whether nobody answered because the slot slept, which it does no longer."""
        if self.rouse is None or question.slot is None:
            return False
        return self.rouse(question.endpoint_name, question.slot)

    def _since(self, started: float) -> float:
        return (self.timer() - started) * 1000

    def _unanswered(
        self, question: Question, status: int, message: str, *, started: float
    ) -> Answer:
        return Answer(
            status=status,
            slot=question.slot,
            body=message.encode(),
            content_type="text/plain",
            milliseconds=self._since(started),
        )


def _event(question: Question) -> dict[str, Any]:
    return {
        "slot": question.slot,
        "content_type": question.content_type,
        "accept": question.accept,
        "inference_id": question.inference_id,
        "body": binascii.b2a_base64(question.body, newline=False).decode(),
    }


@value
class EitherInvoker:
    """Port `ModelInvoker` for endpoints of SageMaker and for fleets, by their names."""

    sagemaker: ModelInvoker
    fleets: ModelInvoker

    def invoke(self, question: Question) -> Answer:
        """Ask the model, wherever it is."""
        fleet = is_fleet(question.endpoint_name)
        return (self.fleets if fleet else self.sagemaker).invoke(question)
