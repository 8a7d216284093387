"""Forecasts by the closed engine: what it makes, and what it leaves to nobody."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.ai_fakes import FakeCalls
from tests.demand_runs import RUN, TABLE, WORK, Answers, asked, finished, ports
from tidegate.ai.forecast.runs import begin_run


def legacy(arn: str = "arn:aws:forecast:us-east-1:123456789012") -> Answers:
    """Amazon Forecast, with everything active at once."""
    made: dict[str, list[dict[str, str]]] = {}

    def listed(noun: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        return lambda _given: {f"{noun}s": made.get(noun, [])}

    def create(noun: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
            entry = {
                f"{noun}Name": given[f"{noun}Name"],
                f"{noun}Arn": f"{arn}:{noun}/{given[f'{noun}Name']}",
            }
            made.setdefault(noun, []).append(entry)
            return {f"{noun}Arn": entry[f"{noun}Arn"]}

        return answer

    window = {
        "EvaluationType": "SUMMARY",
        "Metrics": {
            "WeightedQuantileLosses": [{"Quantile": 0.1, "LossValue": 0.02}],
            "ErrorMetrics": [{"ForecastType": "0.5", "WAPE": 0.05}],
        },
    }
    answers: Answers = {
        "forecast:GetAccuracyMetrics": lambda _given: {
            "PredictorEvaluationResults": [{"TestWindows": [window]}]
        }
    }
    for noun in ("DatasetImportJob", "Predictor", "Forecast", "ForecastExportJob"):
        auto = "Auto" if noun == "Predictor" else ""
        answers |= {
            f"forecast:Create{auto}{noun}": create(noun),
            f"forecast:Describe{auto}{noun}": lambda _given: {"Status": "ACTIVE"},
            f"forecast:List{noun}s": listed(noun),
            f"forecast:Delete{noun}": lambda _given: {},
        }
    return answers


class Unheld(FakeCalls):
    """Requests whose role is left out: botocore's pattern of Forecast's RoleArn allows none."""

    def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """The answer to the request without its role."""
        shown = json.loads(json.dumps(parameters))
        for part in ("DataSource", "Destination"):
            if part in shown:
                shown[part]["S3Config"]["RoleArn"] = "arn:aws:forecast:r:a:role"
        for name, value in shown.items():
            if isinstance(value, str) and value.startswith("${"):
                shown[name] = "arn:aws:forecast:us-east-1:123456789012:x"
        if "DataConfig" in shown:
            shown["DataConfig"] = {
                "DatasetGroupArn": "arn:aws:forecast:us-east-1:1:dataset-group/x"
            }
        return FakeCalls.call(self, service, operation, **shown)


def legacy_ports() -> Any:
    """A service of the closed engine."""
    made = ports(legacy(), engine="forecast")
    held: FakeCalls = made.calls
    made = replace(made, calls=Unheld(answers=held.answers, declared=held.declared))
    made.files.content[f"runs/{WORK}/forecast/x_part0.csv"] = TABLE.encode()
    return made


def test_the_closed_engine_imports_trains_forecasts_exports_and_cleans_up() -> None:
    """The history has no header; a run after it needs no training."""
    made = legacy_ports()
    result = finished(made)
    assert result.losses == {"wQL[0.1]": 0.02, "WAPE": 0.05}
    assert made.files.content[f"runs/{WORK}/history.csv"].startswith(b"red,2026-01-01")
    created = [name for name in asked(made) if name.startswith("Create")]
    assert created == [
        "CreateDatasetImportJob",
        "CreateAutoPredictor",
        "CreateForecast",
        "CreateForecastExportJob",
    ]
    assert [name for name in asked(made) if name.startswith("Delete")] == [
        "DeleteForecastExportJob",
        "DeleteForecast",
        "DeleteDatasetImportJob",
    ]
    assert not finished(made).trained


@pytest.mark.parametrize("noun", ["DatasetImportJob", "Predictor", "Forecast", "ForecastExportJob"])
def test_what_the_closed_engine_failed_is_deleted_with_the_rest(noun: str) -> None:
    """What a try left counts to quotas until it is deleted; the predictor in use stays."""
    made = legacy_ports()
    auto = "Auto" if noun == "Predictor" else ""
    statuses = iter(["CREATE_FAILED"])
    made.calls.answers[f"forecast:Describe{auto}{noun}"] = lambda _given: {
        "Status": next(statuses, "ACTIVE"),
        "Message": "Internal error, try again",
    }
    finished(made)
    calls: FakeCalls = made.calls
    tries = given_to(calls, f"Create{auto}{noun}", f"{noun}Name")
    assert len(tries) == 2
    kept = tries[1:] if noun == "Predictor" else []
    deleted = [arn.rpartition("/")[2] for arn in given_to(calls, f"Delete{noun}", f"{noun}Arn")]
    assert sorted(deleted) == sorted({*tries} - {*kept})


def given_to(calls: FakeCalls, operation: str, parameter: str) -> list[str]:
    """What the calls of an operation gave as a parameter."""
    return [given[parameter] for name, given in calls.asked if name == f"forecast:{operation}"]


def test_the_closed_engine_makes_nothing_twice() -> None:
    """A killed function finds what it made by its name."""
    made = legacy_ports()
    first: Any = begin_run(RUN, made)
    assert begin_run(RUN, made) == first
    assert asked(made).count("CreateDatasetImportJob") == 1


def test_a_training_that_replaces_a_predictor_deletes_it() -> None:
    """It bills no more."""
    made = legacy_ports()
    finished(made)
    made.files.content[RUN.key] = b'{"train": true}'
    finished(made)
    assert asked(made).count("DeletePredictor") == 1
