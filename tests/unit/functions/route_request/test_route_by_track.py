"""The front door of one track, behind a load balancer."""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from route_request.balancer import MOST_BYTES
from route_request.handler import handle
from tests.samples import ENDPOINT, MODEL
from tidegate.observation import Unit
from tidegate.requestlog import ServedLine, parse_line
from tidegate.split import NO_SPLIT
from tidegate_aws import clients, world
from tidegate_aws.release_store import DynamoReleaseStore

HOST = "flights.models.example.com"


def an_event(**changes: Any) -> dict[str, Any]:
    """What a load balancer sends to a Lambda target."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:..."}},
        "httpMethod": "POST",
        "path": f"/models/{MODEL}/predictions",
        "queryStringParameters": {},
        "headers": {
            "content-type": "application/json",
            "host": HOST,
            "x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678",
            "x-tidegate-user": "ada",
        },
        "body": "[1, 2]",
        "isBase64Encoded": False,
        **changes,
    }


@pytest.fixture
def on_green(store: DynamoReleaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is the router of the green track."""
    monkeypatch.setenv("TRACK", "green")
    world.forget()


@pytest.fixture
def runtime(on_green: None) -> Iterator[Stubber]:
    """SageMaker's runtime, answering what a test queues."""
    with Stubber(clients.sagemaker_runtime()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def control(on_green: None) -> Iterator[Stubber]:
    """SageMaker's control plane, answering what a test queues."""
    with Stubber(clients.sagemaker()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answered(runtime: Stubber, body: bytes = b"[3]") -> None:
    """The next request is answered by the track's endpoint."""
    response = {
        "Body": StreamingBody(io.BytesIO(body), len(body)),
        "ContentType": "application/json",
        "InvokedProductionVariant": "green",
    }
    runtime.add_response("invoke_endpoint", response)


def logged(capsys: pytest.CaptureFixture[str]) -> ServedLine:
    """The one line of the request log."""
    line = parse_line(capsys.readouterr().out.strip())
    assert isinstance(line, ServedLine)
    return line


def test_a_request_goes_to_the_endpoint_of_its_track(runtime: Stubber):
    """And to no other, whatever the shares are."""
    body = b"[3]"
    response = {"Body": StreamingBody(io.BytesIO(body), len(body))}
    asked: list[dict[str, Any]] = []
    clients.sagemaker_runtime().meta.events.register_first(
        "provide-client-params.sagemaker-runtime.InvokeEndpoint",
        lambda params, **_: asked.append(params),
    )
    runtime.add_response("invoke_endpoint", response)
    answer = handle(an_event(), None)
    assert answer["statusCode"] == 200
    assert [params["EndpointName"] for params in asked] == [f"{ENDPOINT}-green"]


def test_the_router_of_a_track_stamps_its_slot(
    runtime: Stubber, capsys: pytest.CaptureFixture[str]
):
    """Resolvers were drawn, not requests."""
    answered(runtime)
    answer = handle(an_event(), None)
    line = logged(capsys)
    assert (answer["headers"]["x-tidegate-slot"], line.slot) == ("green", "green")
    assert line.unit is Unit.RESOLVER
    assert line.split_version != NO_SPLIT


def test_a_failure_counts_for_the_track_too(runtime: Stubber, capsys: pytest.CaptureFixture[str]):
    """Nothing else says which version failed."""
    runtime.add_client_error("invoke_endpoint", "ServiceUnavailable", http_status_code=503)
    assert handle(an_event(), None)["statusCode"] == 502
    assert logged(capsys).slot == "green"


def test_who_asks_for_a_track_by_its_own_name_is_no_evidence(
    runtime: Stubber, capsys: pytest.CaptureFixture[str]
):
    """No record drew him."""
    answered(runtime)
    event = an_event()
    event["headers"]["host"] = f"green.{HOST}"
    handle(event, None)
    assert logged(capsys).split_version == NO_SPLIT


def test_an_answer_is_in_a_load_balancer_s_words_with_a_request_id(runtime: Stubber):
    """The id is the one in its access log."""
    answered(runtime)
    answer = handle(an_event(), None)
    assert set(answer) == {"statusCode", "headers", "body", "isBase64Encoded"}
    assert answer["headers"]["x-tidegate-request-id"].startswith("Root=1-")
    assert json.loads(answer["body"]) == [3]


def test_a_body_in_base64_is_decoded(runtime: Stubber):
    """Load balancers encode what is not text."""
    answered(runtime)
    body = base64.b64encode(b"\xff\x00").decode()
    assert handle(an_event(body=body, isBase64Encoded=True), None)["statusCode"] == 200


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_that_is_too_large_is_refused_naming_the_asynchronous_way(
    runtime: Stubber, capsys: pytest.CaptureFixture[str], *, encoded: bool
):
    """The model is not asked, and nothing is logged as served."""
    raw = b"1" * (MOST_BYTES + 1)
    body = base64.b64encode(raw).decode() if encoded else raw.decode()
    answer = handle(an_event(body=body, isBase64Encoded=encoded), None)
    assert answer["statusCode"] == 413
    assert "hosting.asynchronous" in json.loads(answer["body"])["message"]
    assert str(MOST_BYTES + 1) in answer["body"]
    assert capsys.readouterr().out == ""


def test_a_body_of_the_greatest_size_is_taken(runtime: Stubber):
    """The limit is of the body that the client sent, not of its encoding."""
    answered(runtime)
    body = base64.b64encode(b"1" * MOST_BYTES).decode()
    assert handle(an_event(body=body, isBase64Encoded=True), None)["statusCode"] == 200


def test_an_answer_that_is_too_large_is_told_as_such(runtime: Stubber):
    """With the prediction's id: it was made."""
    answered(runtime, b"1" * (MOST_BYTES + 1))
    answer = handle(an_event(), None)
    assert answer["statusCode"] == 502
    assert "hosting.asynchronous" in answer["body"]
    assert "x-tidegate-prediction-id" in answer["headers"]


def test_a_slot_token_is_refused(on_green: None):
    """A tester asks the track by its own name."""
    event = an_event()
    event["headers"]["x-tidegate-slot"] = "token"
    answer = handle(event, None)
    assert answer["statusCode"] == 403
    assert "two tracks" in answer["body"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [("InService", 200), ("Updating", 200), ("RollingBack", 200), ("Failed", 503)],
)
def test_a_track_is_healthy_while_its_endpoint_serves(
    control: Stubber, capsys: pytest.CaptureFixture[str], *, status: str, expected: int
):
    """A health check is no request, and leaves no line in the request log."""
    described = {
        "EndpointName": "e",
        "EndpointArn": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e",
        "EndpointConfigName": "c",
        "EndpointStatus": status,
        "CreationTime": 0,
        "LastModifiedTime": 0,
    }
    asked = {"EndpointName": f"{ENDPOINT}-green"}
    control.add_response("describe_endpoint", described, asked)
    event = an_event(httpMethod="GET", path=f"/models/{MODEL}/health", body="")
    assert handle(event, None)["statusCode"] == expected
    assert capsys.readouterr().out == ""


def test_a_track_whose_endpoint_is_gone_is_not_healthy(control: Stubber):
    """Nor is one of a model that nobody deployed."""
    control.add_client_error("describe_endpoint", "ValidationException", "Could not find endpoint.")
    event = an_event(httpMethod="GET", path=f"/models/{MODEL}/health", body="")
    assert handle(event, None)["statusCode"] == 503
    unknown = an_event(httpMethod="GET", path="/models/unknown/health", body="")
    assert handle(unknown, None)["statusCode"] == 503


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", f"/models/{MODEL}/predictions", 405),
        ("POST", "/models", 404),
        ("POST", f"/models/{MODEL}/elsewhere", 404),
        ("POST", "/", 404),
    ],
)
def test_any_other_request_is_refused(on_green: None, method: str, path: str, expected: int):
    """In words, and without asking a model."""
    assert handle(an_event(httpMethod=method, path=path), None)["statusCode"] == expected
