"""Forecasts by SageMaker's container contract: rows of history in, a row for each period out.

This file and those beside it are packed into a model's artifact, as `code/timeseries`; what was
learned is `model.json`. A request is CSV with a header: item, time and target as the training data
had them, other columns are ignored. The answer is CSV with a header: item, time, a column for each
quantile, and the mean.
"""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.timeseries.engine import MEAN, forecast
from emulator.timeseries.frequency import Frequency
from emulator.timeseries.series import Columns, SeriesSet, rows_of

CONTENT_TYPE = "text/csv"


def model_fn(model_dir: str) -> dict[str, Any]:
    """What `model.json` of the artifact says."""
    told: dict[str, Any] = json.loads((Path(model_dir) / "model.json").read_text("utf-8"))
    return told


def input_fn(body: bytes | str, content_type: str) -> bytes:
    """The request's CSV; ValueError for anything else."""
    if content_type.partition(";")[0].strip() != CONTENT_TYPE:
        raise ValueError(f"requests are {CONTENT_TYPE} with a header, got {content_type}")
    return body.encode() if isinstance(body, str) else body


def predict_fn(content: bytes, model: Mapping[str, Any]) -> str:
    """The forecasts of every item that the request has rows of."""
    columns = Columns(
        timestamp=model["timestamp"],
        target=model["target"],
        dimensions=tuple(model["dimensions"]),
    )
    series = SeriesSet.of(rows_of(content, columns), Frequency.of(model["frequency"]))
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    quantiles = list(model["quantiles"])
    writer.writerow([*columns.dimensions, columns.timestamp, *quantiles, MEAN])
    types = [*(str(int(name[1:]) / 100) for name in quantiles), MEAN]
    moments = series.future(model["horizon"])
    for key, values in series.values.items():
        found = forecast(
            values,
            last=series.last,
            horizon=model["horizon"],
            types=types,
            seasons=series.frequency.seasons,
        )
        for place, moment in enumerate(moments):
            row = [round(found[kind][place], 6) for kind in types]
            writer.writerow([*key, moment.strftime("%Y-%m-%d %H:%M:%S"), *row])
    return sink.getvalue()


def output_fn(answer: str, _accept: str) -> tuple[str, str]:
    """The answer and its type."""
    return answer, CONTENT_TYPE
