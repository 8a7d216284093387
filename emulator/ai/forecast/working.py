"""The jobs of Forecast: importing, training and testing, forecasting, exporting."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.forecast import things
from emulator.ai.jobs import Job, JobFailedError, State
from emulator.ai.kept import ACTIVE, Kept
from emulator.ai.roles import Roles
from emulator.ai.searching.crawling import stored
from emulator.ai.site import Tenant
from emulator.jsonapi import Json
from emulator.timeseries.frequency import Frequency
from emulator.timeseries.running import ForecastingError, Forecasts, forecasts_of
from emulator.timeseries.series import Key, Row, SeriesSet, rows_of

DEFAULT_TYPES = ("0.1", "0.5", "0.9")

_STATUSES = {
    State.QUEUED: things.PENDING,
    State.IN_PROGRESS: things.IN_PROGRESS,
    State.STOPPING: "CREATE_STOPPING",
    State.COMPLETED: ACTIVE,
    State.FAILED: things.FAILED,
    State.STOPPED: "CREATE_STOPPED",
}
_KINDS = {
    kind.noun: kind for kind in (things.IMPORT, things.PREDICTOR, things.FORECAST, things.EXPORT)
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A forecast: values by item, when their periods begin, and the names of the dimensions."""

    found: Forecasts
    moments: Sequence[datetime]
    dimensions: Sequence[str]


@dataclass(kw_only=True, slots=True)
class Workshop:
    """What jobs read and leave: things, rows of data sets, forecasts."""

    things: Kept
    roles: Roles
    rows: dict[tuple[Tenant, str], list[Json]] = field(default_factory=dict)
    """Raw columns of every row, by data set."""
    tested: dict[str, Forecasts] = field(default_factory=dict)
    """By the predictor's ARN."""
    made: dict[str, Made] = field(default_factory=dict)
    """By the forecast's ARN."""

    def work(self, job: Job) -> Json:
        """What the job's thing is for is done; JobFailedError says why it is not."""
        kind = _KINDS[job.request["kind"]]
        told = self.things.get(job.tenant, kind, job.id)
        try:
            if kind is things.IMPORT:
                self._import(job, told)
            elif kind is things.PREDICTOR:
                series, _ = self._series(job.tenant, told)
                self.tested[job.id] = self._forecasts(told, series, told["ForecastTypes"])
            elif kind is things.FORECAST:
                self._forecast(job, told)
            else:
                self._export(job, told)
        except (ForecastingError, ValueError) as error:
            raise JobFailedError(str(error)) from error
        except (PermissionError, ClientError) as error:
            raise JobFailedError(f"S3 refused the role: {error}") from error
        return {}

    def settle(self, job: Job) -> None:
        """The thing's status is that of its job."""
        changes = {"Status": _STATUSES[job.state]}
        if job.failure is not None:
            changes["Message"] = job.failure
        self.things.change(job.tenant, _KINDS[job.request["kind"]], job.id, changes)

    def _import(self, job: Job, told: Mapping[str, Any]) -> None:
        dataset = self.things.get(job.tenant, things.DATASET, told["DatasetArn"])
        config = told["DataSource"]["S3Config"]
        bucket, _, key = config["Path"].removeprefix("s3://").partition("/")
        client = self.roles.client(config["RoleArn"], "s3", job.tenant[1])
        # A single file is listed as well (developer guide, "Create an IAM role for Forecast").
        listed = stored(client, bucket, [key])
        files = [one for one in listed if not key.endswith(".csv") or one.key == key]
        names = things.names_of(dataset)
        extra = tuple(n for n in names if n not in _plain(dataset))
        columns = things.columns_of(dataset, extra)
        rows = [
            _kept(row, columns.dimensions)
            for file in files
            for row in rows_of(file.read(client), columns, names)
        ]
        if not rows:
            raise ValueError(f"there are no rows at {config['Path']}")
        before = (
            []
            if told.get("ImportMode", "FULL") == "FULL"
            else self.rows.get((job.tenant, told["DatasetArn"]), [])
        )
        self.rows[job.tenant, told["DatasetArn"]] = [*before, *rows]

    def _forecast(self, job: Job, told: Mapping[str, Any]) -> None:
        predictor = self.things.get(job.tenant, things.PREDICTOR, told["PredictorArn"])
        series, dimensions = self._series(job.tenant, predictor)
        found = self._forecasts(predictor, series, told["ForecastTypes"])
        moments = series.future(predictor["ForecastHorizon"])
        self.made[job.id] = Made(found=found, moments=moments, dimensions=dimensions)

    def _series(
        self, tenant: Tenant, predictor: Mapping[str, Any]
    ) -> tuple[SeriesSet, Sequence[str]]:
        group = self.things.get(tenant, things.GROUP, predictor["DataConfig"]["DatasetGroupArn"])
        for arn in group.get("DatasetArns", ()):
            dataset = self.things.get(tenant, things.DATASET, arn)
            rows = self.rows.get((tenant, arn))
            if rows is None:
                continue
            extra = tuple(predictor.get("ForecastDimensions", ()))
            dimensions = things.columns_of(dataset, extra).dimensions
            listed: list[Row] = [
                (tuple(row["of"][name] for name in dimensions), row["at"], row["value"])
                for row in rows
            ]
            frequency = Frequency.of(predictor["ForecastFrequency"])
            return SeriesSet.of(listed, frequency), dimensions
        raise ValueError("no target time series of the data set group was imported")

    @staticmethod
    def _forecasts(
        predictor: Mapping[str, Any], series: SeriesSet, types: Sequence[str]
    ) -> Forecasts:
        exact = [_exact(kind) for kind in types]
        return forecasts_of(series, horizon=predictor["ForecastHorizon"], types=exact)

    def _export(self, job: Job, told: Mapping[str, Any]) -> None:
        made = self.made[told["ForecastArn"]]
        config = told["Destination"]["S3Config"]
        bucket, _, folder = config["Path"].removeprefix("s3://").partition("/")
        stamp = f"{job.submitted:.0f}"
        name = f"{told['ForecastExportJobName']}_{stamp}_part0.csv"
        key = f"{folder.rstrip('/')}/{name}".lstrip("/")
        client = self.roles.client(config["RoleArn"], "s3", job.tenant[1])
        client.put_object(Bucket=bucket, Key=key, Body=_file(made).encode())


def _plain(dataset: Mapping[str, Any]) -> tuple[str, ...]:
    columns = things.columns_of(dataset)
    return (columns.timestamp, columns.target, *columns.dimensions)


def _kept(row: Row, dimensions: Sequence[str]) -> Json:
    key, moment, value = row
    return {"of": dict(zip(dimensions, key, strict=True)), "at": moment, "value": value}


def _exact(kind: str) -> str:
    """`.5` and `0.50` are `0.5`."""
    return kind if kind == "mean" else str(float(kind))


def name_of(kind: str) -> str:
    """What queries and exports call a type: `0.1` is `p10`."""
    return kind if kind == "mean" else f"p{round(float(kind) * 100)}"


def _file(made: Made) -> str:
    kinds = list(next(iter(made.found.values.values()), {}))
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow([*made.dimensions, "date", *map(name_of, kinds)])
    for key, values in made.found.values.items():
        for place, moment in enumerate(made.moments):
            writer.writerow([*key, moment.isoformat(), *(values[kind][place] for kind in kinds)])
    return sink.getvalue()


def of_item(made: Made, filters: Mapping[str, str]) -> Key | None:
    """The series that the filters name, None without one."""
    wanted = {str(name): value for name, value in filters.items()}
    if set(wanted) != set(made.dimensions):
        return None
    key = tuple(wanted[name] for name in made.dimensions)
    return key if key in made.found.values else None
