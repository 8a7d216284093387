"""A bucket is emptied whole, in thousands, and says what is left."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws import mocked_aws
from tests.botocore_model import watched_requests
from tidegate_aws import clients
from tidegate_aws.buckets import BucketNotEmptyError, S3Bucket

BUCKET = "captures"


@pytest.fixture
def bucket() -> Iterator[S3Bucket]:
    """A bucket of two objects; every request keeps AWS's own rules."""
    with mocked_aws(), watched_requests() as requests:
        s3 = clients.s3()
        where: Any = {"LocationConstraint": "eu-west-1"}
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        for key in ("a", "b/c"):
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
        yield S3Bucket(client=s3, name=BUCKET)
    assert requests.faults == []


def test_everything_is_deleted(bucket: S3Bucket):
    """And once more, nothing is."""
    assert bucket.empty(out_of_time=lambda: False) == 2
    assert bucket.empty(out_of_time=lambda: True) == 0
    assert "Contents" not in bucket.client.list_objects_v2(Bucket=BUCKET)


def test_time_that_runs_out_is_said(bucket: S3Bucket):
    """What is left is left for the next run."""
    with pytest.raises(BucketNotEmptyError, match="delete the stack again"):
        bucket.empty(out_of_time=lambda: True)


def test_missing_bucket_is_empty(bucket: S3Bucket):
    """Somebody was faster."""
    gone = S3Bucket(client=bucket.client, name="never-there")

    assert gone.empty(out_of_time=lambda: False) == 0


class _Stubborn:
    """A client whose objects stay."""

    def list_objects_v2(self, **_: Any) -> dict[str, Any]:
        return {"Contents": [{"Key": "a"}]}

    def delete_objects(self, **_: Any) -> dict[str, Any]:
        return {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]}


def test_object_that_stays_is_named():
    """S3 answers 200 and lists what it did not delete."""
    with pytest.raises(BucketNotEmptyError, match="such as a: AccessDenied no"):
        S3Bucket(client=_Stubborn(), name=BUCKET).empty(out_of_time=lambda: False)
