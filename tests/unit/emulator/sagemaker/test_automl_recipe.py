"""AutoML jobs: what is asked for, what is refused, and what a model's artifact holds."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker.automl.recipe import check, recipe_of
from emulator.sagemaker.automl.running import pack
from emulator.sagemaker.errors import SageMakerError

REQUEST: dict[str, Any] = {
    "AutoMLJobName": "shirts",
    "AutoMLJobInputDataConfig": [
        {
            "ChannelType": "training",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/h/"}},
        }
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
    "AutoMLProblemTypeConfig": {
        "TimeSeriesForecastingJobConfig": {
            "ForecastFrequency": "W",
            "ForecastHorizon": 4,
            "ForecastQuantiles": ["p5", "p50"],
            "TimeSeriesConfig": {
                "TargetAttributeName": "sold",
                "TimestampAttributeName": "day",
                "ItemIdentifierAttributeName": "item",
                "GroupingAttributeNames": ["shop"],
            },
        }
    },
    "RoleArn": "arn:aws:iam::000000000000:role/r",
}


def changed(**config: Any) -> dict[str, Any]:
    """The request with another configuration."""
    request = copy.deepcopy(REQUEST)
    request["AutoMLProblemTypeConfig"]["TimeSeriesForecastingJobConfig"] |= config
    return request


def test_a_request_is_read_once():
    """Columns, periods and quantiles."""
    check(REQUEST)
    recipe = recipe_of(REQUEST)
    assert recipe.columns.dimensions == ("item", "shop")
    assert (recipe.frequency, recipe.horizon) == ("W", 4)
    assert recipe.types == ["0.05", "0.5"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({**REQUEST, "AutoMLProblemTypeConfig": {"TabularJobConfig": {}}}, "NotEmulated"),
        (changed(HolidayConfig=[{"CountryCode": "CH"}]), "NotEmulated"),
        (changed(ForecastFrequency="0W"), "ValidationException"),
    ],
)
def test_what_cannot_be_done_is_refused(request_: dict[str, Any], code: str):
    """Other problems, holidays, no frequency."""
    with pytest.raises(SageMakerError) as caught:
        check(request_)
    assert caught.value.code.startswith(code)


def test_an_artifact_runs_without_this_project(tmp_path: Path):
    """Its code has all that it imports, but for numpy and scikit-learn."""
    pack(recipe_of(changed(ForecastHorizon=1)), tmp_path)
    weeks = [f"a,x,2026-01-{day:02d},{day}" for day in (5, 12, 19, 26)]
    history = "\n".join(["item,shop,day,sold", *weeks])
    program = (
        "import json, sys; sys.path[:0] = ['code']; import inference as i; "
        "m = i.model_fn('.'); "
        f"print(i.predict_fn(i.input_fn({history!r}, 'text/csv'), m), "
        "any('emulator' in n for n in sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-I", "-c", f"import os; os.chdir({str(tmp_path)!r}); {program}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    header, row, rest = told.splitlines()
    assert header == "item,shop,day,p5,p50,mean"
    assert row.startswith("a,x,2026-02-02 00:00:00,33.0,33.0,33.0")
    assert rest.strip() == "False"
    assert json.loads((tmp_path / "model.json").read_text())["horizon"] == 1
