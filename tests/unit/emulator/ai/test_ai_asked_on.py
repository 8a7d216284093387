"""On which resources permission is asked, as the Service Authorization Reference has it."""

import pytest

from emulator.ai.forecast import operations as forecasting
from emulator.ai.frame import Asked
from emulator.ai.frauddetector import operations as detecting
from emulator.ai.personalize.events import event_resource

ACCOUNT, REGION = "111122223333", "eu-west-1"
OWN = f"arn:aws:forecast:{REGION}:{ACCOUNT}"
PREDICTOR, FORECAST = f"{OWN}:predictor/p_01", f"{OWN}:forecast/f_01"


def asked(operation: str, **request: str) -> Asked:
    """A request of the account."""
    return Asked(operation=operation, request=request, tenant=(ACCOUNT, REGION))


@pytest.mark.parametrize(
    ("request_", "resource"),
    [
        (asked("CreateAutoPredictor", PredictorName="p"), "*"),
        (asked("ListPredictors"), "*"),
        (asked("CreateForecast", ForecastName="f", PredictorArn=PREDICTOR), PREDICTOR),
        (asked("CreateForecastExportJob", ForecastArn=FORECAST), FORECAST),
        (asked("DescribeAutoPredictor", PredictorArn=PREDICTOR), PREDICTOR),
        (asked("DeletePredictor", PredictorArn=PREDICTOR), PREDICTOR),
        (asked("GetAccuracyMetrics", PredictorArn=PREDICTOR), PREDICTOR),
        (asked("CreateDataset", DatasetName="d"), f"{OWN}:dataset/d"),
        (
            asked(
                "CreateDatasetImportJob", DatasetImportJobName="i", DatasetArn=f"{OWN}:dataset/d"
            ),
            f"{OWN}:dataset-import-job/d/i",
        ),
    ],
    ids=lambda given: given.operation if isinstance(given, Asked) else "",
)
def test_an_operation_of_forecast_is_asked_on(request_: Asked, resource: str) -> None:
    """What is made is asked on what it is made of; a predictor on everything."""
    assert forecasting.resource(request_) == resource


def test_a_prediction_is_asked_on_detector_version_and_event_type() -> None:
    """A request that names no version is asked on whichever is active."""
    prediction = asked("GetEventPrediction", detectorId="orders", eventTypeName="order")
    own = f"arn:aws:frauddetector:{REGION}:{ACCOUNT}"
    assert detecting.resource(prediction) == f"{own}:detector/orders"
    assert [one.resource for one in detecting.also_asked(prediction)] == [
        f"{own}:detector-version/orders/*",
        f"{own}:event-type/order",
    ]


def test_events_of_personalize_take_no_resource() -> None:
    """Items and users are asked on their data set."""
    dataset = f"arn:aws:personalize:{REGION}:{ACCOUNT}:dataset/shop/ITEMS"
    assert event_resource(asked("PutEvents", trackingId="t")) == "*"
    assert event_resource(asked("PutItems", datasetArn=dataset)) == dataset
