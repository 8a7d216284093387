"""Captures in S3 and latencies in CloudWatch, as the task that joins pairs reads them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.aws import mocked_aws
from tests.botocore_model import watched_requests
from tidegate import latency
from tidegate.errors import InvalidValueError
from tidegate_aws import clients
from tidegate_aws.captures import S3Captures, may_hold
from tidegate_aws.model_latencies import CloudWatchModelLatencies

BUCKET, ENDPOINT = "captures", "demo-test-flights"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()


@dataclass
class Endpoint:
    """SageMaker as far as it says where captures go."""

    capture: Mapping[str, Any] | None

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """What the service answers of it."""
        assert EndpointName == ENDPOINT
        return {} if self.capture is None else {"DataCaptureConfig": self.capture}


CAPTURED = Endpoint({"EnableCapture": True, "DestinationS3Uri": f"s3://{BUCKET}/some/prefix"})


@pytest.fixture
def bucket() -> Iterator[None]:
    """An empty bucket; every request keeps AWS's own rules."""
    with mocked_aws(), watched_requests() as requests:
        clients.s3().create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield
    assert requests.faults == []


def line(name: str, at: float) -> str:
    """A line of a capture file."""
    half = {"mode": "INPUT", "encoding": "JSON", "data": "{}"}
    told = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    event = {"eventId": "e", "inferenceId": name, "inferenceTime": told}
    data = {"endpointInput": half, "endpointOutput": half}
    return json.dumps({"captureData": data, "eventMetadata": event})


def put(slot: str, at: float, *lines: str) -> None:
    """An object of captures, written at a moment."""
    moment = datetime.fromtimestamp(at, UTC)
    folder = f"some/prefix/{ENDPOINT}/{slot}/{moment:%Y/%m/%d/%H}"
    body = "\n".join((*lines, "", "damaged")).encode()
    clients.s3().put_object(Bucket=BUCKET, Key=f"{folder}/{moment:%M-%S}-000-x.jsonl", Body=body)


def read(endpoint: Endpoint, slot: str, first: float, last: float) -> list[str]:
    """The ids of what is read."""
    captures = S3Captures(sagemaker=endpoint, s3=clients.s3())  # type: ignore[arg-type]
    found = captures.read(ENDPOINT, slot, first=first, last=last)
    return sorted(one.inference_id for one in found)


@pytest.mark.usefixtures("bucket")
def test_captures_of_a_variant_are_read_across_the_hour() -> None:
    """Only those of the asked time, and of the variant, whatever damaged lines stand beside."""
    put("blue", NOON - 10, line("before", NOON - 300), line("a", NOON - 20))
    put("blue", NOON + 40, line("b", NOON + 30), line("after", NOON + 90))
    put("green", NOON + 40, line("c", NOON + 30))
    assert read(CAPTURED, "blue", NOON - 60, NOON + 60) == ["a", "b"]
    assert read(CAPTURED, "green", NOON - 60, NOON + 60) == ["c"]


@pytest.mark.parametrize("capture", [None, {"EnableCapture": False, "DestinationS3Uri": "s3://x"}])
@pytest.mark.usefixtures("bucket")
def test_an_endpoint_that_captures_nothing_is_a_fault(capture: Mapping[str, Any] | None) -> None:
    """It is said, and not taken for a candidate that answers nothing."""
    with pytest.raises(InvalidValueError, match=r"captures nothing.*data_capture of 100 percent"):
        read(Endpoint(capture), "blue", NOON, NOON + 60)


@pytest.mark.parametrize(
    ("name", "first", "held"),
    [
        ("30-00-000-x.jsonl", NOON + 1_800, True),
        ("10-00-000-x.jsonl", NOON + 1_800, True),  # may be written after the hour's end
        ("16-00-000-x.jsonl", NOON + 1_800, True),
        ("16-00-000-x.jsonl", NOON + 1_900, False),
        ("anything", NOON + 3_500, True),
    ],
)
def test_objects_written_long_before_are_left_out(name: str, first: float, *, held: bool) -> None:
    """A quarter of an hour of doubt is allowed for, and names of another kind are read."""
    assert may_hold(f"a/b/{name}", hour=NOON, first=first) is held


@dataclass
class Metric:
    """CloudWatch, knowing some values of one metric by minute."""

    values: Mapping[int, Sequence[float]]

    def get_paginator(self, name: str) -> "Metric":
        """The only operation that is asked for."""
        assert name == "get_metric_data"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """An answer for each query, with the minutes that have values."""
        results = []
        for query in request["MetricDataQueries"]:
            series = {m: self._statistic(query["MetricStat"]["Stat"], m) for m in self.values}
            results.append(
                {
                    "Id": query["Id"],
                    "Timestamps": [datetime.fromtimestamp(60 * m, UTC) for m in series],
                    "Values": list(series.values()),
                }
            )
        yield {"MetricDataResults": results[:1]}
        yield {"MetricDataResults": results[1:]}

    def _statistic(self, name: str, minute: int) -> float:
        values = self.values[minute]
        if name in {"Minimum", "Maximum"}:
            return min(values) if name == "Minimum" else max(values)
        low, high = name.removeprefix("TC(").removesuffix(")").split(":")
        above = float(low) if low else float("-inf")
        through = float(high) if high else float("inf")
        return float(sum(above < value <= through for value in values))


def histogram(microseconds: Sequence[float]) -> dict[int, int]:
    """The buckets of these values."""
    found: dict[int, int] = {}
    for value in microseconds:
        bucket = latency.bucket_of(value / 1_000)
        found[bucket] = found.get(bucket, 0) + 1
    return found


@pytest.mark.parametrize(
    "values",
    [
        {7: [900.0, 1_100.0, 1_100.0, 45_000.0]},
        {7: [1.0, 2.0], 9: [200_000_000.0]},
        {7: [250.0, 250.001, 297.3]},
    ],
)
def test_latencies_are_counted_as_the_request_log_would_count_them(
    values: Mapping[int, Sequence[float]],
) -> None:
    """Every value is in exactly one bucket, from the lowest to the one without an upper bound."""
    adapter = CloudWatchModelLatencies(client=Metric(values))  # type: ignore[arg-type]
    found = adapter.read(ENDPOINT, "green", from_interval=7, through=9)
    assert found == {minute: histogram(each) for minute, each in values.items()}


def test_a_variant_that_answered_nothing_has_no_latencies() -> None:
    """Nothing is known, which is not the same as fast."""
    adapter = CloudWatchModelLatencies(client=Metric({}))  # type: ignore[arg-type]
    assert adapter.read(ENDPOINT, "green", from_interval=7, through=9) == {}
