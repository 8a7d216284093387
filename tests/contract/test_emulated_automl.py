"""AutoML jobs for time series as a client with boto3 sees them: embedded cloud, real models."""

import csv
import io
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.polling import until

MONTHS = 48
SERIES = {
    "TargetAttributeName": "sold",
    "TimestampAttributeName": "month",
    "ItemIdentifierAttributeName": "colour",
}
pytestmark = pytest.mark.accept  # the engine takes seconds, a model's container some more


def sold(colour: str, month: int) -> float:
    """How many shirts of a colour are sold in a month: red in December, blue in June."""
    peak = {"red": 11, "blue": 5}[colour]
    return round(100 + month + 60 * math.cos(2 * math.pi * (month - peak) / 12), 2)


def history() -> bytes:
    """Four years of both colours."""
    rows = [
        f"{colour},{2022 + month // 12}-{month % 12 + 1:02d}-01 00:00:00,{sold(colour, month)}"
        for colour in ("red", "blue")
        for month in range(MONTHS)
    ]
    return "\n".join(["colour,month,sold", *rows]).encode()


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A bucket with the history, and a role that may read and write it."""

    cloud: EmbeddedCloud
    bucket: str
    role: str

    def client(self, service: str = "sagemaker") -> Any:
        """A client of the administrator."""
        return self.cloud.session().client(service)

    def request(self, **changes: Any) -> dict[str, Any]:
        """A job of that history."""
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/history/"}
        config = {
            "ForecastFrequency": "M",
            "ForecastHorizon": 12,
            "TimeSeriesConfig": SERIES,
            **changes,
        }
        return {
            "AutoMLJobName": f"shirts-{uuid.uuid4().hex[:8]}",
            "AutoMLJobInputDataConfig": [
                {
                    "ChannelType": "training",
                    "ContentType": "text/csv;header=present",
                    "DataSource": {"S3DataSource": source},
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/out"},
            "AutoMLProblemTypeConfig": {"TimeSeriesForecastingJobConfig": config},
            "RoleArn": self.role,
        }

    def ended(self, request: dict[str, Any]) -> dict[str, Any]:
        """The job after it ran."""
        sagemaker, name = self.client(), {"AutoMLJobName": request["AutoMLJobName"]}
        sagemaker.create_auto_ml_job_v2(**request)

        def told() -> Any:
            job = sagemaker.describe_auto_ml_job_v2(**name)
            return job if job["AutoMLJobStatus"] not in {"InProgress", "Stopping"} else None

        job: dict[str, Any] = until(told, seconds=60, what="a job that has ended")
        return job


@pytest.fixture(scope="module")
def shop(ground_cloud: EmbeddedCloud, make_role: Callable[..., str]) -> Shop:
    """With two colours of shirts."""
    session = ground_cloud.session()
    role = make_role("sagemaker", "s3:*")
    s3, bucket = session.client("s3"), f"shirts-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="history/all.csv", Body=history())
    return Shop(cloud=ground_cloud, bucket=bucket, role=role)


@pytest.fixture(scope="module")
def job(shop: Shop) -> dict[str, Any]:
    """A job that completed."""
    told = shop.ended(shop.request())
    assert told["AutoMLJobStatus"] == "Completed", told
    return told


def test_the_candidate_was_tested_on_the_last_year(shop: Shop, job: dict[str, Any]):
    """Its losses are in the description and beside the model."""
    best = job["BestCandidate"]
    measured = {
        each["MetricName"]: each["Value"]
        for each in best["CandidateProperties"]["CandidateMetrics"]
    }
    assert set(measured) == {"WAPE", "RMSE", "MAPE", "MASE", "AverageWeightedQuantileLoss"}
    assert measured["WAPE"] < 0.05
    objective = best["FinalAutoMLJobObjectiveMetric"]
    assert objective["Value"] == pytest.approx(measured["AverageWeightedQuantileLoss"])
    listed = shop.client().list_candidates_for_auto_ml_job(AutoMLJobName=job["AutoMLJobName"])
    names = [each["CandidateName"] for each in listed["Candidates"]]
    assert names == [best["CandidateName"]]


def test_its_model_forecasts_by_batch_transform(shop: Shop, job: dict[str, Any]):
    """The containers of the candidate make a model; a row for each colour and month comes out."""
    sagemaker, s3 = shop.client(), shop.client("s3")
    name = job["AutoMLJobName"]
    sagemaker.create_model(
        ModelName=name,
        Containers=job["BestCandidate"]["InferenceContainers"],
        ExecutionRoleArn=shop.role,
    )
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{shop.bucket}/history/"}
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=name,
        TransformInput={"DataSource": {"S3DataSource": source}, "ContentType": "text/csv"},
        TransformOutput={"S3OutputPath": f"s3://{shop.bucket}/forecast"},
        TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    )

    def ended() -> Any:
        told = sagemaker.describe_transform_job(TransformJobName=name)
        return told if told["TransformJobStatus"] in {"Completed", "Failed"} else None

    told = until(ended, seconds=60, what="a transform job that has ended")
    assert told["TransformJobStatus"] == "Completed", told.get("FailureReason")
    body = s3.get_object(Bucket=shop.bucket, Key="forecast/all.csv.out")["Body"].read()
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert list(rows[0]) == ["colour", "month", "p10", "p50", "p90", "mean"]
    assert len(rows) == 24
    best = max((row for row in rows if row["colour"] == "red"), key=lambda row: float(row["p50"]))
    assert best["month"] == "2026-12-01 00:00:00"
    assert float(best["p50"]) == pytest.approx(sold("red", MONTHS + 11), rel=0.03)


def test_a_horizon_that_the_history_is_too_short_for_fails(shop: Shop):
    """With the figures."""
    told = shop.ended(shop.request(ForecastHorizon=20))
    assert told["AutoMLJobStatus"] == "Failed"
    assert "a third of the history, got 20 of 48" in told["FailureReason"]


@pytest.mark.parametrize(
    "changes",
    [
        {"HolidayConfig": [{"CountryCode": "CH"}]},
        {"Transformations": {"Aggregation": {"sold": "avg"}}},
    ],
)
def test_what_is_not_emulated_is_refused(shop: Shop, changes: dict[str, Any]):
    """By an error that AWS does not have."""
    assert refusal(shop.client().create_auto_ml_job_v2, **shop.request(**changes)) == (
        "NotEmulatedException"
    )


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    code: str = caught.value.response["Error"]["Code"]
    return code
