"""The first container of the pipeline: flights as people send them in, rows of numbers out.

What it answers is what the next container is asked, so it says of which media type it is.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

COLUMNS = (
    *("sched_dep", "dep", "sched_arr"),
    *("distance_miles", "wind_mph", "visibility_miles", "precipitation_inches"),
    *("airport_delay_minutes", "carrier_delay_minutes"),
)
_DAY, _HALF_DAY = 1_440, 720


def model_fn(model_dir: str) -> list[float]:
    """What stands for a number that is missing, by column."""
    medians: list[float] = json.loads((Path(model_dir) / "medians.json").read_text())
    return medians


def input_fn(body: str, content_type: str) -> Sequence[Mapping[str, Any]]:
    """The flights of `{"features": {...}}` or `{"instances": [{...}, ...]}`."""
    if content_type != "application/json":
        raise ValueError(f"content type {content_type!r} cannot be read: send application/json")
    asked = json.loads(body)
    return [asked["features"]] if "features" in asked else list(asked["instances"])


def predict_fn(flights: Sequence[Mapping[str, Any]], medians: Sequence[float]) -> Any:
    """A row of numbers for each flight."""
    return [row(flight, medians) for flight in flights]


def row(flight: Mapping[str, Any], medians: Sequence[float]) -> list[float]:
    """The numbers of a flight, and how late it left; medians for what is missing."""
    *of_columns, of_delay = medians
    known = [
        float(median if flight.get(column) is None else flight[column])
        for column, median in zip(COLUMNS, of_columns, strict=True)
    ]
    if flight.get("dep") is None or flight.get("sched_dep") is None:
        return [*known, of_delay]
    late = minutes(int(flight["dep"])) - minutes(int(flight["sched_dep"]))
    return [*known, float((late + _HALF_DAY) % _DAY - _HALF_DAY)]


def minutes(clock: int) -> int:
    """Minutes since midnight of a clock that is written as hours and minutes: 1530."""
    return clock // 100 * 60 + clock % 100


def output_fn(rows: Any, accept: str) -> tuple[str, str]:
    """`{"instances": [[...], ...]}`, whatever is accepted."""
    del accept
    return json.dumps({"instances": rows}), "application/json"
