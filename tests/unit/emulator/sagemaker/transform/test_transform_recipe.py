"""What a request asks for, and what is refused at the door."""

from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.transform.recipe import (
    Assembly,
    Compression,
    Recipe,
    Split,
    Strategy,
    recipe_of,
)


def request(**members: Any) -> dict[str, Any]:
    """A request that gives only what is required; `source`, `given`, `wanted` go inside."""
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in/", **members.pop("source", {})}
    return {
        "TransformJobName": "j",
        "ModelName": "m",
        "TransformInput": {"DataSource": {"S3DataSource": source}, **members.pop("given", {})},
        "TransformOutput": {"S3OutputPath": "s3://b/out", **members.pop("wanted", {})},
        "TransformResources": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": members.pop("count", 1),
        },
        **members,
    }


def recipe(**members: Any) -> Recipe:
    """Its recipe."""
    return recipe_of(request(**members))


def refusal(**members: Any) -> tuple[str, str]:
    """Code and sentence of its refusal."""
    with pytest.raises(SageMakerError) as caught:
        recipe(**members)
    return caught.value.code, caught.value.message


CSV: dict[str, Any] = {
    "given": {"ContentType": "text/csv", "SplitType": "Line"},
    "wanted": {"Accept": "text/csv", "AssembleWith": "Line"},
}


def test_what_is_not_said_has_the_documented_default():
    """6 MB, one request at a time, 600 seconds, three retries, nothing split or joined."""
    made = recipe()
    assert made.max_payload_bytes == 6 * 1024 * 1024
    assert (made.concurrency, made.timeout_seconds, made.retries) == (1, 600.0, 3)
    assert (made.compression, made.split) == (Compression.NONE, Split.NONE)
    assert (made.strategy, made.assembly) == (Strategy.MULTI, Assembly.NONE)
    assert (made.processing, made.headers) == (None, {})
    assert made.summary == "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"


def test_what_is_said_is_done():
    """Every member that has an effect reaches the recipe; zero retries are zero."""
    made = recipe(
        **CSV,
        MaxConcurrentTransforms=4,
        MaxPayloadInMB=1,
        BatchStrategy="SingleRecord",
        ModelClientConfig={"InvocationsTimeoutInSeconds": 7, "InvocationsMaxRetries": 0},
        count=3,
    )
    assert (made.concurrency, made.instance_count) == (4, 3)
    assert (made.timeout_seconds, made.retries) == (7.0, 0)
    assert (made.split, made.strategy, made.assembly) == ("Line", "SingleRecord", "Line")
    assert made.headers == {"Content-Type": "text/csv", "Accept": "text/csv"}


def test_the_container_is_told_what_the_request_says():
    """SAGEMAKER_BATCH always; the three others only where the request sets them."""
    assert recipe().environment == {"SAGEMAKER_BATCH": "true"}
    assert recipe(
        **CSV,
        Environment={"A": "1"},
        MaxConcurrentTransforms=2,
        MaxPayloadInMB=5,
        BatchStrategy="SingleRecord",
    ).environment == {
        "A": "1",
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "2",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "5",
        "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
    }


def test_no_concurrency_is_said_with_zero():
    """0 means unset: one request at a time, and no variable."""
    made = recipe(MaxConcurrentTransforms=0)
    assert made.concurrency == 1
    assert "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS" not in made.environment


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"MaxPayloadInMB": 101}, "MaxPayloadInMB is at most 100, got 101"),
        ({"MaxPayloadInMB": 51, "MaxConcurrentTransforms": 2}, "at most 100, got 2 * 51"),
        ({"MaxConcurrentTransforms": 17}, "at most 100, got 17 * 6"),
        ({"count": 101}, "InstanceCount is at most 100, got 101"),
        ({"BatchStrategy": "SingleRecord"}, "needs a SplitType, got None"),
        ({"DataProcessing": {"InputFilter": "$.x"}}, "needs a ContentType of text/csv"),
        ({"DataProcessing": {"OutputFilter": "$[0]"}, **CSV, "wanted": {}}, "needs a Accept of"),
        ({"DataProcessing": {"InputFilter": "$.x"}, **CSV}, "rows of CSV have no names"),
        ({"DataProcessing": {"InputFilter": "$..x"}, **CSV}, "InputFilter: '..x' of '$..x'"),
        (
            {
                "DataProcessing": {"JoinSource": "Input"},
                **CSV,
                "wanted": {"Accept": "application/json"},
            },
            "JoinSource Input needs one format",
        ),
    ],
)
def test_what_aws_forbids_is_refused(members: dict[str, Any], words: str):
    """With the value and what is allowed."""
    code, message = refusal(**members)
    assert code == "ValidationException"
    assert words in message


def test_all_faults_are_told_at_once():
    """Not one a try."""
    _, message = refusal(MaxPayloadInMB=200, count=200, BatchStrategy="SingleRecord")
    assert message.count(";") == 2


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"given": {"SplitType": "RecordIO"}}, "SplitType RecordIO (here: None, Line)"),
        ({"given": {"SplitType": "TFRecord"}}, "SplitType TFRecord (here: None, Line)"),
        ({"source": {"S3DataType": "AugmentedManifestFile"}}, "(here: S3Prefix, ManifestFile)"),
        ({"source": {"S3Uri": "https://b/in"}}, "data outside s3:// (got https://b/in)"),
        ({"MaxPayloadInMB": 0}, "MaxPayloadInMB 0"),
        ({"DataCaptureConfig": {"DestinationS3Uri": "s3://b/c"}}, "DataCaptureConfig"),
    ],
)
def test_what_only_aws_does_is_refused_by_name(members: dict[str, Any], words: str):
    """With a code that AWS never sends."""
    code, message = refusal(**members)
    assert code == "NotEmulatedException"
    assert words in message


def test_a_processing_that_keeps_everything_is_none():
    """`$`, `$` and None cost nothing, whatever the format."""
    kept = {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    assert recipe(DataProcessing=kept, given={"ContentType": "image/png"}).processing is None


def test_media_types_may_have_parameters():
    """`text/csv; label_size=0` is CSV."""
    given = {"ContentType": "Text/CSV; label_size=0", "SplitType": "Line"}
    assert recipe(DataProcessing={"InputFilter": "$[1:]"}, given=given).processing is not None
