"""Output objects: whole or not at all."""

from typing import Any

import pytest

from emulator.sagemaker.transform.writing import PART_BYTES, OutputObject


class FakeS3:
    """Remembers what it was asked, and has what was completed."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.open: dict[int, bytes] = {}
        self.asked: list[dict[str, Any]] = []

    def put_object(self, **request: Any) -> None:
        """PutObject."""
        self.asked.append(request)
        self.objects[request["Key"]] = request["Body"]

    def create_multipart_upload(self, **request: Any) -> dict[str, Any]:
        """CreateMultipartUpload."""
        self.asked.append(request)
        return {"UploadId": "u"}

    def upload_part(self, **request: Any) -> dict[str, Any]:
        """UploadPart."""
        self.open[request["PartNumber"]] = request["Body"]
        return {"ETag": f"e{request['PartNumber']}"}

    def complete_multipart_upload(self, **request: Any) -> None:
        """CompleteMultipartUpload."""
        numbers = [part["PartNumber"] for part in request["MultipartUpload"]["Parts"]]
        self.objects[request["Key"]] = b"".join(self.open.pop(number) for number in numbers)

    def abort_multipart_upload(self, **_: Any) -> None:
        """AbortMultipartUpload."""
        self.open.clear()


@pytest.fixture
def s3() -> FakeS3:
    """An empty S3."""
    return FakeS3()


def written(s3: FakeS3, *pieces: bytes, key: str | None = None) -> OutputObject:
    """An output that was given the pieces, and uploaded parts as they were due."""
    output = OutputObject(s3, "b", "k", kms_key_id=key)
    for piece in pieces:
        if output.add(piece):
            output.flush()
    return output


def test_a_small_object_is_put_at_once(s3: FakeS3):
    """No upload is begun for it."""
    written(s3, b"a", b"b").close()
    assert s3.objects == {"k": b"ab"}
    assert len(s3.asked) == 1


def test_an_object_of_nothing_is_there(s3: FakeS3):
    """An empty input has an empty output."""
    written(s3).close()
    assert s3.objects == {"k": b""}


def test_a_large_object_is_whole_at_its_end(s3: FakeS3):
    """Parts in their order, the last one as small as it is; nothing is there before."""
    pieces = (b"x" * PART_BYTES, b"y" * (PART_BYTES + 1), b"z")
    output = written(s3, *pieces)
    assert s3.objects == {}
    output.close()
    assert s3.objects["k"] == b"".join(pieces)


def test_an_aborted_object_leaves_nothing(s3: FakeS3):
    """Neither an object nor parts that bill."""
    written(s3, b"x" * PART_BYTES, b"y").abort()
    assert (s3.objects, s3.open) == ({}, {})


def test_a_whole_object_is_not_aborted(s3: FakeS3):
    """Nor one that was never begun."""
    output = written(s3, b"x" * PART_BYTES)
    output.close()
    output.abort()
    written(s3, b"a").abort()
    assert list(s3.objects) == ["k"]


@pytest.mark.parametrize("pieces", [(b"a",), (b"x" * PART_BYTES,)])
def test_a_key_encrypts_the_object(s3: FakeS3, pieces: tuple[bytes, ...]):
    """KmsKeyId of the request, both ways of writing."""
    written(s3, *pieces, key="alias/k").close()
    assert s3.asked[0]["ServerSideEncryption"] == "aws:kms"
    assert s3.asked[0]["SSEKMSKeyId"] == "alias/k"
