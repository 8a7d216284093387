"""Forecasts: sales that are kept, runs by both engines step by step, what routes tell."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ai_fakes import PLACE, FakeCalls, FakeFiles, FakeTime, fake_ports
from tidegate.ai.asked_runs import ask_for_run
from tidegate.ai.forecast import KIND
from tidegate.ai.forecast.asking import ItemAsked, ModelAsked, forecast_of, model_known
from tidegate.ai.forecast.resources import names, resources_of
from tidegate.ai.forecast.runs import RunWanted, begin_nightly, begin_run, look
from tidegate.ai.forecast.sales import begin
from tidegate.ai.forecast.settings import ForecastSettings
from tidegate.ai.kind import Arrived, Done, Waiting
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError

WORK = "0123456789abcdef0123456789abcdef"
RUN = Arrived(key="in/runs/1.json", name="1.json", size=2, work=WORK)
NIGHT = Arrived(key="timer/nightly/x", name="x", size=0, work="f" * 32)
ROLE = "arn:aws:iam::123456789012:role/forecast"
SALES = b"item_id,timestamp,demand\nred,2026-01-01,3\nblue,2026-01-02,4.5\n"
TABLE = (
    "item_id,timestamp,p10,p50,p90,mean\n"
    "red,2026-02-02 00:00:00,2,3,4,3\n"
    "red,2026-02-01 00:00:00,1,2,3,2\n"
    "blue,2026-02-01 00:00:00,5,6,7,6\n"
)
CANDIDATE = {
    "CandidateName": "best",
    "ObjectiveStatus": "Succeeded",
    "CandidateSteps": [],
    "CandidateStatus": "Completed",
    "InferenceContainers": [{"Image": "image", "ModelDataUrl": "s3://files/models/m.tar.gz"}],
    "FinalAutoMLJobObjectiveMetric": {"MetricName": "AverageWeightedQuantileLoss", "Value": 0.1},
    "CandidateProperties": {"CandidateMetrics": [{"MetricName": "WAPE", "Value": 0.05}]},
}
TIME = "timestamp must be a date, or a date and time, such as 2026-01-31"
Answers = dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]


def sagemaker(**changes: Any) -> Answers:
    """Jobs that are over, unless told otherwise."""
    training = {"AutoMLJobStatus": "Completed", "BestCandidate": CANDIDATE}
    transform = {"TransformJobStatus": "Completed"}
    return {
        "sagemaker:CreateAutoMLJobV2": lambda _given: {"AutoMLJobArn": "arn"},
        "sagemaker:DescribeAutoMLJobV2": lambda _given: changes.get("training", training),
        "sagemaker:CreateModel": lambda _given: {"ModelArn": "arn"},
        "sagemaker:CreateTransformJob": lambda _given: {"TransformJobArn": "arn"},
        "sagemaker:DescribeTransformJob": lambda _given: changes.get("transform", transform),
        "sagemaker:DeleteModel": lambda _given: {},
    }


def ports(answers: Answers | None = None, **settings: Any) -> Any:
    """A service to which sales have come."""
    chosen = ForecastSettings(**settings)
    told = {**resources_of(chosen, PLACE).told, "role": ROLE}
    made = fake_ports(
        KIND, sagemaker() if answers is None else answers, settings=chosen, resources=told
    )
    files: FakeFiles = made.files  # type: ignore[assignment]
    kept = b"red,2026-01-01 00:00:00,3.0\nblue,2026-01-02 00:00:00,4.5\n"
    files.content |= {"in/sales/a.csv": SALES, "history/a.csv": kept, RUN.key: b"{}"}
    return made


def sales(name: str, content: bytes) -> Arrived:
    """A file of sales."""
    return Arrived(key=f"in/sales/{name}", name=name, size=len(content), work=WORK)


def asked(made: ServicePorts) -> list[str]:
    """The operations that were called."""
    calls: FakeCalls = made.calls  # type: ignore[assignment]
    return [name.partition(":")[2] for name in calls.names()]


def finished(made: Any, arrived: Arrived = RUN, progress: Any = None) -> Any:
    """The result of a run whose every step is over when it is looked at."""
    made.files.content[f"runs/{arrived.work}/forecast/history.csv.out"] = TABLE.encode()
    found = begin_run(arrived, made) if progress is None else progress
    while isinstance(found, Waiting):
        found = look(arrived, json.loads(json.dumps(found.state)), made)
    return found.result


def refused(content: bytes, made: Any) -> tuple[str, ...]:
    """The faults of a file."""
    made.files.content["in/sales/b.csv"] = content
    with pytest.raises(ProblemError) as caught:
        begin(sales("b.csv", content), made)
    return caught.value.faults


def test_sales_are_kept_in_the_columns_that_both_engines_read() -> None:
    """Dates as moments, zones as UTC, other columns left out."""
    made = ports(item="colour", time="day", target="sold")
    content = b'day,colour,shop,sold\n2026-03-01T01:00:00+02:00,"red, dark",x,2\n'
    made.files.content["in/sales/b.csv"] = content
    found = begin(sales("b.csv", content), made)
    assert isinstance(found, Done)
    assert (found.result.rows, found.result.items) == (1, 1)
    assert made.files.content["history/b.csv"] == b'"red, dark",2026-02-28 23:00:00,2.0\n'


def test_wrong_rows_are_told_all_at_once_and_nothing_is_kept() -> None:
    """By line; the first twenty, and how many more."""
    made = ports()
    made.files.content.pop("history/a.csv")
    assert refused(b"item_id,timestamp,demand\n,soon,many\nred,2026-01-01,nan\n", made) == (
        f"line 2: item_id must be 1 to 256 printable characters; {TIME}; demand must be a number",
        "line 3: demand must be a number",
    )
    many = b"item_id,timestamp,demand\n" + b"red,x,1\n" * 30
    assert refused(many, made)[-1] == "and 10 more"
    assert refused(b"colour,sold\n", made) == ("the file has no column item_id, timestamp, demand",)
    assert refused(b"item_id,timestamp,demand\n", made) == ("the file has no rows",)
    assert refused(b"\xff\xfe", made) == ("the file is not UTF-8",)
    assert "history/b.csv" not in made.files.content


@given(st.binary(max_size=200))
def test_no_file_makes_the_worker_fail(content: bytes) -> None:
    """It is kept, or refused."""
    made = ports()
    made.files.content["in/sales/b.csv"] = content
    with suppress(ProblemError):
        assert isinstance(begin(sales("b.csv", content), made), Done)


def test_a_run_trains_transforms_and_brings_a_set() -> None:
    """The model goes when its forecasts are written."""
    made = ports()
    result = finished(made)
    assert (result.made, result.trained, result.items, result.periods) == (True, True, 2, 2)
    assert result.losses == {"WAPE": 0.05, "AverageWeightedQuantileLoss": 0.1}
    assert asked(made) == [
        "CreateAutoMLJobV2",
        "DescribeAutoMLJobV2",
        "CreateModel",
        "CreateTransformJob",
        "DescribeTransformJob",
        "DeleteModel",
    ]
    table = made.files.content[result.table].decode().splitlines()
    assert table[:2] == ["item,time,p10,p50,p90", "blue,2026-02-01T00:00:00,5.0,6.0,7.0"]


def test_a_young_model_is_used_again_and_an_old_one_is_not() -> None:
    """Unless a training is asked for, or the settings are others now."""
    made = ports()
    finished(made)
    assert not finished(made).trained
    made.files.content[RUN.key] = b'{"train": true}'
    assert finished(made).trained
    made.files.content[RUN.key] = b"{}"
    assert finished(replace(made, settings=ForecastSettings(horizon=3))).trained
    made = ports()
    finished(made)
    made.clock.moment += 31 * 86_400
    assert finished(made).trained


def test_without_news_a_night_costs_nothing() -> None:
    """No sales at all; none since the last set; then some."""
    made = ports()
    made.files.content.pop("history/a.csv")
    quiet = begin_nightly(NIGHT, made)
    assert isinstance(quiet, Done)
    assert quiet.result.why == "no sales have come yet"
    begin(sales("a.csv", SALES), made)
    finished(made)
    quiet = begin_nightly(NIGHT, made)
    assert isinstance(quiet, Done)
    assert quiet.result.why == "no sales came since the last set"
    made.files.content["history/b.csv"] = b"red,2026-01-03 00:00:00,1\n"
    assert isinstance(begin_nightly(NIGHT, made), Waiting)


def test_a_set_that_began_earlier_does_not_replace_a_later_one() -> None:
    """A slow run that ends after a quick one leaves the quick one's set."""
    made = ports()
    slow = begin_run(RUN, made)
    made.clock.moment += 60
    later = Arrived(key=RUN.key, name=RUN.name, size=2, work="e" * 32)
    finished(made, later)
    finished(made, RUN, slow)
    assert model_known(ModelAsked(), made).table == f"forecasts/{'e' * 32}/forecasts.csv"


def test_a_run_that_was_killed_finds_what_it_made() -> None:
    """Jobs and models of its names exist, a deleted model is gone."""

    def there(code: str, message: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        def refuse(_given: Mapping[str, Any]) -> Mapping[str, Any]:
            raise CallRefusedError(operation="sagemaker:X", code=code, message=message)

        return refuse

    answers = sagemaker()
    answers["sagemaker:CreateAutoMLJobV2"] = there("ResourceInUse", "is there")
    answers["sagemaker:CreateTransformJob"] = there("ResourceInUse", "is there")
    answers["sagemaker:CreateModel"] = there(
        "ValidationException", "Cannot create already existing model"
    )
    answers["sagemaker:DeleteModel"] = there("ValidationException", "Could not find model")
    assert finished(ports(answers)).made
    answers["sagemaker:CreateModel"] = there("ValidationException", "no such role")
    with pytest.raises(CallRefusedError):
        finished(ports(answers))


def test_a_job_that_aws_fails_is_tried_three_times_and_again_after_an_hour() -> None:
    """Each under a name of its own; then the work is a dead letter, which may be sent back."""
    failed = {"AutoMLJobStatus": "Failed", "FailureReason": "InternalServerError"}
    made = ports(sagemaker(training=failed))
    found: Any = begin_run(RUN, made)
    for _ in range(2):
        found = look(RUN, found.state, made)
    with pytest.raises(CallFailedError):
        look(RUN, found.state, made)
    assert isinstance(made.clock, FakeTime)
    made.clock.pause(3_700)
    assert isinstance(look(RUN, found.state, made), Waiting)
    calls: FakeCalls = made.calls
    tried = [given["AutoMLJobName"] for name, given in calls.asked if "Create" in name]
    assert tried == [f"{names(PLACE)}-{WORK[:16]}-{number}" for number in (1, 2, 3, 4)]


def test_sales_that_a_job_cannot_use_are_refused_with_its_reason() -> None:
    """Another try would fail as well."""
    reason = "ClientError: too few rows"
    failed = {"AutoMLJobStatus": "Failed", "FailureReason": reason}
    made = ports(sagemaker(training=failed))
    found: Any = begin_run(RUN, made)
    with pytest.raises(ProblemError, match=reason):
        look(RUN, found.state, made)


def test_a_step_that_goes_on_is_looked_at_again() -> None:
    """With the same state."""
    made = ports(sagemaker(training={"AutoMLJobStatus": "InProgress"}))
    found: Any = begin_run(RUN, made)
    assert look(RUN, found.state, made) == found


def test_an_item_is_forecast_from_a_period_to_a_period() -> None:
    """Both included, in order; other items and no set at all are not found."""
    made = ports()
    with pytest.raises(ProblemError, match="no forecasts yet"):
        forecast_of(ItemAsked(item="red"), made)
    with pytest.raises(ProblemError, match="no model"):
        model_known(ModelAsked(), made)
    finished(made)
    points = forecast_of(ItemAsked(item="red"), made).points
    assert [point.time for point in points] == ["2026-02-01T00:00:00", "2026-02-02T00:00:00"]
    assert points[0].quantiles == {"p10": 1.0, "p50": 2.0, "p90": 3.0}
    some = forecast_of(ItemAsked(item="red", begin="2026-02-02", end="2026-02-02T00:00"), made)
    assert [point.time for point in some.points] == ["2026-02-02T00:00:00"]
    with pytest.raises(ProblemError, match="no sales of this item"):
        forecast_of(ItemAsked(item="green"), made)
    with pytest.raises(ProblemError, match="no date"):
        forecast_of(ItemAsked(item="red", begin="2026-02-31"), made)


def test_runs_that_are_asked_for_at_once_are_two() -> None:
    """Each is a file of its own."""
    made = ports()
    keys = {ask_for_run(RunWanted(train=True), made).key for _ in range(2)}
    assert len(keys) == 2
    assert [json.loads(made.files.content[key]) for key in keys] == [{"train": True}] * 2


def test_what_asks_for_a_run_is_checked() -> None:
    """Files may be put there by anybody."""
    made = ports()
    for content, words in ((b"{", "no JSON"), (b'{"trains": 1}', "did you mean train")):
        made.files.content[RUN.key] = content
        with pytest.raises(ProblemError, match=words):
            begin_run(RUN, made)


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
