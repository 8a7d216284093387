"""Demand to come: SageMaker's AutoML for time series, or Amazon Forecast for those that have it."""

from tidegate.ai.asked_runs import RUN, RunAsked, ask_for_run
from tidegate.ai.forecast import legacy, sales
from tidegate.ai.forecast.asking import (
    ItemAsked,
    ItemForecast,
    ModelAsked,
    ModelKnown,
    forecast_of,
    model_known,
)
from tidegate.ai.forecast.resources import ROLE_ID, legacy_names, names, resources_of
from tidegate.ai.forecast.runs import RunWanted, begin_nightly, begin_run, look
from tidegate.ai.forecast.sagemaker import MODELS, RUNS
from tidegate.ai.forecast.sales import HISTORY
from tidegate.ai.forecast.sets import SETS
from tidegate.ai.forecast.settings import FORECAST, ForecastSettings, faults
from tidegate.ai.kind import Arrival, Grant, Kind, Operation, Place, Rights, Route, Timer, unbilled
from tidegate.ai.work import IN

_ROLE_ARN = f"${{{ROLE_ID}.Arn}}"


def _arn(service: str, rest: str) -> str:
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}"


def _sagemaker(place: Place) -> tuple[Operation, ...]:
    begin = names(place)
    wanted = {
        "automl-job": ("CreateAutoMLJobV2", "DescribeAutoMLJobV2"),
        "model": ("CreateModel", "DeleteModel"),
        "transform-job": ("CreateTransformJob", "DescribeTransformJob"),
    }
    return tuple(
        Operation(
            service="sagemaker",
            name=name,
            action=f"sagemaker:{name}",
            resource=_arn("sagemaker", f"{kind}/{begin}-*"),
            units=unbilled,
        )
        for kind, operations in wanted.items()
        for name in operations
    )


_MADE_OF = {legacy.FORECAST: legacy.PREDICTOR, legacy.EXPORT: legacy.FORECAST}
"""What is made is asked on what it is made of (Service Authorization Reference)."""
_OF_NO_RESOURCE = "CreateAutoPredictor"
_PATHS = {
    legacy.IMPORT: "dataset-import-job",
    legacy.PREDICTOR: "predictor",
    legacy.FORECAST: "forecast",
    legacy.EXPORT: "forecast-export-job",
}


def _forecast(place: Place) -> tuple[Operation, ...]:
    """Of this service's things: Forecast ends their names with words of its own."""
    return tuple(
        Operation(
            service="forecast",
            name=name,
            action=f"forecast:{name}",
            resource=_asked_on(name, noun, place),
            units=unbilled,
        )
        for noun in _PATHS
        for name in _operations(noun)
    )


def _asked_on(operation: str, noun: str, place: Place) -> str:
    if operation.startswith("List") or operation == _OF_NO_RESOURCE:
        return "*"
    about = _MADE_OF.get(noun, noun) if operation.startswith("Create") else noun
    return _arn("forecast", f"{_PATHS[about]}/{legacy_names(place)}_*")


def _operations(noun: str) -> tuple[str, ...]:
    made: tuple[str, ...]
    if noun == legacy.PREDICTOR:
        made = (_OF_NO_RESOURCE, "DescribeAutoPredictor", "GetAccuracyMetrics")
    else:
        made = (f"Create{noun}", f"Describe{noun}")
    return (*made, f"List{noun}s", f"Delete{noun}")


def _door(_settings: ForecastSettings, _place: Place) -> Rights:
    return Rights(reads=(SETS, MODELS), writes=(f"{IN}{RUN}/",))


def _work(settings: ForecastSettings, place: Place) -> Rights:
    is_legacy = settings.engine == FORECAST
    principal = f"{'forecast' if is_legacy else 'sagemaker'}.amazonaws.com"
    passed = Grant(
        actions=("iam:PassRole",),
        resource=_ROLE_ARN,
        condition={"StringEquals": {"iam:PassedToService": principal}},
    )
    return Rights(
        calls=_forecast(place) if is_legacy else _sagemaker(place),
        grants=(passed,),
        reads=(IN, HISTORY, MODELS, RUNS, SETS),
        writes=(HISTORY, MODELS, RUNS, SETS),
        deletes=(SETS,),
    )


def _timers(settings: ForecastSettings) -> tuple[Timer, ...]:
    return (
        Timer(
            name="nightly",
            says="If sales came, the next set of forecasts is made",
            schedule=settings.schedule,
            begin=begin_nightly,
            look=look,
        ),
    )


KIND = Kind(
    name="forecast",
    title="SageMaker AutoML for time series, or Amazon Forecast",
    job="Demand by item for the periods to come, with quantiles, anew each night",
    settings=ForecastSettings,
    faults=faults,
    routes=(
        Route(
            name="forecast",
            says="Gives the forecast of an item, of the set that was made last.",
            takes=ItemAsked,
            gives=ItemForecast,
            answer=forecast_of,
            method="GET",
        ),
        Route(
            name="model",
            says="Tells of the model, what its backtest lost, and when the last set was made.",
            takes=ModelAsked,
            gives=ModelKnown,
            answer=model_known,
            method="GET",
        ),
        Route(
            name="run",
            says="Asks for a set of forecasts now; GET results tells of the key what came of it.",
            takes=RunWanted,
            gives=RunAsked,
            answer=ask_for_run,
            status=202,
        ),
    ),
    arrivals=(
        Arrival(
            prefix="sales",
            says="Sales are kept for the next forecasts",
            begin=sales.begin,
            suffixes=(".csv",),
        ),
        Arrival(
            prefix=RUN,
            says="Sets of forecasts that somebody asks for",
            begin=begin_run,
            look=look,
            suffixes=(".json",),
        ),
    ),
    door=_door,
    work=_work,
    resources=resources_of,
    timers=_timers,
    files_stay=True,
    passing=(RUNS,),
)
