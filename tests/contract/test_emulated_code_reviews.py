"""CodeGuru Reviewer of the embedded cloud, as a client with boto3 sees it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.emulated_pipelines import zipped
from tests.polling import until

BAD = "import subprocess\n\n\ndef run(text):\n    subprocess.call(text, shell=True)\n"


@pytest.fixture(scope="module")
def reviewer(ground_cloud: EmbeddedCloud) -> Any:
    """A client of the administrator."""
    return ground_cloud.session().client("codeguru-reviewer")


@pytest.fixture(scope="module")
def bucket(ground_cloud: EmbeddedCloud) -> str:
    """A bucket of the name that is needed, with an archive of source code."""
    name = f"codeguru-reviewer-{uuid.uuid4().hex[:8]}"
    s3 = ground_cloud.session().client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="source.zip", Body=zipped({"src/run.py": BAD, "a.txt": "x"}))
    s3.put_object(Bucket=name, Key="broken.zip", Body=b"no archive")
    return name


@pytest.fixture(scope="module")
def association(reviewer: Any, bucket: str) -> str:
    """The bucket is associated; the ARN."""
    repository = {"S3Bucket": {"Name": "flights", "BucketName": bucket}}
    made = reviewer.associate_repository(Repository=repository)["RepositoryAssociation"]
    arn = str(made["AssociationArn"])

    def state() -> bool:
        found = reviewer.describe_repository_association(AssociationArn=arn)
        return bool(found["RepositoryAssociation"]["State"] == "Associated")

    until(state, seconds=20, what="the association")
    return arn


def source(bucket: str, key: str) -> dict[str, Any]:
    """The type of a review of an archive."""
    details = {"BucketName": bucket, "CodeArtifacts": {"SourceCodeArtifactsObjectKey": key}}
    repository = {"Name": "flights", "Details": details}
    return {"RepositoryAnalysis": {"SourceCodeType": {"S3BucketRepository": repository}}}


def reviewed(reviewer: Any, arn: str, **type_: Any) -> dict[str, Any]:
    """The review once it has ended."""
    made = reviewer.create_code_review(
        Name=f"review-{uuid.uuid4().hex[:8]}", RepositoryAssociationArn=arn, Type=type_
    )["CodeReview"]

    def ended() -> dict[str, Any] | None:
        answer = reviewer.describe_code_review(CodeReviewArn=made["CodeReviewArn"])
        found: dict[str, Any] = answer["CodeReview"]
        return None if found["State"] == "Pending" else found

    return until(ended, seconds=60, what="the end of the review")


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_a_review_recommends_what_analysers_found(reviewer: Any, association: str, bucket: str):
    """With file, lines and severity; the answer names the analysers."""
    review = reviewed(reviewer, association, **source(bucket, "source.zip"))
    assert (review["State"], review["Metrics"]["MeteredLinesOfCodeCount"]) == ("Completed", 5)
    answer = reviewer.list_recommendations(CodeReviewArn=review["CodeReviewArn"])
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulated-engine"] == "ruff+bandit"
    worst = answer["RecommendationSummaries"][0]
    assert (worst["FilePath"], worst["StartLine"]) == ("src/run.py", 5)
    assert (worst["Severity"], worst["RecommendationCategory"]) == ("High", "SecurityIssues")
    listed = reviewer.list_code_reviews(Type="RepositoryAnalysis")["CodeReviewSummaries"]
    assert review["Name"] in [each["Name"] for each in listed]


@pytest.mark.accept
def test_an_archive_that_is_none_fails_the_review(reviewer: Any, association: str, bucket: str):
    """And one that is missing; each says why."""
    broken = reviewed(reviewer, association, **source(bucket, "broken.zip"))
    missing = reviewed(reviewer, association, **source(bucket, "missing.zip"))
    assert (broken["State"], missing["State"]) == ("Failed", "Failed")
    assert "archive could not be read" in broken["StateReason"]
    assert "NoSuchKey" in missing["StateReason"]


def test_what_is_not_associated_is_refused(reviewer: Any, association: str, bucket: str):
    """Other names of buckets, a second association, unknown ARNs, other kinds of sources."""
    other = {"S3Bucket": {"Name": "other", "BucketName": "another-bucket"}}
    assert refusal(reviewer.associate_repository, Repository=other) == "ValidationException"
    twice = {"S3Bucket": {"Name": "flights", "BucketName": bucket}}
    assert refusal(reviewer.associate_repository, Repository=twice) == "ConflictException"
    unknown = f"{association[:-36]}{uuid.uuid4()}"
    asked = {"Name": "r", "Type": source(bucket, "source.zip")}
    code = refusal(reviewer.create_code_review, RepositoryAssociationArn=unknown, **asked)
    assert code == "NotFoundException"
    head = {"RepositoryAnalysis": {"RepositoryHead": {"BranchName": "main"}}}
    code = refusal(
        reviewer.create_code_review, Name="r", RepositoryAssociationArn=association, Type=head
    )
    assert code == "NotEmulatedException"
