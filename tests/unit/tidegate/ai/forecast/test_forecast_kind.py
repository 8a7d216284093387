"""Forecasts: sales that are kept, runs step by step, what routes tell."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ai_fakes import PLACE, FakeCalls, FakeTime
from tests.demand_runs import NIGHT, RUN, SALES, WORK, asked, finished, ports, sagemaker, sales
from tidegate.ai.asked_runs import ask_for_run
from tidegate.ai.forecast.asking import ItemAsked, ModelAsked, forecast_of, model_known
from tidegate.ai.forecast.resources import names
from tidegate.ai.forecast.runs import RunWanted, begin_nightly, begin_run, look
from tidegate.ai.forecast.sales import begin
from tidegate.ai.forecast.settings import ForecastSettings
from tidegate.ai.kind import Arrived, Done, Waiting
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError

TIME = "timestamp must be a date, or a date and time, such as 2026-01-31"


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
