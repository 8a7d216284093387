"""Textract of the embedded cloud, as a client with boto3 sees it: documents are really read."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.emulated_queues import taken
from tests.pdf_files import Sheet, pdf

ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
FORM = pdf(
    Sheet().text(40, 100, "Name: Ann Lee").table(40, 240, [("Item", "Value"), ("Lamp", "9")])
)
TWO_PAGES = pdf(Sheet().text(40, 100, "Name: Ann"), Sheet().text(40, 100, "Age: 34"))


@pytest.fixture(scope="module")
def textract(ground_cloud: EmbeddedCloud) -> Any:
    """A client that neither repeats a call nor checks it."""
    return ground_cloud.session().client("textract", config=ONE_ATTEMPT)


@pytest.fixture(scope="module")
def s3(ground_cloud: EmbeddedCloud) -> Any:
    """A client of S3."""
    return ground_cloud.session().client("s3")


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    """A bucket with `form.pdf`, `two.pdf` and `bad.pdf`."""
    name = f"forms-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    for key, body in (("form.pdf", FORM), ("two.pdf", TWO_PAGES), ("bad.pdf", b"%PDF-no")):
        s3.put_object(Bucket=name, Key=key, Body=body)
    return name


@pytest.fixture
def faults(ground_cloud: EmbeddedCloud) -> Iterator[Callable[..., None]]:
    """Sets Textract's faults; it has none after the test."""

    def put(**shares: float) -> None:
        ground_cloud.set_faults("textract", Faults(**shares))  # type: ignore[arg-type]

    yield put
    ground_cloud.set_faults("textract", Faults())


def at(bucket: str, key: str) -> dict[str, Any]:
    """The place of an object in requests."""
    return {"S3Object": {"Bucket": bucket, "Name": key}}


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    """Code and message of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def texts(blocks: list[dict[str, Any]], kind: str = "LINE") -> list[str]:
    """What the blocks of a kind say."""
    return [block["Text"] for block in blocks if block["BlockType"] == kind]


def test_text_is_detected_at_once(textract: Any, bucket: str):
    """In bytes and in an object of S3; the answer names the engine."""
    inline = textract.detect_document_text(Document={"Bytes": FORM})
    stored = textract.detect_document_text(Document=at(bucket, "form.pdf"))
    assert texts(inline["Blocks"]) == ["Name: Ann Lee", "Item", "Value", "Lamp", "9"]
    assert inline["Blocks"] == stored["Blocks"]
    assert inline["DocumentMetadata"] == {"Pages": 1}
    assert inline["ResponseMetadata"]["HTTPHeaders"]["x-emulated-engine"] == "pdfplumber"


def test_fields_tables_and_answers_are_analysed_at_once(textract: Any):
    """Blocks of each feature that was asked for."""
    answer = textract.analyze_document(
        Document={"Bytes": FORM},
        FeatureTypes=["FORMS", "TABLES", "QUERIES"],
        QueriesConfig={"Queries": [{"Text": "What is the name?", "Alias": "NAME"}]},
    )
    kinds = [block["BlockType"] for block in answer["Blocks"]]
    assert (kinds.count("KEY_VALUE_SET"), kinds.count("TABLE"), kinds.count("CELL")) == (2, 1, 4)
    assert texts(answer["Blocks"], "QUERY_RESULT") == ["Ann Lee"]


@pytest.mark.parametrize(
    ("method", "request_", "code"),
    [
        ("detect_document_text", {"Document": {}}, "InvalidParameterException"),
        (
            "detect_document_text",
            {"Document": {"Bytes": b"GIF89a"}},
            "UnsupportedDocumentException",
        ),
        ("detect_document_text", {"Document": {"Bytes": b"%PDF-1.4"}}, "BadDocumentException"),
        (
            "detect_document_text",
            {"Document": {"Bytes": TWO_PAGES}},
            "UnsupportedDocumentException",
        ),
        (
            "detect_document_text",
            {"Document": {"Bytes": b"\x89PNG\r\n\x1a\n"}},
            "BadDocumentException",
        ),
        (
            "detect_document_text",
            {"Document": {"Bytes": FORM + b" " * 10 * 1024 * 1024}},
            "DocumentTooLargeException",
        ),
        (
            "detect_document_text",
            {"Document": at("no-such-bucket", "form.pdf")},
            "InvalidS3ObjectException",
        ),
        (
            "analyze_document",
            {"Document": {"Bytes": FORM}, "FeatureTypes": ["QUERIES"]},
            "InvalidParameterException",
        ),
        (
            "analyze_document",
            {"Document": {"Bytes": FORM}, "FeatureTypes": ["FACES"]},
            "ValidationException",
        ),
        (
            "analyze_document",
            {
                "Document": {"Bytes": FORM},
                "FeatureTypes": ["FORMS"],
                "HumanLoopConfig": {"HumanLoopName": "x", "FlowDefinitionArn": "y" * 10},
            },
            "NotEmulatedException",
        ),
        ("analyze_expense", {"Document": {"Bytes": FORM}}, "NotEmulatedException"),
        ("get_document_analysis", {"JobId": "unknown"}, "InvalidJobIdException"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    textract: Any, method: str, request_: dict[str, Any], code: str
):
    """By the service's own error, or by one that AWS does not have."""
    assert refusal(getattr(textract, method), **request_)[0] == code


def ended(textract: Any, eventually: Callable[..., Any], job: str, **more: Any) -> dict[str, Any]:
    """The answer about an analysis that has ended."""

    def asked() -> dict[str, Any] | None:
        answer: dict[str, Any] = textract.get_document_analysis(JobId=job, **more)
        return None if answer["JobStatus"] == "IN_PROGRESS" else answer

    found: dict[str, Any] = eventually(asked)
    return found


def test_a_job_reads_all_pages_and_gives_them_in_parts(
    textract: Any, bucket: str, eventually: Callable[..., Any]
):
    """Its tag, its token and the parts are those of AWS."""
    request = {
        "DocumentLocation": at(bucket, "two.pdf"),
        "FeatureTypes": ["FORMS"],
        "ClientRequestToken": uuid.uuid4().hex,
    }
    job = textract.start_document_analysis(**request)["JobId"]
    assert textract.get_document_analysis(JobId=job)["JobStatus"] == "IN_PROGRESS"
    assert textract.start_document_analysis(**request)["JobId"] == job
    other = {**request, "FeatureTypes": ["TABLES"]}
    assert refusal(textract.start_document_analysis, **other)[0] == (
        "IdempotentParameterMismatchException"
    )
    whole = ended(textract, eventually, job)
    assert (whole["JobStatus"], whole["DocumentMetadata"]) == ("SUCCEEDED", {"Pages": 2})
    parts, token = [], {}
    while True:
        answer = textract.get_document_analysis(JobId=job, MaxResults=5, **token)
        parts += answer["Blocks"]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert parts == whole["Blocks"]
    assert {block["Page"] for block in parts} == {1, 2}
    assert refusal(textract.get_document_text_detection, JobId=job)[0] == "InvalidJobIdException"


def test_the_end_of_a_job_is_told_and_its_results_are_stored(  # noqa: PLR0913, PLR0917 - fixtures
    ground_cloud: EmbeddedCloud,
    textract: Any,
    s3: Any,
    bucket: str,
    make_role: Callable[..., str],
    eventually: Callable[..., Any],
    faults: Callable[..., None],
):
    """The topic gets AWS's message, twice by the faults; the bucket gets the answers' files."""
    faults(repeated_news=1.0)
    queue = _queue_on_topic(ground_cloud)
    job = textract.start_document_text_detection(
        DocumentLocation=at(bucket, "two.pdf"),
        JobTag="claims:1",
        NotificationChannel={
            "SNSTopicArn": queue.topic,
            "RoleArn": make_role("textract", "sns:Publish"),
        },
        OutputConfig={"S3Bucket": bucket, "S3Prefix": "read"},
    )["JobId"]
    eventually(lambda: len(queue.received()) == 2)
    first, second = queue.messages
    assert first == second
    assert first.pop("Timestamp") > 1_000_000_000_000
    assert first == {
        "JobId": job,
        "Status": "SUCCEEDED",
        "API": "StartDocumentTextDetection",
        "JobTag": "claims:1",
        "DocumentLocation": {"S3ObjectName": "two.pdf", "S3Bucket": bucket},
    }
    stored = json.loads(s3.get_object(Bucket=bucket, Key=f"read/{job}/1")["Body"].read())
    assert texts(stored["Blocks"]) == ["Name: Ann", "Age: 34"]


def test_a_job_of_an_unreadable_document_fails(
    textract: Any, bucket: str, eventually: Callable[..., Any]
):
    """With the reason; its document is looked for at once, and read later."""
    start = textract.start_document_analysis
    missing = {"DocumentLocation": at(bucket, "none.pdf"), "FeatureTypes": ["FORMS"]}
    assert refusal(start, **missing)[0] == "InvalidS3ObjectException"
    job = start(DocumentLocation=at(bucket, "bad.pdf"), FeatureTypes=["FORMS"])["JobId"]
    answer = ended(textract, eventually, job)
    assert answer["JobStatus"] == "FAILED"
    assert answer["StatusMessage"].startswith("BadDocumentException: The PDF is unreadable")


def test_a_role_that_does_not_trust_textract_is_refused(
    ground_cloud: EmbeddedCloud, textract: Any, bucket: str, make_role: Callable[..., str]
):
    """When the job is started."""
    channel = {
        "SNSTopicArn": _queue_on_topic(ground_cloud).topic,
        "RoleArn": make_role("lambda", "sns:Publish"),
    }
    code, message = refusal(
        textract.start_document_text_detection,
        DocumentLocation=at(bucket, "form.pdf"),
        NotificationChannel=channel,
    )
    assert code == "InvalidParameterException"
    assert "does not let textract.amazonaws.com assume it" in message


def test_a_document_is_read_with_the_rights_of_the_caller(
    ground_cloud: EmbeddedCloud, bucket: str, make_role: Callable[..., str]
):
    """Who may not read the object can't have it read, and passing a role needs permission."""
    user = _user(ground_cloud, "textract:*")
    code, _ = refusal(user.detect_document_text, Document=at(bucket, "form.pdf"))
    assert code == "InvalidS3ObjectException"
    code, message = refusal(
        user.start_document_text_detection,
        DocumentLocation=at(bucket, "form.pdf"),
        NotificationChannel={
            "SNSTopicArn": "arn:aws:sns:us-east-1:000000000000:t",
            "RoleArn": make_role("textract"),
        },
    )
    assert code == "AccessDeniedException"
    assert "iam:PassRole" in message


def test_a_share_of_the_calls_is_throttled(textract: Any, faults: Callable[..., None]):
    """By the error that Textract has for it."""
    faults(throttled=1.0)
    code, _ = refusal(textract.get_document_analysis, JobId="any")
    assert code == "ProvisionedThroughputExceededException"


class _Queue:
    """What a topic's subscriber received."""

    def __init__(self, sqs: Any, url: str, topic: str) -> None:
        self._sqs, self._url, self.topic = sqs, url, topic
        self.messages: list[dict[str, Any]] = []

    def received(self) -> list[dict[str, Any]]:
        """All messages so far."""
        self.messages += [json.loads(body["Message"]) for body in taken(self._sqs, self._url)]
        return self.messages


def _queue_on_topic(cloud: EmbeddedCloud) -> _Queue:
    session, name = cloud.session(), f"ended-{uuid.uuid4().hex[:8]}"
    sns, sqs = session.client("sns"), session.client("sqs")
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    names = ["QueueArn"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]["QueueArn"]
    allowed = _policy(
        Action="sqs:SendMessage", Resource=arn, Principal={"Service": "sns.amazonaws.com"}
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": allowed})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return _Queue(sqs, url, topic)


def _policy(**members: Any) -> str:
    statement = {"Effect": "Allow", **members}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _user(cloud: EmbeddedCloud, action: str) -> Any:
    """A client of Textract of a user who may do that, and nothing else."""
    iam, name = cloud.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    document = _policy(Action=action, Resource="*")
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return cloud.session().client(
        "textract",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        config=ONE_ATTEMPT,
    )
