"""Transcribe of the embedded cloud, as a client with boto3 sees it."""

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pysubs2
import pytest
import soundfile
from botocore.exceptions import ClientError

from emulator.ai.control import FaultControlError
from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.emulated_queues import taken

TEXT = "Welcome to the talk. Today we release a model."


@dataclass(frozen=True, kw_only=True)
class Studio:
    """Clients, a bucket and a file of speech in it."""

    transcribe: Any
    s3: Any
    bucket: str

    def put(self, key: str, sound: bytes) -> str:
        """The URI of the file."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=sound)
        return f"s3://{self.bucket}/{key}"

    def start(self, uri: str, **request: Any) -> str:
        """A job has been started; its name."""
        name = f"job-{uuid.uuid4().hex[:8]}"
        chosen = {} if "IdentifyLanguage" in request else {"LanguageCode": "en-US"}
        self.transcribe.start_transcription_job(
            TranscriptionJobName=name,
            Media={"MediaFileUri": uri},
            OutputBucketName=self.bucket,
            **{**chosen, **request},
        )
        return name

    def ended(self, name: str) -> dict[str, Any]:
        """The job when it has ended, which is soon on the cloud's clock."""
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            answer = self.transcribe.get_transcription_job(TranscriptionJobName=name)
            job: dict[str, Any] = answer["TranscriptionJob"]
            if job["TranscriptionJobStatus"] in {"COMPLETED", "FAILED"}:
                return job
        raise AssertionError(f"the job {name} does not end")

    def results(self, key: str) -> dict[str, Any]:
        """The results in a transcript."""
        document = json.loads(self.text(key))
        assert document["status"] == "COMPLETED"
        results: dict[str, Any] = document["results"]
        return results

    def text(self, key: str) -> str:
        """An object's text."""
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body.decode()


@pytest.fixture(scope="module")
def studio(ground_cloud: EmbeddedCloud) -> Studio:
    """Of the administrator."""
    session = ground_cloud.session()
    bucket = f"talks-{uuid.uuid4().hex[:8]}"
    session.client("s3").create_bucket(Bucket=bucket)
    return Studio(transcribe=session.client("transcribe"), s3=session.client("s3"), bucket=bucket)


@pytest.fixture(scope="module")
def talk(ground_cloud: EmbeddedCloud, studio: Studio) -> str:
    """A file that the emulated Polly spoke."""
    polly = ground_cloud.session().client("polly")
    answer = polly.synthesize_speech(Text=TEXT, VoiceId="Joanna", OutputFormat="mp3")
    return studio.put("in/talk.mp3", answer["AudioStream"].read())


def wave(seconds: float = 4.0) -> bytes:
    """A file of sound in which nothing is said."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(int(8_000 * seconds), np.int16), 8_000, format="WAV")
    return buffer.getvalue()


def test_what_polly_spoke_is_heard_again(studio: Studio, talk: str):
    """With subtitles that another program reads, beside the transcript."""
    name = studio.start(
        talk,
        OutputKey="out/",
        Subtitles={"Formats": ["vtt", "srt"], "OutputStartIndex": 1},
    )
    job = studio.ended(name)
    assert job["TranscriptionJobStatus"] == "COMPLETED"
    assert (job["MediaFormat"], job["MediaSampleRateHertz"]) == ("mp3", 22_050)
    assert job["Transcript"]["TranscriptFileUri"].endswith(f"/{studio.bucket}/out/{name}.json")
    assert studio.results(f"out/{name}.json")["transcripts"] == [{"transcript": TEXT}]
    for suffix in ("vtt", "srt"):
        read = pysubs2.SSAFile.from_string(studio.text(f"out/{name}.{suffix}"), format_=suffix)
        assert " ".join(event.plaintext for event in read) == TEXT
    assert len(job["Subtitles"]["SubtitleFileUris"]) == 2


RECORDED = {
    "language": "de-DE",
    "segments": [
        {"speaker": "Anna", "start": 0.0, "end": 2.0, "text": "Guten Tag."},
        {"speaker": "Bert", "start": 2.0, "end": 4.0, "text": "Verdammt guten Tag!"},
    ],
}


@pytest.fixture(scope="module")
def interview(ground_cloud: EmbeddedCloud, studio: Studio) -> str:
    """A file with a recorded transcript."""
    ground_cloud.record_answer("transcribe", wave(), RECORDED)
    return studio.put("in/interview.wav", wave())


def test_language_and_speakers_are_found(studio: Studio, interview: str):
    """In what was recorded for the file."""
    name = studio.start(
        interview,
        IdentifyLanguage=True,
        LanguageOptions=["en-US", "de-DE"],
        Settings={"ShowSpeakerLabels": True, "MaxSpeakerLabels": 4},
    )
    job = studio.ended(name)
    assert (job["LanguageCode"], job["IdentifiedLanguageScore"]) == ("de-DE", 1.0)
    found = studio.results(f"{name}.json")
    assert found["speaker_labels"]["speakers"] == 2
    assert found["language_identification"][0]["code"] == "de-DE"


def test_vocabulary_and_filter_change_the_transcript(
    ground_cloud: EmbeddedCloud, studio: Studio, interview: str
):
    """Once the vocabulary is ready."""
    transcribe = studio.transcribe
    transcribe.create_vocabulary(VocabularyName="v", LanguageCode="de-DE", Phrases=["TAG"])
    transcribe.create_vocabulary_filter(
        VocabularyFilterName="f", LanguageCode="de-DE", Words=["verdammt"]
    )
    limit = time.monotonic() + 20
    while transcribe.get_vocabulary(VocabularyName="v")["VocabularyState"] == "PENDING":
        assert time.monotonic() < limit
    name = studio.start(
        interview,
        LanguageCode="de-DE",
        Settings={
            "VocabularyName": "v",
            "VocabularyFilterName": "f",
            "VocabularyFilterMethod": "mask",
        },
    )
    studio.ended(name)
    text = studio.results(f"{name}.json")["transcripts"][0]["transcript"]
    assert text == "Guten TAG. *** guten TAG!"
    assert ground_cloud.faults("transcribe")["jobs"] > 0
    assert refusal(studio.start, interview, Settings={"VocabularyName": "v"}) == (
        "BadRequestException"
    )
    transcribe.delete_vocabulary(VocabularyName="v")
    transcribe.delete_vocabulary_filter(VocabularyFilterName="f")
    assert transcribe.list_vocabularies()["Vocabularies"] == []


def refusal(call: Callable[..., Any], *given: Any, **request: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(*given, **request)
    code: str = caught.value.response["Error"]["Code"]
    return code


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"LanguageCode": "fr-FR"}, "The speech is in de-DE, the request says fr-FR"),
        ({"MediaFormat": "flac", "LanguageCode": "de-DE"}, "does not match the detected media"),
        ({"MediaSampleRateHertz": 16_000, "LanguageCode": "de-DE"}, "detected sample rate"),
    ],
)
def test_a_job_that_does_not_fit_its_file_fails(
    studio: Studio, interview: str, request_: dict[str, Any], reason: str
):
    """With the reason."""
    job = studio.ended(studio.start(interview, **request_))
    assert job["TranscriptionJobStatus"] == "FAILED"
    assert reason in job["FailureReason"]


def test_a_name_is_a_job(studio: Studio, talk: str):
    """Until it is deleted."""
    name = studio.start(talk)
    again = {"TranscriptionJobName": name, "Media": {"MediaFileUri": talk}}
    other = {"LanguageCode": "en-US", "OutputBucketName": studio.bucket}
    start = studio.transcribe.start_transcription_job
    assert refusal(start, **again, **other) == "ConflictException"
    listed = studio.transcribe.list_transcription_jobs(JobNameContains=name)
    assert [job["TranscriptionJobName"] for job in listed["TranscriptionJobSummaries"]] == [name]
    studio.transcribe.delete_transcription_job(TranscriptionJobName=name)
    get = studio.transcribe.get_transcription_job
    assert refusal(get, TranscriptionJobName=name) == "NotFoundException"


def test_what_cannot_be_read_or_written_is_refused(studio: Studio, talk: str):
    """Before there is a job."""
    gone = f"s3://{studio.bucket}/in/none.mp3"
    assert refusal(studio.start, gone) == "BadRequestException"
    start = studio.transcribe.start_transcription_job
    request = {"Media": {"MediaFileUri": talk}, "LanguageCode": "en-US"}
    other = {"TranscriptionJobName": "x", "OutputBucketName": "no-such-bucket-here"}
    assert refusal(start, **request, **other) == "BadRequestException"
    assert refusal(start, **request, TranscriptionJobName="x") == "NotEmulatedException"
    assert refusal(start, **request, TranscriptionJobName="a b") == "BadRequestException"


@pytest.fixture
def faulty(ground_cloud: EmbeddedCloud) -> Iterator[None]:
    """Every job is told of twice."""
    ground_cloud.set_faults("transcribe", Faults(repeated_news=1.0))
    yield
    ground_cloud.set_faults("transcribe", Faults())


@pytest.mark.usefixtures("faulty")
def test_an_event_tells_of_the_end(ground_cloud: EmbeddedCloud, studio: Studio, talk: str):
    """Of AWS's shape, twice if the faults say so."""
    session = ground_cloud.session()
    sqs, events = session.client("sqs"), session.client("events")
    queue = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn["QueueArn"]}
    sender = {**statement, "Principal": {"Service": "events.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [sender]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    rule = f"r-{uuid.uuid4().hex[:8]}"
    pattern = {"source": ["aws.transcribe"], "detail-type": ["Transcribe Job State Change"]}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": arn["QueueArn"]}])
    name = studio.start(talk)
    told: list[dict[str, Any]] = []
    limit = time.monotonic() + 15
    while len(told) < 2 and time.monotonic() < limit:
        told += taken(sqs, queue, wait_seconds=2)
    details = [event["detail"] for event in told]
    expected = {"TranscriptionJobName": name, "TranscriptionJobStatus": "COMPLETED"}
    assert details == [expected, expected]


def test_a_job_works_with_its_callers_rights(
    ground_cloud: EmbeddedCloud, studio: Studio, talk: str
):
    """Who may not read the file may not have it transcribed."""
    iam, name = ground_cloud.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    out = f"arn:aws:s3:::{studio.bucket}/out/*"
    statements = [
        {"Effect": "Allow", "Action": "transcribe:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": out},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = ground_cloud.session().client(
        "transcribe",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    request = {
        "TranscriptionJobName": f"job-{uuid.uuid4().hex[:8]}",
        "Media": {"MediaFileUri": talk},
        "LanguageCode": "en-US",
        "OutputBucketName": studio.bucket,
        "OutputKey": "out/",
    }
    assert refusal(user.start_transcription_job, **request) == "BadRequestException"


def test_a_recording_that_is_no_transcript_is_refused(ground_cloud: EmbeddedCloud):
    """As is one of a service that takes none."""
    with pytest.raises(FaultControlError, match="segments is a list"):
        ground_cloud.record_answer("transcribe", b"x", {"language": "en-US"})
    with pytest.raises(FaultControlError, match=r"services are .*transcribe"):
        ground_cloud.record_answer("polly", b"x", {})
