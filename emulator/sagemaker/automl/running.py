"""Carries an AutoML job out: reads the data, tests the engine on them, packs a model. It blocks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import emulator.timeseries
from emulator.sagemaker.automl.describe import OBJECTIVE, PROGRAM, artifact_uri, backtest_uri
from emulator.sagemaker.automl.recipe import Recipe, recipe_of
from emulator.sagemaker.jobs import failures
from emulator.sagemaker.jobs.job import Job, Result
from emulator.sagemaker.jobs.kind import Progress
from emulator.sagemaker.jobs.place import Site
from emulator.sagemaker.jobs.script import Controls
from emulator.sagemaker.names import Tenant
from emulator.timeseries.frequency import Frequency
from emulator.timeseries.running import ForecastingError, Forecasts, forecasts_of
from emulator.timeseries.series import Row, SeriesSet, rows_of

_PACKED = ("__init__.py", "engine.py", "frequency.py", "series.py", "serving.py")
_PROGRAM_TEXT = "from timeseries.serving import input_fn, model_fn, output_fn, predict_fn\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoMLRunner:
    """Runs AutoML jobs at a site."""

    site: Site

    def run(self, tenant: Tenant, job: Job, progress: Progress, controls: Controls) -> Result:
        """Model and backtest are in S3, or JobFailedError says why not."""
        recipe = recipe_of(job.request)
        with self.site.folder(job) as home:
            progress.entering("AnalyzingData", "Reading the training data")
            data = home / "data"
            data.mkdir()
            reader = self.site.reader(tenant, job.role_arn)
            reader.copy(recipe.source, data, compression=recipe.compression)
            if controls.stop.is_set():
                return Result(stopped=True)
            progress.entering("ModelTuning", "Testing on the last periods")
            progress.working()
            tested = _tested(data, recipe)
            if controls.stop.is_set():
                return Result(stopped=True)
            self._write(tenant, job, home, tested)
            return Result(artifact=artifact_uri(job), measures=dict(tested.metrics))

    def _write(self, tenant: Tenant, job: Job, home: Path, tested: Forecasts) -> None:
        model, results = home / "model", home / "backtest"
        for folder in (model, results):
            folder.mkdir()
        pack(recipe_of(job.request), model)
        told = {"metrics": dict(tested.metrics), "series": tested.backtested}
        (results / "metrics.json").write_text(json.dumps(told), encoding="utf-8")
        key = job.request["OutputDataConfig"].get("KmsKeyId")
        writer = self.site.writer(tenant, job.role_arn, kms_key_id=key)
        writer.pack(model, artifact_uri(job), scratch=home / "model.tar.gz")
        writer.tree(results, backtest_uri(job))


def pack(recipe: Recipe, folder: Path) -> None:
    """The folder is the content of a model's artifact: settings, the engine's code, a program."""
    settings = {
        "timestamp": recipe.columns.timestamp,
        "target": recipe.columns.target,
        "dimensions": list(recipe.columns.dimensions),
        "frequency": recipe.frequency,
        "horizon": recipe.horizon,
        "quantiles": list(recipe.quantiles),
    }
    (folder / "model.json").write_text(json.dumps(settings), encoding="utf-8")
    package = folder / "code" / "timeseries"
    package.mkdir(parents=True)
    source = Path(emulator.timeseries.__file__).parent
    for name in _PACKED:
        text = (source / name).read_text(encoding="utf-8")
        # The container does not see this project: the package goes along under its last name.
        (package / name).write_text(text.replace("emulator.timeseries", "timeseries"), "utf-8")
    (folder / "code" / PROGRAM).write_text(_PROGRAM_TEXT, encoding="utf-8")


def _tested(data: Path, recipe: Recipe) -> Forecasts:
    try:
        series = SeriesSet.of(_rows(data, recipe), Frequency.of(recipe.frequency))
        found = forecasts_of(series, horizon=recipe.horizon, types=recipe.types)
    except (ForecastingError, ValueError) as error:
        raise failures.client(str(error)) from error
    if OBJECTIVE not in found.metrics:
        raise failures.client("no series is long enough to be tested")
    return found


def _rows(data: Path, recipe: Recipe) -> Iterator[Row]:
    for file in sorted(path for path in data.rglob("*") if path.is_file()):
        try:
            yield from rows_of(file.read_bytes(), recipe.columns)
        except ValueError as error:
            raise ValueError(f"{file.name}: {error}") from error
