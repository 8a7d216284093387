"""The front door of a model that answers later: tickets, answers, and what went wrong."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from collect_answer.handler import handle as collect
from route_request.handler import handle
from tests import samples
from tests.aws import OBSERVATION_TABLE
from tests.samples import ENDPOINT, MODEL
from tests.unit.functions.route_request.test_route_request import an_event
from tidegate.asynchronous import Asynchronous
from tidegate.requestlog import ServedLine, parse_line, tally_key
from tidegate.split import NO_RELEASE
from tidegate_aws import clients, world
from tidegate_aws.counters import DynamoCounters
from tidegate_aws.release_store import DynamoReleaseStore

BUCKET = "later-answers"
PLACES = {"OutputLocation": f"s3://{BUCKET}/answers/a.out"}


@pytest.fixture
def runtime(store: DynamoReleaseStore) -> Iterator[Stubber]:
    """SageMaker's runtime; the model's bucket is there."""
    clients.s3().create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    waits = Asynchronous(bucket=BUCKET, waiting_seconds=600, processing_seconds=300)
    store.put_split(replace(samples.split(9, NO_RELEASE), asynchronous=waits))
    world.forget()
    with Stubber(clients.sagemaker_runtime()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def submitted(runtime: Stubber, **changes: Any) -> dict[str, Any]:
    """The answer to a request that the queue takes."""
    runtime.add_response("invoke_endpoint_async", {"InferenceId": "n", **PLACES})
    return handle(an_event(**changes), None)


def fetched(id_: str) -> dict[str, Any]:
    """What became of a request."""
    event = {"pathParameters": {"model": MODEL, "id": id_}, "headers": {}}
    return handle(event, None)


def test_a_request_gets_a_ticket_and_no_line_of_the_log(
    runtime: Stubber, capsys: pytest.CaptureFixture[str]
):
    """202, where the answer will be, and nothing counted yet."""
    answer = submitted(runtime)
    told = json.loads(answer["body"])
    assert answer["statusCode"] == 202
    assert told["prediction_id"] == answer["headers"]["x-tidegate-prediction-id"]
    assert answer["headers"]["location"] == told["answer"]
    assert told["answer"].startswith(f"/models/{MODEL}/predictions/")
    assert capsys.readouterr().out == ""


def test_an_answer_is_handed_on_when_it_is_there(runtime: Stubber):
    """202 until then, with after how long to ask again."""
    id_ = submitted(runtime)["headers"]["x-tidegate-prediction-id"]
    waiting = fetched(id_)
    assert (waiting["statusCode"], waiting["headers"]["retry-after"]) == (202, "10")
    clients.s3().put_object(
        Bucket=BUCKET, Key="answers/a.out", Body=b'{"label": 1}', ContentType="application/json"
    )
    answered = fetched(id_)
    assert (answered["statusCode"], answered["body"]) == (200, '{"label": 1}')
    assert answered["headers"]["content-type"] == "application/json"


def test_an_unknown_request_is_not_found(runtime: Stubber):
    """Forged ids are unknown, too."""
    assert fetched("forged")["statusCode"] == 404


def test_what_the_queue_refuses_is_logged_as_failed(
    runtime: Stubber, capsys: pytest.CaptureFixture[str]
):
    """It is over, and counted by the request log."""
    runtime.add_client_error("invoke_endpoint_async", "InternalFailure", "no", 500)
    assert handle(an_event(), None)["statusCode"] == 502
    line = parse_line(capsys.readouterr().out.strip())
    assert isinstance(line, ServedLine)
    assert (line.status, line.slot) == (500, "blue")


def test_an_input_that_is_not_there_is_the_callers_fault(runtime: Stubber):
    """Nothing is asked."""
    headers = {"x-tidegate-input-location": f"s3://{BUCKET}/uploads/none"}
    answer = handle(an_event(headers=headers), None)
    assert (answer["statusCode"], "put it there first" in answer["body"]) == (400, True)


def test_a_result_is_counted_once_in_the_interval_of_its_request(
    runtime: Stubber, capsys: pytest.CaptureFixture[str]
):
    """However often it is delivered; its line is for people."""
    submitted(runtime)
    (key,) = (
        o["Key"] for o in clients.s3().list_objects_v2(Bucket=BUCKET, Prefix="inputs/")["Contents"]
    )
    message = {
        "eventName": "InferenceResult",
        "eventTime": "2027-01-01T00:00:09Z",
        "receivedTime": "2027-01-01T00:00:01Z",
        "invocationStatus": "Failed",
        "failureReason": "The request expired in the queue.",
        "inferenceId": key.removeprefix("inputs/"),
        "requestParameters": {
            "endpointName": f"{ENDPOINT}-blue",
            "inputLocation": f"s3://{BUCKET}/{key}",
        },
    }
    event = {"Records": [{"Sns": {"Message": json.dumps(message)}}]}
    assert collect(event, None) == {"counted": 1, "known": 0, "nobody": 0}
    line = parse_line(capsys.readouterr().out.strip())
    assert isinstance(line, ServedLine)
    assert (line.status, line.milliseconds) == (504, 8_000)
    assert collect(event, None) == {"counted": 0, "known": 1, "nobody": 0}
    counters = DynamoCounters(client=clients.dynamodb(), table=OBSERVATION_TABLE)
    (seen,) = counters.read(tally_key(model=MODEL, release_id=NO_RELEASE))
    assert (seen.requests, seen.errors, seen.key.slot) == (1, 1, "blue")


def test_a_result_without_a_ticket_is_told(runtime: Stubber, capsys: pytest.CaptureFixture[str]):
    """Somebody asked past the front door; new topics are greeted."""
    message = {
        "eventName": "InferenceResult",
        "eventTime": "2027-01-01T00:00:09Z",
        "receivedTime": "2027-01-01T00:00:01Z",
        "invocationStatus": "Completed",
        "inferenceId": "x",
        "requestParameters": {"endpointName": "e", "inputLocation": f"s3://{BUCKET}/inputs/x"},
    }
    greeting = {"eventName": "TestNotification"}
    records = [{"Sns": {"Message": json.dumps(each)}} for each in (message, greeting)]
    assert collect({"Records": records}, None) == {"counted": 0, "known": 0, "nobody": 1}
    assert "no ticket" in capsys.readouterr().err
