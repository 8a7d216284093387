"""Forecasts of a set of series, made in a process of its own. It blocks."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator import processes
from emulator.timeseries.series import Key, SeriesSet

ENGINE = "scikit-learn-quantile-regression"
MOST_HORIZON = 500
"""The most periods ahead that AWS forecasts (Amazon Forecast, quotas)."""

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class ForecastingError(Exception):
    """Series that cannot be forecast; the sentence says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecasts:
    """What was forecast: a value by series, type and period, and the metrics of a backtest."""

    values: Mapping[Key, Mapping[str, Sequence[float]]]
    metrics: Mapping[str, float]
    backtested: int
    """How many series were long enough to be tested."""


def forecasts_of(series: SeriesSet, *, horizon: int, types: Sequence[str]) -> Forecasts:
    """The next periods of every series; ForecastingError if the history is too short for them."""
    if horizon > MOST_HORIZON or horizon * 3 > series.longest:
        raise ForecastingError(
            f"the horizon is at most {MOST_HORIZON} periods and a third of the history, "
            f"got {horizon} of {series.longest} periods"
        )
    request = {
        "series": list(series.values.values()),
        "last": series.last,
        "horizon": horizon,
        "types": list(types),
        "seasons": list(series.frequency.seasons),
    }
    with tempfile.TemporaryDirectory(prefix="forecast-") as name:
        folder = Path(name)
        (folder / "in.json").write_text(json.dumps(request), encoding="utf-8")
        answer = json.loads(_worked(folder))
    found = dict(zip(series.values, answer["forecasts"], strict=True))
    return Forecasts(values=found, metrics=answer["metrics"], backtested=answer["backtested"])


def _worked(folder: Path) -> str:
    source, target, log = (folder / name for name in ("in.json", "out.json", "log.txt"))
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # One series at a time: threads of BLAS would only take turns on them.
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    argv = [sys.executable, "-m", "emulator.timeseries.worker", str(source), str(target)]
    with log.open("wb") as output:
        child = processes.spawn(argv, environment=environment, output=output)
        code = child.popen.wait()
    if code != 0:
        told = log.read_text("utf-8", errors="replace").strip().splitlines()
        raise ForecastingError(f"the engine failed: {told[-1] if told else f'exit code {code}'}")
    return target.read_text(encoding="utf-8")
