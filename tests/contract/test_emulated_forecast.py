"""Forecast of the embedded cloud, as a client with boto3 sees it."""

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.emulated_things import settled

YEARS = 4
SCHEMA = {
    "Attributes": [
        {"AttributeName": "item_id", "AttributeType": "string"},
        {"AttributeName": "timestamp", "AttributeType": "timestamp"},
        {"AttributeName": "demand", "AttributeType": "float"},
    ]
}
TARGET = {"Domain": "RETAIL", "DatasetType": "TARGET_TIME_SERIES", "DataFrequency": "M"}


def demand(colour: str, month: int) -> float:
    """How many shirts of a colour are sold in a month: red in December, blue in June."""
    peak = {"red": 11, "blue": 5}[colour]
    return round(100 + month + 60 * math.cos(2 * math.pi * (month - peak) / 12), 2)


def history() -> bytes:
    """Four years of both colours, in two rows a month."""
    rows = [
        f"{colour},{2022 + month // 12}-{month % 12 + 1:02d}-{day},{demand(colour, month) / 2}"
        for colour in ("red", "blue")
        for month in range(12 * YEARS)
        for day in ("03", "17")
    ]
    return "\n".join(rows).encode()


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Demand that was imported, learned from and forecast."""

    cloud: EmbeddedCloud
    bucket: str
    role: str
    predictor: str
    forecast: str

    def client(self, service: str = "forecast") -> Any:
        """A client of the administrator."""
        return self.cloud.session().client(service)

    def asked(self, **request: Any) -> Mapping[str, Any]:
        """The predictions of one item, by quantile."""
        found: Mapping[str, Any] = self.client("forecastquery").query_forecast(
            ForecastArn=self.forecast, **request
        )["Forecast"]["Predictions"]
        return found


@pytest.fixture(scope="module")
def shop(ground_cloud: EmbeddedCloud, make_role: Callable[..., str]) -> Shop:
    """From a file in a bucket to a forecast."""
    session = ground_cloud.session()
    forecast, s3 = session.client("forecast"), session.client("s3")
    bucket = f"demand-{uuid.uuid4().hex[:8]}"
    role = make_role("forecast", "s3:GetObject", "s3:ListBucket", "s3:PutObject")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="demand.csv", Body=history())
    dataset = forecast.create_dataset(DatasetName="demand", Schema=SCHEMA, **TARGET)["DatasetArn"]
    group = forecast.create_dataset_group(
        DatasetGroupName="shirts", Domain="RETAIL", DatasetArns=[dataset]
    )["DatasetGroupArn"]
    source = {"Path": f"s3://{bucket}/demand.csv", "RoleArn": role}
    job = forecast.create_dataset_import_job(
        DatasetImportJobName="first", DatasetArn=dataset, DataSource={"S3Config": source}
    )["DatasetImportJobArn"]
    assert (
        settled(forecast.describe_dataset_import_job, DatasetImportJobArn=job)["Status"] == "ACTIVE"
    )
    predictor = forecast.create_auto_predictor(
        PredictorName="demand",
        ForecastHorizon=12,
        ForecastFrequency="M",
        DataConfig={"DatasetGroupArn": group},
    )["PredictorArn"]
    told = settled(forecast.describe_auto_predictor, PredictorArn=predictor)
    assert told["Status"] == "ACTIVE", told
    made = forecast.create_forecast(ForecastName="demand", PredictorArn=predictor)["ForecastArn"]
    assert settled(forecast.describe_forecast, ForecastArn=made)["Status"] == "ACTIVE"
    return Shop(cloud=ground_cloud, bucket=bucket, role=role, predictor=predictor, forecast=made)


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    code: str = caught.value.response["Error"]["Code"]
    return code


pytestmark = pytest.mark.accept  # three runs of the engine take five seconds


@pytest.mark.parametrize(("colour", "peak"), [("red", "2026-12"), ("blue", "2026-06")])
def test_each_colour_has_its_season(shop: Shop, colour: str, peak: str):
    """The forecast goes on as the years before did, with quantiles in order."""
    predictions = shop.asked(Filters={"item_id": colour})
    assert set(predictions) == {"p10", "p50", "p90"}
    best = max(predictions["p50"], key=lambda each: each["Value"])
    assert best["Timestamp"].startswith(peak)
    month = 12 * YEARS + int(peak[-2:]) - 1
    assert best["Value"] == pytest.approx(demand(colour, month), rel=0.03)
    for low, middle, high in zip(*(predictions[q] for q in ("p10", "p50", "p90")), strict=True):
        assert low["Value"] <= middle["Value"] <= high["Value"]


def test_a_question_may_be_about_some_months(shop: Shop):
    """From a date to a date, both included."""
    found = shop.asked(
        Filters={"item_id": "red"}, StartDate="2026-02-01T00:00:00", EndDate="2026-03-01T00:00:00"
    )
    assert [each["Timestamp"] for each in found["p50"]] == [
        "2026-02-01T00:00:00",
        "2026-03-01T00:00:00",
    ]


def test_an_item_that_was_never_sold_has_no_forecast(shop: Shop):
    """The caller's fault."""
    query = shop.client("forecastquery").query_forecast
    for filters in ({"item_id": "green"}, {"colour": "red"}):
        refused = refusal(query, ForecastArn=shop.forecast, Filters=filters)
        assert refused == "InvalidInputException"


def test_the_last_year_was_tested(shop: Shop):
    """Predicted from those before: errors and a loss for each quantile."""
    told = shop.client().get_accuracy_metrics(PredictorArn=shop.predictor)
    (result,) = told["PredictorEvaluationResults"]
    (window,) = result["TestWindows"]
    assert window["ItemCount"] == 2
    assert window["Metrics"]["ErrorMetrics"][0]["WAPE"] < 0.05
    quantiles = [each["Quantile"] for each in window["Metrics"]["WeightedQuantileLosses"]]
    assert quantiles == [0.1, 0.5, 0.9]
    engine = told["ResponseMetadata"]["HTTPHeaders"]["x-emulated-engine"]
    assert engine == "scikit-learn-quantile-regression"


def test_a_forecast_can_be_written_to_a_bucket(shop: Shop):
    """A row for each item and month."""
    forecast, s3 = shop.client(), shop.client("s3")
    target = {"Path": f"s3://{shop.bucket}/out/", "RoleArn": shop.role}
    arn = forecast.create_forecast_export_job(
        ForecastExportJobName="night",
        ForecastArn=shop.forecast,
        Destination={"S3Config": target},
    )["ForecastExportJobArn"]
    job = settled(forecast.describe_forecast_export_job, ForecastExportJobArn=arn)
    assert job["Status"] == "ACTIVE", job
    (entry,) = s3.list_objects_v2(Bucket=shop.bucket, Prefix="out/")["Contents"]
    lines = s3.get_object(Bucket=shop.bucket, Key=entry["Key"])["Body"].read().splitlines()
    assert lines[0] == b"item_id,date,p10,p50,p90"
    assert len(lines) == 1 + 2 * 12


def test_a_horizon_longer_than_a_third_of_the_history_fails(shop: Shop):
    """When the predictor is trained, with the figures."""
    forecast = shop.client()
    told = forecast.describe_auto_predictor(PredictorArn=shop.predictor)
    arn = forecast.create_auto_predictor(
        PredictorName="far",
        ForecastHorizon=24,
        ForecastFrequency="M",
        DataConfig=told["DataConfig"],
    )["PredictorArn"]
    far = settled(forecast.describe_auto_predictor, PredictorArn=arn)
    assert far["Status"] == "CREATE_FAILED"
    assert "a third of the history, got 24 of 48" in far["Message"]
    refused = refusal(forecast.create_forecast, ForecastName="far", PredictorArn=arn)
    assert refused == "ResourceInUseException"


def test_what_is_not_emulated_or_wrong_is_refused(shop: Shop):
    """Other types of data sets; schemas without the domain's columns."""
    create = shop.client().create_dataset
    other = {**TARGET, "DatasetType": "ITEM_METADATA"}
    assert refusal(create, DatasetName="x", Schema=SCHEMA, **other) == "NotEmulatedException"
    custom = {**TARGET, "Domain": "CUSTOM"}
    assert refusal(create, DatasetName="x", Schema=SCHEMA, **custom) == "InvalidInputException"
