"""The kinds of things that Forecast has, and what its domains call their columns."""

from collections.abc import Mapping
from typing import Any

from emulator.ai.declared import DeclaredKind
from emulator.ai.kept import Kind, Spelling
from emulator.jsonapi import NOT_EMULATED, RefusedRequestError, not_emulated
from emulator.timeseries.series import Columns

PENDING, IN_PROGRESS, FAILED = "CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_FAILED"
SPELLING = Spelling(
    service="forecast",
    status="Status",
    made="CreationTime",
    changed="LastModificationTime",
    not_active="ResourceInUseException",
)
GROUP = Kind(
    noun="DatasetGroup",
    arn="DatasetGroupArn",
    path="dataset-group",
    declared=DeclaredKind(
        type_name="AWS::Forecast::DatasetGroup",
        service="forecast",
        shape="DescribeDatasetGroupResponse",
    ),
)
DATASET = Kind(
    noun="Dataset",
    arn="DatasetArn",
    path="dataset",
    declared=DeclaredKind(
        type_name="AWS::Forecast::Dataset",
        service="forecast",
        shape="DescribeDatasetResponse",
        renamed={"Arn": "DatasetArn"},
    ),
)
IMPORT = Kind(noun="DatasetImportJob", arn="DatasetImportJobArn", path="dataset-import-job")
PREDICTOR = Kind(noun="AutoPredictor", arn="PredictorArn", path="predictor")
FORECAST = Kind(noun="Forecast", arn="ForecastArn", path="forecast")
EXPORT = Kind(noun="ForecastExportJob", arn="ForecastExportJobArn", path="forecast-export-job")

_ITEM_AND_TARGET: Mapping[str, tuple[str, str]] = {
    "RETAIL": ("item_id", "demand"),
    "CUSTOM": ("item_id", "target_value"),
    "INVENTORY_PLANNING": ("item_id", "demand"),
    "EC2_CAPACITY": ("instance_type", "number_of_instances"),
    "WORK_FORCE": ("workforce_type", "workforce_demand"),
    "WEB_TRAFFIC": ("item_id", "value"),
    "METRICS": ("metric_name", "metric_value"),
}
"""What each domain calls the item and the target (developer guide, "Predefined domains")."""
_TIMESTAMP = "timestamp"


def columns_of(dataset: Mapping[str, Any], dimensions: tuple[str, ...] = ()) -> Columns:
    """Which attributes of a target time series are what."""
    item, target = _ITEM_AND_TARGET[dataset["Domain"]]
    return Columns(timestamp=_TIMESTAMP, target=target, dimensions=(item, *dimensions))


def names_of(dataset: Mapping[str, Any]) -> list[str]:
    """The columns of its files, in order."""
    return [each["AttributeName"] for each in dataset["Schema"]["Attributes"]]


def require_dataset(request: Mapping[str, Any]) -> None:
    """A data set can be used here, or the refusal says all that is in the way."""
    if request["DatasetType"] != "TARGET_TIME_SERIES":
        what = f"data sets of the type {request['DatasetType']}, only TARGET_TIME_SERIES"
        raise RefusedRequestError(NOT_EMULATED, not_emulated(what))
    columns = columns_of(request)
    needed = (*columns.dimensions, columns.timestamp, columns.target)
    missing = [name for name in needed if name not in names_of(request)]
    wrong = []
    if missing:
        wrong.append(f"a schema of the domain {request['Domain']} has {', '.join(missing)}")
    if request.get("DataFrequency") is None:
        wrong.append("DataFrequency must be given for a target time series")
    if wrong:
        raise RefusedRequestError("InvalidInputException", "; ".join(wrong))
