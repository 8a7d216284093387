"""The two functions of a service, over DynamoDB and S3 in memory and a stubbed Comprehend."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.stub import Stubber

from answer_ai_request import handler as door
from do_ai_work import handler as worker
from tests.aws import OBSERVATION_TABLE, mocked_aws
from tidegate.ai.trace import where
from tidegate_aws import clients
from tidegate_aws.ai import world as ai_world

BUCKET, DOCUMENT = "files", "document.json"
SECRET_WORDS = "Rumpelstilzchen"
TOLD = {
    "kind": "comprehend",
    "place": {"project": "helpers", "stage": "test", "service": "social"},
    "settings": {"languages": ["en"]},
    "requests_per_minute": 3,
    "queue": {"hidden_seconds": 720, "most_receives": 5},
    "prices": {"comprehend:BatchDetectSentiment": 0.0001},
}


@dataclass
class Context:
    """What Lambda gives beside the event."""

    left: int = 100_000

    def get_remaining_time_in_millis(self) -> int:
        """So long it may go on."""
        return self.left


@dataclass
class Lab:
    """The functions' surroundings."""

    stubber: Stubber
    queue_url: str
    printed: list[str] = field(default_factory=list)

    def judged(self, *texts: str) -> None:
        """Comprehend finds English, negative posts."""
        indices = range(len(texts))
        english = [{"LanguageCode": "en", "Score": 0.99}]
        self.stubber.add_response(
            "batch_detect_dominant_language",
            {"ResultList": [{"Index": i, "Languages": english} for i in indices], "ErrorList": []},
            {"TextList": list(texts)},
        )
        scores = {"Positive": 0.0, "Negative": 1.0, "Neutral": 0.0, "Mixed": 0.0}
        results = [{"Index": i, "Sentiment": "NEGATIVE", "SentimentScore": scores} for i in indices]
        self.stubber.add_response(
            "batch_detect_sentiment",
            {"ResultList": results, "ErrorList": []},
            {"TextList": list(texts), "LanguageCode": "en"},
        )


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A deployed service."""
    with mocked_aws():
        ai_world.forget()
        here: Any = {"LocationConstraint": clients.s3().meta.region_name}
        clients.s3().create_bucket(Bucket=BUCKET, CreateBucketConfiguration=here)
        clients.s3().put_object(Bucket=BUCKET, Key=DOCUMENT, Body=json.dumps(TOLD).encode())
        url = clients.sqs().create_queue(QueueName="work")["QueueUrl"]
        for name, value in {
            "AI_DOCUMENT_BUCKET": BUCKET,
            "AI_DOCUMENT_KEY": DOCUMENT,
            "AI_TABLE": OBSERVATION_TABLE,
            "AI_BUCKET": BUCKET,
            "AI_QUEUE_URL": url,
        }.items():
            monkeypatch.setenv(name, value)
        with Stubber(clients.ai("comprehend")) as stubber:
            yield Lab(stubber=stubber, queue_url=url)
            stubber.assert_no_pending_responses()
    ai_world.forget()


def event(route: str, body: Any, *, method: str = "POST", **headers: str) -> dict[str, Any]:
    """A request of the HTTP API, by a signature."""
    who = {"iam": {"userArn": "arn:aws:iam::123456789012:user/ada"}}
    http = {"method": method}
    return {
        "rawPath": f"/ai/social/{route}",
        "headers": headers,
        "requestContext": {"requestId": "r-1", "http": http, "authorizer": who},
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def asked(route: str, body: Any, **more: Any) -> tuple[int, Any, Mapping[str, str]]:
    """Status, body and headers of what the door answers."""
    answer = door.handle(event(route, body, **more), None)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def test_a_route_is_answered(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    """With the caller's correlation id, and nothing of the post in the log."""
    lab.judged(f"{SECRET_WORDS} was here")
    status, body, headers = asked(
        "sentiment",
        {"posts": [{"text": f"{SECRET_WORDS} was here"}]},
        **{"x-correlation-id": "mine-7"},
    )
    assert (status, body["posts"][0]["sentiment"]) == (200, "negative")
    assert headers["x-correlation-id"] == "mine-7"
    log = capsys.readouterr().out
    assert SECRET_WORDS not in log
    assert '"route": "sentiment"' in log


@pytest.mark.parametrize(
    ("route", "body", "told"),
    [
        ("sentiment", "{no json", (400, "invalid-request")),
        ("sentiment", {"posts": []}, (400, "invalid-request")),
        ("sentiment", '{"a":' * 100_000, (400, "invalid-request")),
        ("nothing", {}, (404, "not-found")),
        ("sentiment", [], (400, "invalid-request")),
    ],
)
def test_what_is_wrong_is_told(lab: Lab, route: str, body: Any, told: tuple[int, str]) -> None:
    """In one shape."""
    status, answer, _ = asked(route, body)
    assert (status, answer["error"]["code"]) == told
    assert answer["error"]["correlation_id"] == "r-1"


def test_a_key_must_look_like_one(lab: Lab) -> None:
    """It becomes part of a name."""
    status, body, _ = asked("redact", {"text": "a"}, **{"idempotency-key": "a b"})
    assert (status, body["error"]["code"]) == (400, "invalid-request")


def test_a_caller_has_a_quota(lab: Lab) -> None:
    """Of refused requests as well."""
    assert [asked("sentiment", {})[0] for _ in range(4)] == [400, 400, 400, 429]


def test_what_fails_unforeseen_is_told_by_its_place(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of ours: the log says where."""
    lab.stubber.add_response(
        "batch_detect_dominant_language", {"ResultList": [{"Index": 0}], "ErrorList": []}
    )
    status, body, _ = asked("sentiment", {"posts": [{"text": SECRET_WORDS}]})
    assert (status, body["error"]["code"]) == (500, "internal")
    log = capsys.readouterr().out
    assert SECRET_WORDS not in log
    assert "KeyError at reading.py:" in log


def test_a_failure_is_logged_without_its_message() -> None:
    """It may quote what a person wrote."""
    try:
        int(SECRET_WORDS)
    except ValueError as error:
        told = where(error)
    assert told.startswith("ValueError at test_ai_functions.py:")
    assert SECRET_WORDS not in told


def test_what_aws_refuses_is_logged_by_its_code(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    """For whoever operates the service; callers are not told."""
    lab.stubber.add_client_error("batch_detect_dominant_language", "AccessDeniedException")
    status, body, _ = asked("sentiment", {"posts": [{"text": "hello"}]})
    assert (status, body["error"]["code"]) == (502, "service-refused")
    why = "comprehend:BatchDetectDominantLanguage: AccessDeniedException"
    assert f'"why": "{why}"' in capsys.readouterr().out


def test_a_file_is_sent_by_a_link_and_asked_after(lab: Lab) -> None:
    """Before it came nothing is known of it."""
    status, link, _ = asked("files", {"prefix": "posts", "name": "a.jsonl"})
    assert (status, link["key"]) == (201, "in/posts/a.jsonl")
    wanted = event("results", "", method="GET")
    wanted["queryStringParameters"] = {"key": link["key"]}
    assert door.handle(wanted, None)["statusCode"] == 404


def record(lab: Lab, key: str, *, receives: int = 1, id_: str = "m-1") -> dict[str, Any]:
    """A message about a file, as the event source mapping hands it over."""
    clients.sqs().send_message(QueueUrl=lab.queue_url, MessageBody="{}")
    (message,) = clients.sqs().receive_message(QueueUrl=lab.queue_url)["Messages"]
    described = {"key": key, "sequencer": "1", "size": 20}
    body = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": BUCKET}, "object": described},
    }
    attributes = {"SentTimestamp": "1000", "ApproximateReceiveCount": str(receives)}
    return {
        "messageId": id_,
        "receiptHandle": message["ReceiptHandle"],
        "body": json.dumps(body),
        "attributes": attributes,
    }


def test_a_file_has_a_result(lab: Lab) -> None:
    """A refused one has too, with all that is wrong; its message is done with."""
    clients.s3().put_object(Bucket=BUCKET, Key="in/posts/a.jsonl", Body=b"no json")
    records = [record(lab, "in/posts/a.jsonl")]
    assert worker.handle({"Records": records}, Context()) == {"batchItemFailures": []}
    found = clients.s3().list_objects_v2(Bucket=BUCKET, Prefix="results/")["Contents"]
    content = clients.s3().get_object(Bucket=BUCKET, Key=found[0]["Key"])["Body"].read()
    document = json.loads(content)
    assert document["status"] == "refused"
    assert document["problem"]["faults"] == ["line 1 is no JSON"]
    wanted = event("results", "", method="GET")
    wanted["queryStringParameters"] = {"key": "in/posts/a.jsonl"}
    assert json.loads(door.handle(wanted, None)["body"])["status"] == "refused"


def test_one_that_fails_does_not_touch_the_others(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told by its id, and where it failed is in the log, without its message."""
    clients.s3().put_object(Bucket=BUCKET, Key="in/posts/b.jsonl", Body=b"no json")
    broken = {**record(lab, "in/posts/a.jsonl", id_="broken"), "body": '"nothing"'}
    lost = record(lab, "in/posts/lost.jsonl", id_="lost")
    right = record(lab, "in/posts/b.jsonl", id_="right")
    left = worker.handle({"Records": [broken, lost, right]}, Context())
    names = [failure["itemIdentifier"] for failure in left["batchItemFailures"]]
    assert names == ["broken", "lost"]
    assert "NotFoundError at" in capsys.readouterr().out


def test_nothing_is_begun_that_could_not_end(lab: Lab) -> None:
    """With too little time left the message goes back at once."""
    left = worker.handle({"Records": [record(lab, "in/posts/a.jsonl")]}, Context(left=10))
    assert left == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert "Messages" in clients.sqs().receive_message(QueueUrl=lab.queue_url)
