"""The open engine: an AutoML job for time series; its model runs as a batch transform.

The model is there only while it transforms: nothing bills idle, and nothing is left behind.
Sources: SageMaker developer guide, "Create an AutoML job for time-series forecasting using the API"
and "Forecasting a deployed Autopilot model" (batch: the input is the items' history).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tidegate.ai.forecast.sales import ITEM, TARGET, TIME
from tidegate.ai.forecast.settings import ForecastSettings
from tidegate.ai.kind import Arrived
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError
from tidegate.ai.steps import (
    Engine,
    EngineStep,
    Failed,
    Looked,
    Model,
    Over,
    Step,
    once,
    run_name,
)

MODELS, RUNS = "models/", "runs/"
"""What keys of models, and of what a run reads and writes, begin with."""
ROLE = "role"
TRAINING, TRANSFORMING = "training", "transforming"
HISTORY_FILE = "history.csv"
_CSV = "text/csv;header=present"
_IN_USE, _INVALID = "ResourceInUse", "ValidationException"
_OF_INPUT = ("ClientError", "the horizon is at most")
_LOSS = "AverageWeightedQuantileLoss"


def history_key(arrived: Arrived) -> str:
    """The history that a run works on, as it was when the run began."""
    return f"{RUNS}{arrived.work}/{HISTORY_FILE}"


def _train(arrived: Arrived, step: Step, ports: ServicePorts) -> None:
    settings: ForecastSettings = ports.settings
    source = {"S3DataType": "S3Prefix", "S3Uri": ports.files.uri(history_key(arrived))}
    problem = {
        "ForecastFrequency": settings.frequency,
        "ForecastHorizon": settings.horizon,
        "ForecastQuantiles": list(settings.quantiles),
        "TimeSeriesConfig": {
            "TargetAttributeName": TARGET,
            "TimestampAttributeName": TIME,
            "ItemIdentifierAttributeName": ITEM,
        },
        "CompletionCriteria": {"MaxAutoMLJobRuntimeInSeconds": 60 * settings.most_training_minutes},
    }
    once(
        ports,
        "sagemaker",
        "CreateAutoMLJobV2",
        _IN_USE,
        AutoMLJobName=run_name(ports, arrived, step.number),
        AutoMLJobInputDataConfig=[
            {
                "ChannelType": "training",
                "ContentType": _CSV,
                "DataSource": {"S3DataSource": source},
            }
        ],
        OutputDataConfig={"S3OutputPath": ports.files.uri(f"{MODELS}{arrived.work}")},
        AutoMLProblemTypeConfig={"TimeSeriesForecastingJobConfig": problem},
        AutoMLJobObjective={"MetricName": _LOSS},
        RoleArn=ports.resources[ROLE],
    )


def _look_at_training(arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    name = run_name(ports, arrived, step.number)
    job = ports.calls.call("sagemaker", "DescribeAutoMLJobV2", AutoMLJobName=name)
    status = job["AutoMLJobStatus"]
    if status == "Completed":
        return Over(model=_model(job["BestCandidate"]))
    if status in {"Failed", "Stopped"}:
        return _failed("CreateAutoMLJobV2", str(job.get("FailureReason", status)))
    return None


def _failed(operation: str, reason: str) -> Failed:
    of_input = any(part in reason for part in _OF_INPUT)
    return Failed(operation=f"sagemaker:{operation}", reason=reason[:500], of_input=of_input)


def _model(candidate: Mapping[str, Any]) -> Model:
    """The containers that serve it, and the losses of its backtest."""
    kept = ("Image", "ModelDataUrl", "Environment")
    containers = [
        {name: each[name] for name in kept if name in each}
        for each in candidate["InferenceContainers"]
    ]
    metrics = candidate.get("CandidateProperties", {}).get("CandidateMetrics", ())
    losses = {str(each["MetricName"]): float(each["Value"]) for each in metrics}
    final = candidate.get("FinalAutoMLJobObjectiveMetric")
    if final is not None:
        losses[str(final["MetricName"])] = float(final["Value"])
    return {"containers": containers, "losses": losses}


def _transform(arrived: Arrived, step: Step, ports: ServicePorts) -> None:
    settings: ForecastSettings = ports.settings
    name = _transform_name(arrived, step, ports)
    model = {} if step.model is None else step.model
    try:
        ports.calls.call(
            "sagemaker",
            "CreateModel",
            ModelName=name,
            Containers=model["containers"],
            ExecutionRoleArn=ports.resources[ROLE],
        )
    except CallRefusedError as error:
        # The model of this name is this one, made before the function was killed.
        if error.code != _INVALID or "existing" not in str(error):
            raise
    source = {"S3DataType": "S3Prefix", "S3Uri": ports.files.uri(history_key(arrived))}
    once(
        ports,
        "sagemaker",
        "CreateTransformJob",
        _IN_USE,
        TransformJobName=name,
        ModelName=name,
        MaxPayloadInMB=100,
        MaxConcurrentTransforms=1,
        TransformInput={"DataSource": {"S3DataSource": source}, "ContentType": "text/csv"},
        TransformOutput={"S3OutputPath": ports.files.uri(_output(arrived)), "Accept": "text/csv"},
        TransformResources={"InstanceType": settings.instance, "InstanceCount": 1},
    )


def _transform_name(arrived: Arrived, step: Step, ports: ServicePorts) -> str:
    return run_name(ports, arrived, step.number)


def _output(arrived: Arrived) -> str:
    return f"{RUNS}{arrived.work}/forecast"


def _look_at_transform(arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    name = _transform_name(arrived, step, ports)
    job = ports.calls.call("sagemaker", "DescribeTransformJob", TransformJobName=name)
    status = job["TransformJobStatus"]
    if status == "Completed":
        return Over(tables=_tables(arrived, ports))
    if status in {"Failed", "Stopped"}:
        return _failed("CreateTransformJob", str(job.get("FailureReason", status)))
    return None


def _tables(arrived: Arrived, ports: ServicePorts) -> Iterator[str]:
    yield ports.files.read(f"{_output(arrived)}/{HISTORY_FILE}.out").decode()


def _clean(arrived: Arrived, step: Step, ports: ServicePorts) -> None:
    """The models of all tries are gone; one that is gone already is refused."""
    for number in range(1, step.number + 1):
        try:
            ports.calls.call("sagemaker", "DeleteModel", ModelName=run_name(ports, arrived, number))
        except CallRefusedError as error:
            if error.code != _INVALID:
                raise


def _forget(_model: Model, _ports: ServicePorts) -> None:
    """Its artifact stays with the other files: it bills as they do."""


ENGINE = Engine(
    steps={
        TRAINING: EngineStep(
            start=_train, look=_look_at_training, follows=lambda _step: TRANSFORMING
        ),
        TRANSFORMING: EngineStep(
            start=_transform, look=_look_at_transform, follows=lambda _step: None
        ),
    },
    first=lambda model: TRAINING if model is None else TRANSFORMING,
    clean=_clean,
    forget=_forget,
)
