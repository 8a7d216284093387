"""Calls that are declared, throttled, billed; files that are written once; messages."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import boto3
import moto
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from tests.ai_fakes import FakeDraws, FakeTime
from tidegate.ai.kind import Operation
from tidegate.ai.problems import CallFailedError, CallRefusedError, ThrottledError
from tidegate.ai.retry import Backoff
from tidegate.errors import NotFoundError
from tidegate_aws.ai.calls import AwsCalls
from tidegate_aws.ai.files import S3Files
from tidegate_aws.ai.metrics import LoggedMetrics
from tidegate_aws.ai.queue import SqsQueue

TRANSLATE = Operation(
    service="translate",
    name="TranslateText",
    action="translate:TranslateText",
    unit="characters",
    units=lambda given: len(given["Text"]),
)
GIVEN = {"Text": "hello", "SourceLanguageCode": "en", "TargetLanguageCode": "de"}
SAID = {"TranslatedText": "hallo", "SourceLanguageCode": "en", "TargetLanguageCode": "de"}


class Lab:
    """Calls of a stubbed client, with the metrics that they wrote."""

    def __init__(self, operation: Operation = TRANSLATE, **options: Any) -> None:
        self.client = boto3.client("translate", region_name="us-east-1", **KEYS)
        self.stubber = Stubber(self.client)
        self.stubber.activate()
        self.lines: list[str] = []
        self.clock = FakeTime()
        metrics = LoggedMetrics(service="a-b-c", clock=self.clock, write=self.lines.append)
        self.calls = AwsCalls(
            declared={operation.id: operation},
            prices={operation.id: 0.5},
            client=lambda _service: self.client,
            metrics=metrics,
            clock=self.clock,
            draws=FakeDraws(1.0),
            backoff=Backoff(tries=3, base=1.0, longest=9.0),
            **options,
        )

    def refuse(self, code: str, status: int = 400) -> None:
        """The next call is refused."""
        self.stubber.add_client_error(
            "translate_text", service_error_code=code, http_status_code=status
        )

    def metrics(self) -> Mapping[str, float]:
        """The last value of each metric."""
        found: dict[str, float] = {}
        for line in map(json.loads, self.lines):
            for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
                found[metric["Name"]] = line[metric["Name"]]
        return found


KEYS: Mapping[str, Any] = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}


def test_a_call_is_answered_and_billed() -> None:
    """By units of its own."""
    lab = Lab()
    lab.stubber.add_response("translate_text", SAID, GIVEN)
    assert lab.calls.call("translate", "TranslateText", **GIVEN)["TranslatedText"] == "hallo"
    assert lab.metrics() == {"Calls": 1, "Units": 5, "CostUsd": 2.5}


def test_what_only_the_answer_tells_is_billed_as_well() -> None:
    """Such as the pages that a job has read."""
    operation = replace(
        TRANSLATE, answered_units=lambda _given, answer: len(answer["TranslatedText"])
    )
    lab = Lab(operation)
    lab.stubber.add_response("translate_text", SAID, GIVEN)
    lab.calls.call("translate", "TranslateText", **GIVEN)
    assert lab.metrics() == {"Calls": 1, "Units": 10, "CostUsd": 5.0}


def test_throttled_calls_are_repeated() -> None:
    """After waits that grow."""
    lab = Lab()
    began = lab.clock.now()
    lab.refuse("ThrottlingException")
    lab.refuse("TooManyRequestsException")
    lab.stubber.add_response("translate_text", SAID, GIVEN)
    lab.calls.call("translate", "TranslateText", **GIVEN)
    assert lab.clock.now() - began == 3.0
    assert lab.metrics()["Calls"] == 1


def test_calls_that_go_on_being_throttled_are_given_up() -> None:
    """Nothing is billed."""
    lab = Lab()
    for _ in range(3):
        lab.refuse("ThrottlingException")
    with pytest.raises(ThrottledError):
        lab.calls.call("translate", "TranslateText", **GIVEN)
    lab.stubber.assert_no_pending_responses()
    assert lab.metrics() == {"Throttles": 1}


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("UnsupportedLanguagePairException", 400, CallRefusedError),
        ("InternalServerException", 500, CallFailedError),
    ],
)
def test_nothing_else_is_repeated(code: str, status: int, kind: type[Exception]) -> None:
    """Once is enough."""
    lab = Lab()
    lab.refuse(code, status)
    with pytest.raises(kind) as caught:
        lab.calls.call("translate", "TranslateText", **GIVEN)
    assert getattr(caught.value, "code", None) == code


def test_a_service_that_is_not_reached_has_failed() -> None:
    """Whether it did anything is not known."""

    class Silent:
        def translate_text(self, **_: Any) -> Any:
            raise ConnectTimeoutError(endpoint_url="x")

    lab = Lab()
    lab.client = Silent()
    with pytest.raises(CallFailedError):
        lab.calls.call("translate", "TranslateText", **GIVEN)


def test_what_is_not_declared_is_a_fault_of_the_program() -> None:
    """Whatever the role would allow."""
    with pytest.raises(LookupError, match="translate:TranslateText are"):
        Lab().calls.call("translate", "ListTerminologies")


@pytest.fixture
def files() -> Iterator[S3Files]:
    """An empty bucket."""
    with moto.mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="files")
        yield S3Files(client=client, bucket="files")


def test_files_are_written_read_and_removed(files: S3Files) -> None:
    """One that is not there is not found."""
    files.write("a", b"1", content_type="text/plain")
    assert files.read("a") == b"1"
    files.delete("a")
    with pytest.raises(NotFoundError):
        files.read("a")
    assert files.uri("a") == "s3://files/a"


def test_keys_that_begin_so_are_listed_in_order(files: S3Files) -> None:
    """Of more pages than one, too."""
    for number in range(1_001):
        files.write(f"a/{number:04}", b"", content_type="text/plain")
    files.write("b", b"", content_type="text/plain")
    found = files.keys("a/")
    assert (len(found), found[0], found[-1]) == (1_001, "a/0000", "a/1000")
    assert files.keys("c") == ()


def test_a_file_is_written_once(files: S3Files) -> None:
    """The second writer is told."""
    assert files.write_once("a", b"1", content_type="text/plain") is True
    assert files.write_once("a", b"2", content_type="text/plain") is False
    assert files.read("a") == b"1"


def test_links_are_of_one_file_and_expire(files: S3Files) -> None:
    """Fifteen minutes."""
    assert "/in/a?" in files.link("in/a", upload=True)
    assert "900" in files.link("in/a", upload=False) or "Expires" in files.link("a", upload=False)


def test_messages_are_sent_and_hidden() -> None:
    """The id of a message is SQS's."""
    with moto.mock_aws():
        client = boto3.client("sqs", region_name="us-east-1")
        url = client.create_queue(QueueName="work")["QueueUrl"]
        queue = SqsQueue(client=client, url=url)
        sent = queue.send({"tidegate": "check", "work": "w"}, delay_seconds=0)
        (message,) = client.receive_message(QueueUrl=url)["Messages"]
        assert (message["MessageId"], json.loads(message["Body"])["work"]) == (sent, "w")
        queue.hide(message["ReceiptHandle"], seconds=0)
        assert client.receive_message(QueueUrl=url)["Messages"][0]["MessageId"] == sent


def test_metrics_have_the_service_and_many_values() -> None:
    """In the embedded metric format."""
    out = io.StringIO()
    metrics = LoggedMetrics(service="a-b-c", clock=FakeTime(), write=out.write)
    metrics.put("NegativePercent", [0.0, 100.0], unit="Percent")
    line = json.loads(out.getvalue())
    assert (line["Service"], line["NegativePercent"]) == ("a-b-c", [0.0, 100.0])
