"""The closed engine, for accounts that have it: Amazon Forecast's import, predictor and forecast.

What is of use no more (forecast, export, import, the predictor before) is deleted when its set is
written. Source: Forecast developer guide, "Getting started", and the API reference.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tidegate.ai.forecast.sagemaker import ROLE, RUNS, history_key
from tidegate.ai.forecast.settings import ForecastSettings, shares
from tidegate.ai.kind import Arrived
from tidegate.ai.ports import ServicePorts
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

DATASET, GROUP = "dataset", "group"
"""What functions are told: the ARNs of data set and group."""
IMPORT, PREDICTOR, FORECAST, EXPORT = (
    "DatasetImportJob",
    "Predictor",
    "Forecast",
    "ForecastExportJob",
)
"""Steps, by what Forecast calls the thing that each makes."""
_CREATE = {PREDICTOR: "CreateAutoPredictor"}
_DESCRIBE = {PREDICTOR: "DescribeAutoPredictor"}
_GONE = "ResourceNotFoundException"


def _made(step: Step, arrived: Arrived, ports: ServicePorts, given: Mapping[str, Any]) -> str:
    """The ARN of what the step makes, once: a function that was killed may have made it."""
    noun, name = step.name, run_name(ports, arrived, step.number, sign="_")
    found = _found(noun, name, ports)
    if found is not None:
        return found
    operation = _CREATE.get(noun, f"Create{noun}")
    answer = ports.calls.call("forecast", operation, **{f"{noun}Name": name}, **given)
    return str(answer[f"{noun}Arn"])


def _found(noun: str, name: str, ports: ServicePorts) -> str | None:
    """The ARN of the one with that name, which Forecast chooses and cannot be worked out."""
    token: dict[str, str] = {}
    while True:
        page = ports.calls.call("forecast", f"List{noun}s", **token)
        for entry in page[f"{noun}s"]:
            if entry[f"{noun}Name"] == name:
                return str(entry[f"{noun}Arn"])
        if "NextToken" not in page:
            return None
        token = {"NextToken": page["NextToken"]}


def _import(arrived: Arrived, step: Step, ports: ServicePorts) -> str:
    source = {"Path": ports.files.uri(history_key(arrived)), "RoleArn": ports.resources[ROLE]}
    given = {
        "DatasetArn": ports.resources[DATASET],
        "DataSource": {"S3Config": source},
        "TimestampFormat": "yyyy-MM-dd HH:mm:ss",
        "Format": "CSV",
        "ImportMode": "FULL",
    }
    return _made(step, arrived, ports, given)


def _train(arrived: Arrived, step: Step, ports: ServicePorts) -> str:
    settings: ForecastSettings = ports.settings
    given = {
        "ForecastHorizon": settings.horizon,
        "ForecastTypes": list(shares(settings)),
        "ForecastFrequency": settings.frequency,
        "DataConfig": {"DatasetGroupArn": ports.resources[GROUP]},
    }
    return _made(step, arrived, ports, given)


def _forecast(arrived: Arrived, step: Step, ports: ServicePorts) -> str:
    model = {} if step.model is None else step.model
    given = {"PredictorArn": model["predictor"], "ForecastTypes": list(shares(ports.settings))}
    return _made(step, arrived, ports, given)


def _export(arrived: Arrived, step: Step, ports: ServicePorts) -> str:
    target = {"Path": ports.files.uri(_output(arrived)), "RoleArn": ports.resources[ROLE]}
    given = {
        "ForecastArn": step.arns[FORECAST],
        "Destination": {"S3Config": target},
        "Format": "CSV",
    }
    return _made(step, arrived, ports, given)


def _output(arrived: Arrived) -> str:
    return f"{RUNS}{arrived.work}/forecast/"


def _look(_arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    """Over, failed, or neither. What Forecast says of a failure is what is wrong with the sales."""
    operation = _DESCRIBE.get(step.name, f"Describe{step.name}")
    told = ports.calls.call("forecast", operation, **{f"{step.name}Arn": step.arns[step.name]})
    status = str(told["Status"])
    if status == "ACTIVE":
        return Over()
    if status.endswith(("FAILED", "STOPPED")):
        reason = str(told.get("Message", status))[:500]
        created = _CREATE.get(step.name, f"Create{step.name}")
        return Failed(operation=f"forecast:{created}", reason=reason, of_input=_of_input(reason))
    return None


def _of_input(reason: str) -> bool:
    """Forecast's own failures ask to try again; all others are about data or rights."""
    return "internal" not in reason.lower() and "again" not in reason.lower()


def _look_at_training(arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    found = _look(arrived, step, ports)
    if not isinstance(found, Over):
        return found
    arn = step.arns[PREDICTOR]
    told = ports.calls.call("forecast", "GetAccuracyMetrics", PredictorArn=arn)
    return Over(model={"predictor": arn, "losses": _losses(told)})


def _losses(told: Mapping[str, Any]) -> dict[str, float]:
    """The summary over all windows of the backtest: errors, and a loss for each quantile."""
    windows = [
        window
        for result in told["PredictorEvaluationResults"]
        for window in result["TestWindows"]
        if window.get("EvaluationType") == "SUMMARY"
    ]
    if not windows:
        return {}
    metrics = windows[0]["Metrics"]
    found = {
        f"wQL[{float(each['Quantile']):g}]": float(each["LossValue"])
        for each in metrics.get("WeightedQuantileLosses", ())
    }
    average = "AverageWeightedQuantileLoss"
    if average in metrics:
        found[average] = float(metrics[average])
    for errors in metrics.get("ErrorMetrics", ())[:1]:
        names = [name for name in ("WAPE", "RMSE", "MAPE", "MASE") if name in errors]
        found |= {name: float(errors[name]) for name in names}
    return found


def _look_at_export(arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    found = _look(arrived, step, ports)
    return Over(tables=_tables(arrived, ports)) if isinstance(found, Over) else found


def _tables(arrived: Arrived, ports: ServicePorts) -> Iterator[str]:
    for key in ports.files.keys(_output(arrived)):
        if key.endswith(".csv"):
            yield ports.files.read(key).decode()


def _clean(_arrived: Arrived, step: Step, ports: ServicePorts) -> None:
    """What was made of another goes before it: Forecast deletes nothing that is in use."""
    last = [(noun, step.arns[noun]) for noun in (EXPORT, FORECAST, IMPORT)]
    order = (EXPORT, FORECAST, PREDICTOR, IMPORT)
    for noun, arn in sorted([*step.failed, *last], key=lambda pair: order.index(pair[0])):
        _delete(ports, noun, arn)


def _delete(ports: ServicePorts, noun: str, arn: str) -> None:
    """It is gone, or was before the function was killed."""
    once(ports, "forecast", f"Delete{noun}", _GONE, **{f"{noun}Arn": arn})


def _forget(model: Model, ports: ServicePorts) -> None:
    _delete(ports, PREDICTOR, str(model["predictor"]))


ENGINE = Engine(
    steps={
        IMPORT: EngineStep(
            start=_import,
            look=_look,
            follows=lambda step: PREDICTOR if step.model is None else FORECAST,
        ),
        PREDICTOR: EngineStep(start=_train, look=_look_at_training, follows=lambda _step: FORECAST),
        FORECAST: EngineStep(start=_forecast, look=_look, follows=lambda _step: EXPORT),
        EXPORT: EngineStep(start=_export, look=_look_at_export, follows=lambda _step: None),
    },
    first=lambda _model: IMPORT,
    clean=_clean,
    forget=_forget,
)
