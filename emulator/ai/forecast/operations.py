"""The operations of both services of Forecast."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from emulator import apimodels
from emulator.ai.forecast import things
from emulator.ai.forecast.working import DEFAULT_TYPES, Workshop, name_of, of_item
from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.jobs import Job, JobKind, Jobs
from emulator.ai.kept import ACTIVE, Kept, Kind
from emulator.ai.pages import Paging
from emulator.ai.roles import Roles
from emulator.ai.site import Site, Tenant
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated
from emulator.seams.services import Permission
from emulator.timeseries.frequency import Frequency
from emulator.timeseries.running import ENGINE, MOST_HORIZON

RECORDED = "recorded"
JOB_SECONDS = 5.0
"""How long jobs take here at the least, on the cloud's clock; engines take what they take."""

Prepare = Callable[[Kept, Tenant, Mapping[str, Any]], Json]
_PAGES = Paging(most=100, code="InvalidNextTokenException")
_WITH_JOB = (things.IMPORT, things.PREDICTOR, things.FORECAST, things.EXPORT)
_NAMES = {
    things.GROUP: "DatasetGroupName",
    things.DATASET: "DatasetName",
    things.IMPORT: "DatasetImportJobName",
    things.PREDICTOR: "PredictorName",
    things.FORECAST: "ForecastName",
    things.EXPORT: "ForecastExportJobName",
}
_DELETIONS = {
    things.GROUP: "DeleteDatasetGroup",
    things.DATASET: "DeleteDataset",
    things.IMPORT: "DeleteDatasetImportJob",
    things.PREDICTOR: "DeletePredictor",
    things.FORECAST: "DeleteForecast",
    things.EXPORT: "DeleteForecastExportJob",
}
_LISTS = {
    things.GROUP: "ListDatasetGroups",
    things.DATASET: "ListDatasets",
    things.IMPORT: "ListDatasetImportJobs",
    things.PREDICTOR: "ListPredictors",
    things.FORECAST: "ListForecasts",
    things.EXPORT: "ListForecastExportJobs",
}


@dataclass(kw_only=True, slots=True)
class Forecasting:
    """Forecast of one cloud."""

    site: Site
    shop: Workshop
    jobs: Jobs

    @classmethod
    def of(cls, site: Site) -> "Forecasting":
        """Forecast that knows what stacks declare."""
        shop = Workshop(
            things=Kept(spelling=things.SPELLING, now=site.now, recorded=site.recorded),
            roles=Roles(site=site, principal="forecast.amazonaws.com"),
        )
        kind = JobKind(work=shop.work, seconds=lambda _job: JOB_SECONDS, changed=shop.settle)
        return cls(site=site, shop=shop, jobs=Jobs(site, kind))

    def control(self) -> Mapping[str, Operation]:
        """What `forecast` answers."""
        operations: dict[str, Operation] = {}
        for kind, prepare in _PREPARATIONS:
            operations[f"Create{kind.noun}"] = partial(self._create, kind=kind, prepare=prepare)
            operations[f"Describe{kind.noun}"] = partial(self._describe, kind=kind)
            operations[_LISTS[kind]] = partial(self._list, kind=kind)
            operations[_DELETIONS[kind]] = partial(self._delete, kind=kind)
        return {
            **operations,
            "UpdateDatasetGroup": self._update_group,
            "GetAccuracyMetrics": self._metrics,
        }

    def queries(self) -> Mapping[str, Operation]:
        """What `forecastquery` answers."""
        return {"QueryForecast": self._query}

    def _create(self, call: Call, *, kind: Kind, prepare: Prepare) -> Answer:
        kept, name = self.shop.things, call.request[_NAMES[kind]]
        told = prepare(kept, call.tenant, call.request)
        with_job = kind in _WITH_JOB
        status = {"Status": things.PENDING if with_job else ACTIVE}
        path = f"{told.pop('under')}/{name}" if "under" in told else name
        made = kept.create(call.tenant, kind, path, {**told, **status})
        if with_job:
            job = Job(
                tenant=call.tenant,
                id=made[kind.arn],
                request={"kind": kind.noun},
                client=call.client,
                submitted=self.site.now(),
            )
            self.jobs.start(job, call.fate)
        engine = ENGINE if kind in (things.PREDICTOR, things.FORECAST) else RECORDED
        return Answer(body={kind.arn: made[kind.arn]}, engine=engine)

    def _describe(self, call: Call, *, kind: Kind) -> Answer:
        told = self.shop.things.get(call.tenant, kind, call.request[kind.arn])
        body = _members(f"Describe{kind.noun}", told)
        return Answer(body=body, engine=RECORDED)

    def _list(self, call: Call, *, kind: Kind) -> Answer:
        found = self.shop.things.of(call.tenant, kind)
        for asked in call.request.get("Filters", ()):
            wanted = asked["Condition"] == "IS"
            key, value = asked["Key"], asked["Value"]
            found = [each for each in found if (each.get(key) == value) is wanted]
        shape: Any = apimodels.service_model("forecast").operation_model(_LISTS[kind]).output_shape
        member = next(name for name in shape.members if name != "NextToken")
        shown = shape.members[member].member.members
        answer = _PAGES.page(
            found,
            call.request,
            member=member,
            shown=lambda told: {name: told[name] for name in shown if name in told},
        )
        return Answer(body=answer, engine=RECORDED)

    def _delete(self, call: Call, *, kind: Kind) -> Answer:
        self.shop.things.delete(call.tenant, kind, call.request[kind.arn])
        self.shop.made.pop(call.request[kind.arn], None)
        return Answer(body={}, engine=RECORDED)

    def _update_group(self, call: Call) -> Answer:
        kept, arn = self.shop.things, call.request["DatasetGroupArn"]
        kept.get(call.tenant, things.GROUP, arn)
        for dataset in call.request["DatasetArns"]:
            kept.get(call.tenant, things.DATASET, dataset)
        changes = {"DatasetArns": call.request["DatasetArns"]}
        kept.change(call.tenant, things.GROUP, arn, changes)
        return Answer(body={}, engine=RECORDED)

    def _metrics(self, call: Call) -> Answer:
        arn = call.request["PredictorArn"]
        predictor = self.shop.things.active(call.tenant, things.PREDICTOR, arn)
        found = self.shop.tested[arn]
        losses = [
            {"Quantile": float(name[4:-1]), "LossValue": value}
            for name, value in found.metrics.items()
            if name.startswith("wQL[")
        ]
        errors = {name: found.metrics[name] for name in ("WAPE", "RMSE", "MAPE", "MASE")}
        metrics = {
            "RMSE": errors["RMSE"],
            "WeightedQuantileLosses": losses,
            "ErrorMetrics": [{"ForecastType": "0.5", **errors}],
            "AverageWeightedQuantileLoss": found.metrics["AverageWeightedQuantileLoss"],
        }
        window = {
            "ItemCount": found.backtested,
            "EvaluationType": "SUMMARY",
            "Metrics": metrics,
        }
        body = {
            "PredictorEvaluationResults": [{"TestWindows": [window]}],
            "IsAutoPredictor": True,
            "OptimizationMetric": predictor.get(
                "OptimizationMetric", "AverageWeightedQuantileLoss"
            ),
        }
        return Answer(body=body, engine=ENGINE)

    def _query(self, call: Call) -> Answer:
        request = call.request
        self.shop.things.active(call.tenant, things.FORECAST, request["ForecastArn"])
        made = self.shop.made[request["ForecastArn"]]
        key = of_item(made, request["Filters"])
        if key is None:
            raise RefusedRequestError(
                "InvalidInputException",
                f"Filters name {', '.join(made.dimensions)} of one series of the forecast, "
                f"got {request['Filters']}",
            )
        start, end = (_bound(request.get(name), name) for name in ("StartDate", "EndDate"))
        predictions = {
            name_of(kind): [
                {"Timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S"), "Value": value}
                for moment, value in zip(made.moments, values, strict=True)
                if (start is None or _naive(moment) >= start)
                and (end is None or _naive(moment) <= end)
            ]
            for kind, values in made.found.values[key].items()
        }
        return Answer(body={"Forecast": {"Predictions": predictions}}, engine=ENGINE)


def _members(operation: str, told: Mapping[str, Any]) -> Json:
    shape: Any = apimodels.service_model("forecast").operation_model(operation).output_shape
    return {name: told[name] for name in shape.members if name in told}


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _bound(text: str | None, member: str) -> datetime | None:
    if text is None:
        return None
    try:
        return _naive(datetime.fromisoformat(text))
    except ValueError as error:
        raise RefusedRequestError(
            "InvalidInputException", f"{member} is yyyy-MM-dd'T'HH:mm:ss, got {text!r}"
        ) from error


def _group(kept: Kept, tenant: Tenant, request: Mapping[str, Any]) -> Json:
    for arn in request.get("DatasetArns", ()):
        kept.get(tenant, things.DATASET, arn)
    return {"DatasetArns": [], **request}


def _dataset(_kept: Kept, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
    things.require_dataset(request)
    return dict(request)


def _import(kept: Kept, tenant: Tenant, request: Mapping[str, Any]) -> Json:
    dataset = kept.get(tenant, things.DATASET, request["DatasetArn"])
    things.require_dataset(dataset)
    if request.get("Format", "CSV") != "CSV":
        raise RefusedRequestError(NOT_EMULATED, not_emulated("files in Parquet"))
    return {**request, "under": dataset["DatasetName"]}


def _predictor(kept: Kept, tenant: Tenant, request: Mapping[str, Any]) -> Json:
    config = request.get("DataConfig")
    needed = ("ForecastHorizon", "ForecastFrequency", "DataConfig")
    wrong = [f"{name} must be given" for name in needed if request.get(name) is None]
    horizon = request.get("ForecastHorizon", 1)
    if not 1 <= horizon <= MOST_HORIZON:
        wrong.append(f"ForecastHorizon is from 1 to {MOST_HORIZON}, got {horizon}")
    if wrong or config is None:
        raise RefusedRequestError("InvalidInputException", "; ".join(wrong))
    unemulated = [n for n in ("ReferencePredictorArn", "MonitorConfig") if request.get(n)]
    unemulated += [f"DataConfig.{n}" for n in ("AdditionalDatasets",) if config.get(n)]
    if unemulated:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(", ".join(unemulated)))
    try:
        Frequency.of(request["ForecastFrequency"])
    except ValueError as error:
        raise RefusedRequestError("InvalidInputException", str(error)) from error
    kept.get(tenant, things.GROUP, config["DatasetGroupArn"])
    return {"ForecastTypes": list(DEFAULT_TYPES), **request}


def _forecast(kept: Kept, tenant: Tenant, request: Mapping[str, Any]) -> Json:
    predictor = kept.active(tenant, things.PREDICTOR, request["PredictorArn"])
    if request.get("TimeSeriesSelector") is not None:
        raise RefusedRequestError(NOT_EMULATED, not_emulated("TimeSeriesSelector"))
    return {
        "ForecastTypes": predictor["ForecastTypes"],
        "DatasetGroupArn": predictor["DataConfig"]["DatasetGroupArn"],
        **request,
    }


def _export(kept: Kept, tenant: Tenant, request: Mapping[str, Any]) -> Json:
    kept.active(tenant, things.FORECAST, request["ForecastArn"])
    if request.get("Format", "CSV") != "CSV":
        raise RefusedRequestError(NOT_EMULATED, not_emulated("files in Parquet"))
    return dict(request)


_PREPARATIONS: Sequence[tuple[Kind, Prepare]] = (
    (things.GROUP, _group),
    (things.DATASET, _dataset),
    (things.IMPORT, _import),
    (things.PREDICTOR, _predictor),
    (things.FORECAST, _forecast),
    (things.EXPORT, _export),
)


_ASKED_ON: Mapping[str, str] = {
    "CreateForecast": "PredictorArn",
    "CreateForecastExportJob": "ForecastArn",
    "GetAccuracyMetrics": "PredictorArn",
    "UpdateDatasetGroup": "DatasetGroupArn",
    **{f"Describe{kind.noun}": kind.arn for kind, _ in _PREPARATIONS},
    **{_DELETIONS[kind]: kind.arn for kind, _ in _PREPARATIONS},
}
"""Members whose ARN an operation is asked on: a forecast is made on its predictor, for example."""


def resource(asked: Asked) -> str:
    """What permission is asked on; `*` of operations that take no resource, such as lists.

    Source: Service Authorization Reference, "Actions defined by Amazon Forecast".
    """
    member = _ASKED_ON.get(asked.operation)
    if member is not None:
        return str(asked.request.get(member, "*"))
    made = {f"Create{kind.noun}": kind for kind in (things.DATASET, things.GROUP, things.IMPORT)}
    kind = made.get(asked.operation)
    return "*" if kind is None else _arn_to_be(kind, asked)


def _arn_to_be(kind: Kind, asked: Asked) -> str:
    """The ARN that a new thing will have; that of an import has its data set's name, too."""
    name = str(asked.request.get(_NAMES[kind], "*"))
    if kind is things.IMPORT:
        name = f"{str(asked.request.get('DatasetArn', '*')).rpartition('/')[2]}/{name}"
    account, region = asked.tenant
    return f"arn:aws:forecast:{region}:{account}:{kind.path}/{name}"


def query_resource(asked: Asked) -> str:
    """The forecast that is asked."""
    return str(asked.request.get("ForecastArn", "*"))


def also_asked(asked: Asked) -> Sequence[Permission]:
    """Roles have to be passed."""
    request = asked.request
    configs = [request.get(name, {}).get("S3Config", {}) for name in ("DataSource", "Destination")]
    passed = {"iam:PassedToService": "forecast.amazonaws.com"}
    return [
        Permission(action="iam:PassRole", resource=str(config["RoleArn"]), context=passed)
        for config in configs
        if config.get("RoleArn") is not None
    ]
