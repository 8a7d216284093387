"""The front door of predictions."""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from route_request.events import prediction_request, render
from route_request.handler import handle
from tests.samples import MODEL, version
from tidegate.inference import Answer
from tidegate.prediction_id import PredictionId, verify
from tidegate.requestlog import ServedLine, parse_line
from tidegate.routing import Prediction
from tidegate_aws import clients, world
from tidegate_aws.keys import signing_keys
from tidegate_aws.release_store import DynamoReleaseStore

KEYS = signing_keys('{"current": "k1", "k1": "a generated text"}', now=0.0)


def an_event(model: str = MODEL, **changes: Any) -> dict[str, Any]:
    """What an HTTP API sends in payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "POST /models/{model}/predictions",
        "pathParameters": {"model": model},
        "headers": {"content-type": "application/json", "x-tidegate-user": "ada"},
        "requestContext": {"http": {"sourceIp": "192.0.2.7"}},
        "body": "[1, 2]",
        "isBase64Encoded": False,
        **changes,
    }


@pytest.fixture
def runtime(store: DynamoReleaseStore) -> Iterator[Stubber]:
    """SageMaker's runtime, answering what a test queues."""
    with Stubber(clients.sagemaker_runtime()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answered(runtime: Stubber, body: bytes, slot: str = "blue") -> None:
    """The next request is answered by a slot."""
    response = {
        "Body": StreamingBody(io.BytesIO(body), len(body)),
        "ContentType": "application/json",
        "InvokedProductionVariant": slot,
    }
    runtime.add_response("invoke_endpoint", response)


def test_a_prediction_is_answered_signed_and_logged(
    runtime: Stubber, capsys: pytest.CaptureFixture[str]
):
    """Body as the model gave it; id, slot and version in headers; one line in the log."""
    answered(runtime, b"[0.5]")
    response = handle(an_event(), None)
    assert (response["statusCode"], response["body"]) == (200, "[0.5]")
    headers = response["headers"]
    digest = version("v1").digest
    assert (headers["x-tidegate-slot"], headers["x-tidegate-version"]) == ("blue", digest)
    said: PredictionId = verify(headers["x-tidegate-prediction-id"], KEYS)
    assert (said.model, said.release_id, said.slot, said.version) == (MODEL, "-", "blue", digest)
    (text,) = capsys.readouterr().out.splitlines()
    line = parse_line(text)
    assert isinstance(line, ServedLine)
    assert (line.status, line.slot, line.split_version, line.settling) == (200, "blue", 1, False)
    assert line.served_at == pytest.approx(said.served_at, abs=0.001)
    assert "ada" not in text


def test_a_model_s_failure_is_a_bad_gateway_with_an_id(
    runtime: Stubber, capsys: pytest.CaptureFixture[str]
):
    """The caller may still tell what became of it, and the log counts the error."""
    runtime.add_client_error(
        "invoke_endpoint",
        "ModelError",
        "model broke",
        424,
        modeled_fields={"OriginalStatusCode": 500, "OriginalMessage": "boom"},
        response_meta={"HTTPHeaders": {"x-amzn-invoked-production-variant": "green"}},
    )
    response = handle(an_event(), None)
    assert response["statusCode"] == 502
    assert json.loads(response["body"]) == {"message": "boom"}
    assert verify(response["headers"]["x-tidegate-prediction-id"], KEYS).slot == "green"
    line = parse_line(capsys.readouterr().out)
    assert isinstance(line, ServedLine)
    assert (line.status, line.slot) == (500, "green")


@pytest.mark.usefixtures("store")
def test_an_unknown_model_is_not_found(capsys: pytest.CaptureFixture[str]):
    """Nothing was served, so nothing is logged."""
    response = handle(an_event("weather"), None)
    assert response["statusCode"] == 404
    assert capsys.readouterr().out == ""


def test_one_process_reads_its_settings_once(runtime: Stubber, monkeypatch: pytest.MonkeyPatch):
    """A warm function does not look at its environment again."""
    answered(runtime, b"1")
    answered(runtime, b"2")
    handle(an_event(), None)
    monkeypatch.delenv("RELEASE_TABLE")
    assert handle(an_event(), None)["body"] == "2"
    world.forget()


def test_a_binary_body_goes_in_and_out_as_it_is(runtime: Stubber):
    """HTTP APIs carry bytes as base64."""
    answered(runtime, b"\x00\xff")
    event = an_event(body=base64.b64encode(b"\x80\x81").decode(), isBase64Encoded=True)
    assert prediction_request(event).body == b"\x80\x81"
    response = handle(event, None)
    assert response["isBase64Encoded"] is True
    assert base64.b64decode(response["body"]) == b"\x00\xff"


def test_a_caller_is_known_by_a_hash_of_the_user():
    """The same user differs from model to model, and nobody is named."""
    client = prediction_request(an_event()).client
    assert client != "ada"
    assert client == prediction_request(an_event(requestContext={})).client
    assert client != prediction_request(an_event("weather")).client


def test_an_address_names_no_client():
    """Behind one backend all users have the same, and would be one client."""
    assert prediction_request(an_event(headers={})).client == ""


def test_a_request_without_headers_has_defaults():
    """SageMaker's own."""
    request = prediction_request(an_event(headers={}, body=None))
    assert (request.content_type, request.accept) == ("application/octet-stream", "*/*")
    assert request.body == b""


@pytest.mark.parametrize(
    ("model_status", "status"),
    [(400, 400), (422, 422), (429, 429), (500, 502), (503, 502), (504, 504)],
)
def test_whose_fault_it_was_is_in_the_status(model_status: int, status: int):
    """A caller's own fault stays one; a model's becomes the gateway's."""
    answer = Answer(
        status=model_status, slot="blue", body=b"why", content_type="text/plain", milliseconds=1.0
    )
    line: Any = None
    prediction = Prediction(answer=answer, prediction_id="id", slot="blue", version="v", line=line)
    assert render(prediction)["statusCode"] == status
