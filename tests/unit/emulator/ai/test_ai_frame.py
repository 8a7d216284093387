"""The frame holds requests and answers of a service to its model."""

import asyncio
import json
from typing import Any

import pytest

from emulator.ai.faults import Faults, FaultSource
from emulator.ai.frame import AiService, Answer, Call, WrongAnswerError, resource_in
from emulator.jsonapi import RefusedRequestError
from emulator.seams.services import Request, Response
from tests.unit.emulator.ai.sites import Town


def service(body: dict[str, Any]) -> AiService:
    """Comprehend that answers every text so, and refuses the text `refuse`."""

    def detect(call: Call) -> Answer:
        if call.request["Text"] == "refuse":
            raise RefusedRequestError("TextSizeLimitExceededException", "too long")
        return Answer(body=body, engine="canned")

    return AiService(
        name="comprehend",
        operations={"DetectDominantLanguage": detect},
        resource=resource_in("EndpointArn"),
    )


def asked(
    made: AiService, text: Any = "x", operation: str = "DetectDominantLanguage", share: float = 0.0
) -> Response:
    """The response to one request."""
    faults = FaultSource()
    faults.set(Faults(throttled=share))
    return asyncio.run(_handled(made, faults, request(operation, {"Text": text})))


async def _handled(made: AiService, faults: FaultSource, given: Request) -> Response:
    return await made.served(faults, Town().site()).handle(given)


def request(operation: str, body: dict[str, Any]) -> Request:
    """A request of the JSON protocol."""
    return Request(
        method="POST",
        path="/",
        headers={"x-amz-target": f"Comprehend_20171127.{operation}"},
        query={},
        body=json.dumps(body).encode(),
        region="us-east-1",
        account="111122223333",
        request_id="r",
    )


def test_an_answer_names_its_engine():
    """In a header."""
    response = asked(service({"Languages": [{"LanguageCode": "en", "Score": 1}]}))
    assert response.headers["x-emulated-engine"] == "canned"
    assert json.loads(response.body)["Languages"][0]["LanguageCode"] == "en"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"Languages": [{"LanguageCode": "", "Score": 1.0}]}, "length greater than or equal to 1"),
        ({"Language": "en"}, "'language' is not a member of DetectDominantLanguageResponse"),
        ({"Languages": [{"Code": "en"}]}, "'languages.1.member.code' is not a member"),
    ],
)
def test_an_answer_that_the_model_does_not_allow_is_our_fault(body: dict[str, Any], fault: str):
    """It never reaches the caller."""
    with pytest.raises(WrongAnswerError, match=fault):
        asked(service(body))


@pytest.mark.parametrize(
    ("text", "operation", "share", "expected"),
    [
        ("refuse", "DetectDominantLanguage", 0.0, ("TextSizeLimitExceededException", "Message")),
        ("", "DetectDominantLanguage", 0.0, ("ValidationException", "message")),
        (1, "DetectDominantLanguage", 0.0, ("SerializationException", "message")),
        ("x", "DetectSyntax", 0.0, ("NotEmulatedException", "message")),
        ("x", "DetectDominantLanguage", 1.0, ("ThrottlingException", "message")),
    ],
)
def test_a_refusal_has_the_models_shape(
    text: Any, operation: str, share: float, expected: tuple[str, str]
):
    """Code in body and header; the sentence in the member that the error's shape has."""
    response = asked(service({}), text, operation, share)
    code, member = expected
    assert response.status == 400
    assert response.headers["x-amzn-ErrorType"] == json.loads(response.body)["__type"] == code
    assert member in json.loads(response.body)


def test_permission_is_asked_for_the_operation():
    """On the resource that the request names, else on all."""
    asks = service({}).served(FaultSource(), Town().site()).permissions
    arn = "arn:aws:comprehend:us-east-1:111122223333:entity-recognizer-endpoint/e"
    (plain,) = asks(request("DetectEntities", {"Text": "x"}))
    (custom,) = asks(request("DetectEntities", {"Text": "x", "EndpointArn": arn}))
    assert (plain.action, plain.resource) == ("comprehend:DetectEntities", "*")
    assert custom.resource == arn
