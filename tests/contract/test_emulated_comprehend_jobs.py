"""Detection jobs of Comprehend in the embedded cloud, as a client with boto3 sees them."""

import io
import json
import tarfile
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud

POSTS = "I love it, really!\nThis is awful and I hate it.\n"


@pytest.fixture(scope="module")
def comprehend(ground_cloud: EmbeddedCloud) -> Any:
    """A client of the administrator."""
    return ground_cloud.session().client("comprehend")


@pytest.fixture(scope="module")
def bucket(ground_cloud: EmbeddedCloud) -> str:
    """With a file of posts, and one of personal data."""
    s3, name = ground_cloud.session().client("s3"), f"jobs-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="in/posts.txt", Body=POSTS.encode())
    s3.put_object(Bucket=name, Key="personal/mail.txt", Body=b"Write to ann@example.com")
    return name


@pytest.fixture(scope="module")
def role(make_role: Callable[..., str], bucket: str) -> str:
    """One that Comprehend may take, and that may do with the bucket what a job does."""
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return make_role("comprehend", "s3:GetObject", "s3:PutObject", "s3:ListBucket", on=resources)


def request(bucket: str, role: str, folder: str = "in", **changes: Any) -> dict[str, Any]:
    """A job about the files of a folder."""
    return {
        "InputDataConfig": {"S3Uri": f"s3://{bucket}/{folder}/"},
        "OutputDataConfig": {"S3Uri": f"s3://{bucket}/out"},
        "DataAccessRoleArn": role,
        "LanguageCode": "en",
        "ClientRequestToken": uuid.uuid4().hex,
        **changes,
    }


def ended(describe: Callable[..., Any], job_id: str) -> dict[str, Any]:
    """The job's properties when it has ended, which is soon on the cloud's clock."""
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        answer = describe(JobId=job_id)
        (job,) = (value for name, value in answer.items() if name.endswith("Properties"))
        if "EndTime" in job:
            return dict(job)
    raise AssertionError(f"the job {job_id} does not end")


def read(cloud: EmbeddedCloud, uri: str) -> bytes:
    """An object's content."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body: bytes = cloud.session().client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def test_a_job_judges_each_line_of_a_file(
    ground_cloud: EmbeddedCloud, comprehend: Any, bucket: str, role: str
):
    """As its role; the output is an archive of JSON Lines, and a token starts one job."""
    given = request(bucket, role)
    started = comprehend.start_sentiment_detection_job(**given)
    assert comprehend.start_sentiment_detection_job(**given)["JobId"] == started["JobId"]
    job = ended(comprehend.describe_sentiment_detection_job, started["JobId"])
    assert (job["JobStatus"], job["JobArn"]) == ("COMPLETED", started["JobArn"])
    archive = io.BytesIO(read(ground_cloud, job["OutputDataConfig"]["S3Uri"]))
    with tarfile.open(fileobj=archive) as opened:
        member = opened.extractfile("output")
        assert member is not None
        rows = [json.loads(line) for line in member.read().splitlines()]
    assert [(row["File"], row["Line"], row["Sentiment"]) for row in rows] == [
        ("posts.txt", 0, "POSITIVE"),
        ("posts.txt", 1, "NEGATIVE"),
    ]
    listed = comprehend.list_sentiment_detection_jobs(Filter={"JobStatus": "COMPLETED"})
    ids = [one["JobId"] for one in listed["SentimentDetectionJobPropertiesList"]]
    assert started["JobId"] in ids


def test_a_job_finds_personal_data_in_each_file(
    ground_cloud: EmbeddedCloud, comprehend: Any, bucket: str, role: str
):
    """By its offsets, in a file beside each one's name."""
    given = request(bucket, role, "personal", Mode="ONLY_OFFSETS")
    started = comprehend.start_pii_entities_detection_job(**given)
    job = ended(comprehend.describe_pii_entities_detection_job, started["JobId"])
    content = read(ground_cloud, f"{job['OutputDataConfig']['S3Uri']}/mail.txt.out")
    (entity,) = json.loads(content)["Entities"]
    assert (entity["Type"], entity["BeginOffset"], entity["EndOffset"]) == ("EMAIL", 9, 24)


def refusal(call: Callable[..., Any], **given: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_a_job_that_cannot_be_done_is_refused_or_fails(comprehend: Any, bucket: str, role: str):
    """Before there is one, or with its reason."""
    start = comprehend.start_sentiment_detection_job
    other = role.replace("role/role-", "role/none-")
    assert refusal(start, **request(bucket, other)) == "InvalidRequestException"
    french = request(bucket, role, LanguageCode="fr")
    assert refusal(start, **french) == "NotEmulatedException"
    describe = comprehend.describe_sentiment_detection_job
    assert refusal(describe, JobId="0" * 32) == "JobNotFoundException"
    empty = start(**request(bucket, role, "nothing-here"))
    job = ended(describe, empty["JobId"])
    assert (job["JobStatus"], job["Message"]) == (
        "FAILED",
        "No documents were found in the input",
    )
