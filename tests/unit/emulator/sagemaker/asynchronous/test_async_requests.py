"""InvokeEndpointAsync on the wire: limits, places of answers, and what topics are told."""

import json
from typing import Any

import pytest

from emulator.sagemaker.asynchronous import notices
from emulator.sagemaker.asynchronous.config import AsyncConfig
from emulator.sagemaker.asynchronous.metrics import AsyncMetrics, Gauges
from emulator.sagemaker.asynchronous.requests import accepted, queued, refusal, sent_headers
from emulator.sagemaker.metrics import Samples
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.serving.interface import InvokeRequest

TENANT = Tenant("123456789012", "eu-west-1")
PREFIX = "x-amzn-sagemaker-"
OUTPUT = {"S3OutputPath": "s3://answers/out/", "S3FailurePath": "s3://answers/failed"}
CONFIG = AsyncConfig.of({"OutputConfig": OUTPUT})


def request(body: bytes = b"", **headers: str) -> InvokeRequest:
    """A request with these headers of SageMaker's."""
    named = {f"{PREFIX}{name.replace('_', '-')}": value for name, value in headers.items()}
    return InvokeRequest(tenant=TENANT, endpoint="e", headers=named, body=body)


def message(asked: InvokeRequest) -> str:
    """Why it is refused."""
    refused = refusal(asked)
    assert refused is not None
    assert (refused.status, refused.headers["x-amzn-ErrorType"]) == (400, "ValidationError")
    return str(json.loads(refused.body)["Message"])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (request(), "exactly one of InputLocation and Body"),
        (request(b"x", inputlocation="s3://in/1"), "exactly one of InputLocation and Body"),
        (request(inputlocation="https://in/1"), "must be an s3:// URL"),
        (request(b"x" * 128_001), "at most 128000 bytes"),
        (request(b"x", requestttlseconds="59"), "must be 60 to 21600, got 59"),
        (request(b"x", requestttlseconds="many"), "must be 60 to 21600, got many"),
        (request(b"x", invocationtimeoutseconds="3601"), "must be 1 to 3600, got 3601"),
        (request(b"x", filename="a.b.c"), "filename must match"),
        (request(b"x", s3outputpathextension="s3://other/"), "s3outputpathextension must match"),
    ],
)
def test_what_no_endpoint_would_queue_is_refused(asked: InvokeRequest, words: str):
    """The limits are those of the service model."""
    assert words in message(asked)


def test_places_follow_the_configuration_and_the_request():
    """A generated name, or the caller's; below the path, and an extension of it."""
    plain = queued(request(b"x"), CONFIG, now=100.0, generated="id-1")
    named = queued(
        request(b"x", filename="two.json", s3outputpathextension="today/"),
        CONFIG,
        now=100.0,
        generated="id-2",
    )

    assert plain.output_location == "s3://answers/out/id-1.out"
    assert plain.failure_location == "s3://answers/failed/id-1-error.out"
    assert named.output_location == "s3://answers/out/today/two.json"
    assert (plain.inference_id, plain.expires) == ("id-1", 100.0 + 21_600)
    assert refusal(request(b"x", filename="two.json")) is None


def test_answer_names_id_and_places():
    """202; without a failure path it has no header."""
    entry = queued(request(b"x", inference_id="mine"), CONFIG, now=0.0, generated="g")
    answer = accepted(entry)
    without = AsyncConfig.of({"OutputConfig": {"S3OutputPath": "s3://answers/out"}})

    assert answer.status == 202
    assert json.loads(answer.body) == {"InferenceId": "mine"}
    assert answer.headers["X-Amzn-SageMaker-OutputLocation"] == "s3://answers/out/g.out"
    other = accepted(queued(request(b"x"), without, now=0.0, generated="g"))
    assert "X-Amzn-SageMaker-FailureLocation" not in other.headers


def test_container_gets_the_headers_that_the_caller_gave():
    """By the names that it knows from InvokeEndpoint."""
    asked = request(b"x", content_type="text/csv", accept="text/plain", custom_attributes="a=1")
    entry = queued(asked, CONFIG, now=0.0, generated="g")

    assert sent_headers(entry) == {
        "Content-Type": "text/csv",
        "Accept": "text/plain",
        "X-Amzn-SageMaker-Custom-Attributes": "a=1",
        "X-Amzn-SageMaker-Inference-Id": "g",
    }


def test_topics_are_told_what_the_guide_says():
    """When it came, when it was over, where the answer is, or why there is none."""
    entry = queued(request(inputlocation="s3://in/1"), CONFIG, now=0.455, generated="g")
    good = json.loads(notices.completed(entry, content_type="text/csv", now=1.608))
    bad = json.loads(notices.failed(entry, reason="because", now=2.0))

    assert good["receivedTime"] == "1970-01-01T00:00:00.455Z"
    assert good["eventTime"] == "1970-01-01T00:00:01.608Z"
    assert good["invocationStatus"] == "Completed"
    assert good["responseParameters"]["outputLocation"] == "s3://answers/out/g.out"
    assert good["requestParameters"]["inputLocation"] == "s3://in/1"
    assert (bad["invocationStatus"], bad["failureReason"]) == ("Failed", "because")


def test_queue_without_instances_says_that_it_waits():
    """Its size per instance is told as of one instance; a queue with instances has capacity."""
    sent: list[Samples] = []
    metrics = AsyncMetrics(publish=sent.append)
    metrics.of_queue(TENANT, "e", Gauges(size=4, oldest_seconds=9.0, instances=0, waiting=4))
    values: dict[str, Any] = {one.metric: next(iter(one.counted)) for one in sent}

    assert values == {
        "ApproximateBacklogSize": 4,
        "ApproximateBacklogSizePerInstance": 4.0,
        "ApproximateAgeOfOldestRequest": 9.0,
        "HasBacklogWithoutCapacity": 1.0,
    }
    assert all(one.dimensions == {"EndpointName": "e"} for one in sent)
    busy = Gauges(size=4, oldest_seconds=9.0, instances=2, waiting=1).values()
    assert busy["HasBacklogWithoutCapacity"] == 0.0
    assert busy["ApproximateBacklogSizePerInstance"] == 2.0
