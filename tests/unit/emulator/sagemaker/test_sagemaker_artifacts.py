"""Artifacts are read by the execution role."""

import asyncio
import io
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from emulator.sagemaker.artifacts import S3Artifacts, model_data_url
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant

TENANT = Tenant("123456789012", "eu-west-1")
ROLE = "arn:aws:iam::123456789012:role/exec"
URL = "s3://models/a/model.tar.gz"


class FakeS3:
    """An S3 client that holds one object, or fails with one code."""

    def __init__(self, content: bytes = b"tar", failure: str | None = None) -> None:
        self.content = content
        self.failure = failure
        self.asked: list[tuple[str, str]] = []

    def _ask(self, bucket: str, key: str) -> None:
        self.asked.append((bucket, key))
        if self.failure is not None:
            raise ClientError({"Error": {"Code": self.failure}}, "GetObject")

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - S3's names
        """HeadObject."""
        self._ask(Bucket, Key)
        return {}

    def list_objects_v2(
        self,
        *,
        Bucket: str,  # noqa: N803 - S3's names
        Prefix: str,  # noqa: N803
        MaxKeys: int,  # noqa: N803
    ) -> dict[str, Any]:
        """ListObjectsV2."""
        self._ask(Bucket, Prefix)
        return {"KeyCount": min(MaxKeys, int("a/model.tar.gz".startswith(Prefix)))}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - S3's names
        """GetObject."""
        self._ask(Bucket, Key)
        body = StreamingBody(io.BytesIO(self.content), len(self.content))
        return {"ETag": str(hash(self.content)), "Body": body}


def _artifacts(tmp_path: Any, s3: Any, *, trusted: bool = True) -> Any:
    return S3Artifacts(tmp_path, client_of=lambda _role, _region: s3, trusts=lambda _: trusted)


def test_fetch_copies_the_object(tmp_path: Any):
    """The local copy has the object's bytes and the name that containers expect."""
    path = asyncio.run(_artifacts(tmp_path, FakeS3(b"bytes")).fetch(TENANT, URL, ROLE))
    assert (path.name, path.read_bytes()) == ("model.tar.gz", b"bytes")


def test_unchanged_object_is_read_again_but_kept_once(tmp_path: Any):
    """A second fetch asks S3 as the role again and returns the same file."""
    s3 = FakeS3()
    store = _artifacts(tmp_path, s3)
    first = asyncio.run(store.fetch(TENANT, URL, ROLE))
    assert asyncio.run(store.fetch(TENANT, URL, ROLE)) == first
    assert s3.asked == [("models", "a/model.tar.gz")] * 2


def test_changed_object_gets_another_file(tmp_path: Any):
    """An overwritten artifact never changes the file that a running fleet was started from."""
    s3 = FakeS3(b"one")
    store = _artifacts(tmp_path, s3)
    first = asyncio.run(store.fetch(TENANT, URL, ROLE))
    s3.content = b"two"
    second = asyncio.run(store.fetch(TENANT, URL, ROLE))
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("404", f"Could not find model data at {URL}."),
        ("NoSuchBucket", f"Could not find model data at {URL}."),
        ("403", f"Could not access model data at {URL}."),
        ("AccessDenied", f"Could not access model data at {URL}."),
    ],
)
def test_failures_are_told_as_aws_tells_them(tmp_path: Any, code: Any, sentence: Any):
    """A missing object and a forbidden one have each AWS's own sentence."""
    with pytest.raises(SageMakerError) as caught:
        asyncio.run(_artifacts(tmp_path, FakeS3(failure=code)).check(TENANT, URL, ROLE))
    assert caught.value.message.startswith(sentence)


def test_a_prefix_with_something_below_it_is_found(tmp_path: Any):
    """It is listed, nothing is read."""
    s3 = FakeS3()
    asyncio.run(_artifacts(tmp_path, s3).check_prefix(TENANT, "s3://models/a/", ROLE))
    assert s3.asked == [("models", "a/")]


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (None, "Could not find model data at s3://models/b/."),
        ("NoSuchBucket", "Could not find model data at s3://models/b/."),
        ("AccessDenied", "Could not access model data at s3://models/b/."),
    ],
)
def test_a_prefix_that_cannot_be_used_is_told_as_aws_tells_it(
    tmp_path: Any, failure: Any, sentence: str
):
    """With nothing below it, without its bucket, without the right to list it."""
    store = _artifacts(tmp_path, FakeS3(failure=failure))
    with pytest.raises(SageMakerError) as caught:
        asyncio.run(store.check_prefix(TENANT, "s3://models/b/", ROLE))
    assert caught.value.message.startswith(sentence)


def test_a_key_may_have_any_character(tmp_path: Any):
    """What ends the path of other URLs is part of a key."""
    s3 = FakeS3()
    asyncio.run(_artifacts(tmp_path, s3).fetch(TENANT, "s3://models/a?b#c.tar.gz", ROLE))
    assert s3.asked == [("models", "a?b#c.tar.gz")]


def test_untrusting_role_reads_nothing(tmp_path: Any):
    """A role that SageMaker may not assume is refused before S3 is asked."""
    s3 = FakeS3()
    with pytest.raises(SageMakerError, match="sts:AssumeRole"):
        asyncio.run(_artifacts(tmp_path, s3, trusted=False).fetch(TENANT, URL, ROLE))
    assert s3.asked == []


def test_both_spellings_of_the_artifact_are_read():
    """ModelDataUrl and a gzipped ModelDataSource name the same thing."""
    source = {"S3Uri": URL, "S3DataType": "S3Object", "CompressionType": "Gzip"}
    assert model_data_url({"ModelDataUrl": URL}) == URL
    assert model_data_url({"ModelDataSource": {"S3DataSource": source}}) == URL
    assert model_data_url({"Image": "i"}) is None


def test_uncompressed_model_data_is_refused_by_name():
    """A folder as model data is not emulated and says so."""
    source = {"S3Uri": URL, "S3DataType": "S3Prefix", "CompressionType": "None"}
    with pytest.raises(SageMakerError) as caught:
        model_data_url({"ModelDataSource": {"S3DataSource": source}})
    assert caught.value.code == "NotEmulatedException"
