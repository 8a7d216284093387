"""Polly of the embedded cloud, as a client with boto3 sees it."""

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import soundfile
from botocore.exceptions import ClientError

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.emulated_queues import taken

JOANNA = {"VoiceId": "Joanna", "OutputFormat": "mp3"}


@pytest.fixture(scope="module")
def polly(ground_cloud: EmbeddedCloud) -> Any:
    """A client of the administrator."""
    return ground_cloud.session().client("polly")


@pytest.fixture
def bucket(ground_cloud: EmbeddedCloud) -> str:
    """A bucket for what is spoken."""
    name = f"speech-{uuid.uuid4().hex[:8]}"
    ground_cloud.session().client("s3").create_bucket(Bucket=name)
    return name


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_a_text_becomes_sound(polly: Any):
    """In the body, with its type and the characters that are billed in headers."""
    answer = polly.synthesize_speech(Text="Your order has been sent.", **JOANNA)
    assert (answer["ContentType"], answer["RequestCharacters"]) == ("audio/mpeg", 25)
    assert soundfile.info(io.BytesIO(answer["AudioStream"].read())).duration > 1
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulated-engine"] in {"tone", "espeak-ng"}


def test_marks_come_line_by_line(polly: Any):
    """As JSON."""
    answer = polly.synthesize_speech(
        Text="Hello you", VoiceId="Joanna", OutputFormat="json", SpeechMarkTypes=["word"]
    )
    words = [json.loads(line)["value"] for line in answer["AudioStream"].read().splitlines()]
    assert (answer["ContentType"], words) == ("application/x-json-stream", ["Hello", "you"])


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({**JOANNA, "Text": "x" * 3_001}, "TextLengthExceededException"),
        ({**JOANNA, "Text": "x", "Engine": "long-form"}, "ValidationException"),
        ({**JOANNA, "Text": "x", "VoiceId": "Nobody"}, "ValidationException"),
        ({**JOANNA, "Text": "x", "SampleRate": "11025"}, "InvalidSampleRateException"),
        ({**JOANNA, "Text": "x", "LanguageCode": "de-DE"}, "LanguageNotSupportedException"),
        ({**JOANNA, "Text": "x", "LexiconNames": ["none"]}, "LexiconNotFoundException"),
        ({**JOANNA, "Text": "<speak>", "TextType": "ssml"}, "InvalidSsmlException"),
        (
            {**JOANNA, "Text": "x", "SpeechMarkTypes": ["word"]},
            "MarksNotSupportedForFormatException",
        ),
        (
            {"VoiceId": "Joanna", "OutputFormat": "json", "Text": "x", "SpeechMarkTypes": ["ssml"]},
            "SsmlMarksNotSupportedForTextTypeException",
        ),
    ],
)
def test_what_cannot_be_spoken_is_refused(polly: Any, request_: dict[str, Any], code: str):
    """By the service's own errors."""
    assert refusal(polly.synthesize_speech, **request_) == code


@pytest.mark.parametrize(
    ("request_", "some", "none"),
    [
        ({"LanguageCode": "de-DE", "Engine": "neural"}, "Vicki", "Hans"),
        ({"LanguageCode": "hi-IN"}, None, "Aditi"),
        ({"LanguageCode": "hi-IN", "IncludeAdditionalLanguageCodes": True}, "Aditi", "Amy"),
    ],
)
def test_voices_are_found_by_language_and_engine(
    polly: Any, request_: dict[str, Any], some: str | None, none: str
):
    """Further languages only when they are asked for."""
    found = {voice["Id"] for voice in polly.describe_voices(**request_)["Voices"]}
    assert some is None or some in found
    assert none not in found


LEXICON = (
    '<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"'
    ' alphabet="ipa" xml:lang="en-US"><lexeme><grapheme>ETA</grapheme>'
    "<alias>estimated arrival</alias></lexeme></lexicon>"
)


def test_a_lexicon_is_kept_and_makes_speech_longer(polly: Any):
    """Until it is deleted."""
    plain = len(polly.synthesize_speech(Text="ETA", **JOANNA)["AudioStream"].read())
    polly.put_lexicon(Name="times", Content=LEXICON)
    told = polly.get_lexicon(Name="times")
    assert told["Lexicon"]["Content"] == LEXICON
    assert told["LexiconAttributes"]["LexemesCount"] == 1
    assert "times" in [one["Name"] for one in polly.list_lexicons()["Lexicons"]]
    longer = polly.synthesize_speech(Text="ETA", LexiconNames=["times"], **JOANNA)
    assert len(longer["AudioStream"].read()) > plain
    polly.delete_lexicon(Name="times")
    assert refusal(polly.get_lexicon, Name="times") == "LexiconNotFoundException"


def finished(polly: Any, task_id: str) -> dict[str, Any]:
    """The task when it has ended, which is soon on the cloud's clock."""
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        task: dict[str, Any] = polly.get_speech_synthesis_task(TaskId=task_id)["SynthesisTask"]
        if task["TaskStatus"] in {"completed", "failed"}:
            return task
    raise AssertionError(f"the task {task_id} does not end")


@pytest.fixture
def topic(ground_cloud: EmbeddedCloud) -> tuple[str, Callable[[int], list[dict[str, Any]]]]:
    """A topic, and what was told to it so far."""
    session = ground_cloud.session()
    sqs, sns = session.client("sqs"), session.client("sns")
    queue = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn["QueueArn"]}
    sender = {**statement, "Principal": {"Service": "sns.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [sender]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    made: str = sns.create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    sns.subscribe(TopicArn=made, Protocol="sqs", Endpoint=arn["QueueArn"])

    def told(count: int) -> list[dict[str, Any]]:
        bodies: list[dict[str, Any]] = []
        limit = time.monotonic() + 10
        while len(bodies) < count and time.monotonic() < limit:
            bodies += taken(sqs, queue, wait_seconds=2)
        return [json.loads(body["Message"]) for body in bodies]

    return made, told


def test_a_long_text_is_spoken_by_a_task(
    ground_cloud: EmbeddedCloud, polly: Any, bucket: str, topic: Any
):
    """Its sound is in the bucket, and the topic is told."""
    arn, told = topic
    text = "Please hold the line. " * 60
    started = polly.start_speech_synthesis_task(
        Text=text, OutputS3BucketName=bucket, OutputS3KeyPrefix="a/b", SnsTopicArn=arn, **JOANNA
    )["SynthesisTask"]
    assert started["TaskStatus"] == "scheduled"
    task = finished(polly, started["TaskId"])
    key = f"a/b.{task['TaskId']}.mp3"
    assert task["OutputUri"].endswith(f"/{bucket}/{key}")
    made = ground_cloud.session().client("s3").get_object(Bucket=bucket, Key=key)
    assert made["ContentType"] == "audio/mpeg"
    assert soundfile.info(io.BytesIO(made["Body"].read())).duration > 60
    (message,) = told(1)
    assert (message["taskId"], message["taskStatus"]) == (task["TaskId"], "COMPLETED")
    listed = polly.list_speech_synthesis_tasks(Status="completed")["SynthesisTasks"]
    assert task["TaskId"] in [one["TaskId"] for one in listed]


@pytest.fixture
def faulty(ground_cloud: EmbeddedCloud) -> Iterator[None]:
    """Every task fails, and is told of twice."""
    ground_cloud.set_faults("polly", Faults(failed_jobs=1.0, repeated_news=1.0))
    yield
    ground_cloud.set_faults("polly", Faults())


@pytest.mark.usefixtures("faulty")
def test_a_task_can_be_made_to_fail(polly: Any, bucket: str, topic: Any):
    """With a reason, and news that come twice."""
    arn, told = topic
    started = polly.start_speech_synthesis_task(
        Text="Hi", OutputS3BucketName=bucket, SnsTopicArn=arn, **JOANNA
    )["SynthesisTask"]
    task = finished(polly, started["TaskId"])
    assert task["TaskStatus"] == "failed"
    assert task["TaskStatusReason"]
    assert [message["taskStatus"] for message in told(2)] == ["FAILED", "FAILED"]


def test_a_task_whose_bucket_is_gone_fails(polly: Any):
    """S3's answer is its reason."""
    started = polly.start_speech_synthesis_task(
        Text="Hi", OutputS3BucketName="no-such-bucket-here", **JOANNA
    )["SynthesisTask"]
    assert "NoSuchBucket" in finished(polly, started["TaskId"])["TaskStatusReason"]


def user(cloud: EmbeddedCloud, *statements: dict[str, Any]) -> Any:
    """A client of somebody who may do just that."""
    iam, name = cloud.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return cloud.session().client(
        "polly",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def test_a_task_writes_with_its_callers_rights(ground_cloud: EmbeddedCloud, bucket: str):
    """Who may not write to the bucket may start no task."""
    speak = {"Effect": "Allow", "Action": "polly:*", "Resource": "*"}
    write = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    request = {"Text": "Hi", "OutputS3BucketName": bucket, **JOANNA}
    nobody = user(ground_cloud, speak)
    assert refusal(nobody.start_speech_synthesis_task, **request) == "AccessDeniedException"
    writer = user(ground_cloud, speak, write)
    started = writer.start_speech_synthesis_task(**request)["SynthesisTask"]
    assert finished(writer, started["TaskId"])["TaskStatus"] == "completed"


def test_permission_is_asked_on_the_lexicon(ground_cloud: EmbeddedCloud):
    """By its name."""
    arn = f"arn:aws:polly:{ground_cloud.region}:{ground_cloud.account}:lexicon/mine"
    some = user(ground_cloud, {"Effect": "Allow", "Action": "polly:*", "Resource": arn})
    some.put_lexicon(Name="mine", Content=LEXICON)
    assert refusal(some.put_lexicon, Name="yours", Content=LEXICON) == "AccessDeniedException"
    some.delete_lexicon(Name="mine")
