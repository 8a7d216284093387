"""Models and their versions: trained on stored events or on a file in S3, by naive Bayes."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from botocore.utils import parse_timestamp

from emulator.ai.frauddetector import store
from emulator.ai.frauddetector.bayes import FraudModel, UntrainableError
from emulator.ai.frauddetector.events import Events, value_of
from emulator.ai.frauddetector.store import Things
from emulator.ai.jobs import Job, JobFailedError
from emulator.ai.roles import Roles
from emulator.ai.searching.crawling import Stored
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

IN_PROGRESS, COMPLETE, ERROR = "TRAINING_IN_PROGRESS", "TRAINING_COMPLETE", "ERROR"
LABEL_COLUMN, MOMENT_COLUMN = "EVENT_LABEL", "EVENT_TIMESTAMP"

Example = tuple[Mapping[str, Any], bool]


def key_of(version: Mapping[str, Any]) -> str:
    """The key of a model version."""
    return f"{version['modelType']}/{version['modelId']}/{version['modelVersionNumber']}"


@dataclass(kw_only=True, slots=True)
class Models:
    """The models of every account and region; what was trained, by the version's ARN."""

    things: Things
    events: Events
    roles: Roles
    _trained: dict[str, FraudModel] = field(default_factory=dict)

    def create(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """There is a model, without a version."""
        self.things.get(tenant, store.EVENT_TYPE, request["eventTypeName"])
        key = f"{request['modelType']}/{request['modelId']}"
        self.things.create(tenant, store.MODEL, key, request)

    def create_version(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """There is a version that is being trained; its description."""
        model = self.things.get(tenant, store.MODEL, f"{request['modelType']}/{request['modelId']}")
        self._require_trainable(tenant, model, request)
        known = [
            version
            for version in self.things.of(tenant, store.MODEL_VERSION)
            if (version["modelType"], version["modelId"])
            == (request["modelType"], request["modelId"])
        ]
        number = {"modelVersionNumber": f"{len(known) + 1}.0", "status": IN_PROGRESS}
        described = {**request, **number}
        return self.things.create(tenant, store.MODEL_VERSION, key_of(described), described)

    def train(self, job: Job) -> Json:
        """The job's version is trained; JobFailedError says why it is not."""
        version = self.things.get(job.tenant, store.MODEL_VERSION, key_of(job.request))
        schema = version["trainingDataSchema"]
        try:
            examples = list(self._examples(job.tenant, version))
            model = FraudModel.trained(examples, schema["modelVariables"])
        except (UntrainableError, ValueError) as error:
            raise JobFailedError(str(error)) from error
        self._trained[version["arn"]] = model
        return {}

    def settled(self, job: Job) -> None:
        """The version's status is what became of its training."""
        if not job.state.ended:
            return
        key = key_of(job.request)
        version = self.things.get(job.tenant, store.MODEL_VERSION, key)
        status = COMPLETE if job.failure is None else ERROR
        told = {**version, "status": status}
        if job.failure is not None:
            told["trainingResult"] = _failure(job.failure)
        self.things.put(job.tenant, store.MODEL_VERSION, key, told)

    def set_status(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """The trained version is active, or is not any more."""
        version = self.things.get(tenant, store.MODEL_VERSION, key_of(request))
        if version["status"] in {IN_PROGRESS, ERROR} or version["arn"] not in self._trained:
            raise RefusedRequestError(
                "ValidationException",
                f"The model version {key_of(request)} is {version['status']}: "
                "only trained ones change their status",
            )
        self.things.put(
            tenant, store.MODEL_VERSION, key_of(request), {**version, "status": request["status"]}
        )

    def score(self, tenant: Tenant, version: Mapping[str, Any], values: Mapping[str, Any]) -> float:
        """What the active version scores such an event."""
        told = self.things.get(tenant, store.MODEL_VERSION, key_of(version))
        if told["status"] != "ACTIVE":
            raise RefusedRequestError(
                "ResourceUnavailableException",
                f"The model version {key_of(version)} is {told['status']}: set it to ACTIVE",
            )
        return self._trained[told["arn"]].score(values)

    def _require_trainable(
        self, tenant: Tenant, model: Mapping[str, Any], request: Mapping[str, Any]
    ) -> None:
        schema = request["trainingDataSchema"]
        event_type = self.things.get(tenant, store.EVENT_TYPE, model["eventTypeName"])
        unknown = sorted(set(schema["modelVariables"]) - set(event_type["eventVariables"]))
        wrong = [f"the event type {event_type['name']} has no variable {name}" for name in unknown]
        mapper = schema.get("labelSchema", {}).get("labelMapper", {})
        if not {"FRAUD", "LEGIT"} <= set(mapper):
            wrong.append("labelMapper must say which labels are FRAUD and which are LEGIT")
        external = request["trainingDataSource"] == "EXTERNAL_EVENTS"
        detail = "externalEventsDetail" if external else "ingestedEventsDetail"
        if request.get(detail) is None:
            wrong.append(f"{request['trainingDataSource']} need {detail}")
        if wrong:
            raise RefusedRequestError("ValidationException", "; ".join(wrong))

    def _examples(self, tenant: Tenant, version: Mapping[str, Any]) -> Iterator[Example]:
        schema = version["trainingDataSchema"]
        mapper = schema["labelSchema"]["labelMapper"]
        meaning = {label: what == "FRAUD" for what, labels in mapper.items() for label in labels}
        variables = {
            name: self.things.get(tenant, store.VARIABLE, name) for name in schema["modelVariables"]
        }
        for texts, label in self._rows(tenant, version):
            if label not in meaning:
                continue
            values = {
                name: value_of(variable, texts[name])
                for name, variable in variables.items()
                if texts.get(name)
            }
            yield values, meaning[label]

    def _rows(
        self, tenant: Tenant, version: Mapping[str, Any]
    ) -> Iterator[tuple[Mapping[str, str], str]]:
        if version["trainingDataSource"] == "EXTERNAL_EVENTS":
            yield from self._file_rows(tenant, version)
            return
        model = self.things.get(tenant, store.MODEL, f"{version['modelType']}/{version['modelId']}")
        window = version["ingestedEventsDetail"]["ingestedEventsTimeWindow"]
        start, end = (parse_timestamp(window[name]) for name in ("startTime", "endTime"))
        for event in self.events.labelled(tenant, model["eventTypeName"]):
            if start <= parse_timestamp(event["eventTimestamp"]) <= end:
                yield event["eventVariables"], event["currentLabel"]

    def _file_rows(
        self, tenant: Tenant, version: Mapping[str, Any]
    ) -> Iterator[tuple[Mapping[str, str], str]]:
        detail = version["externalEventsDetail"]
        bucket, _, key = detail["dataLocation"].removeprefix("s3://").partition("/")
        try:
            client = self.roles.client(detail["dataAccessRoleArn"], "s3", tenant[1])
            content = Stored(bucket=bucket, key=key, version="").read(client)
        except (PermissionError, ClientError) as error:
            raise JobFailedError(f"{detail['dataLocation']}: {error}") from error
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        _require_columns(
            rows.fieldnames, [*version["trainingDataSchema"]["modelVariables"], LABEL_COLUMN]
        )
        for row in rows:
            yield row, row[LABEL_COLUMN]


def _require_columns(found: Sequence[str] | None, needed: Sequence[str]) -> None:
    wanted = [*needed, MOMENT_COLUMN]
    missing = [name for name in wanted if name not in (found or ())]
    if missing:
        raise JobFailedError(f"the file has no column {', '.join(missing)}")


def _failure(sentence: str) -> Json:
    told = {"title": "Training failed", "content": sentence, "type": "ERROR"}
    return {"dataValidationMetrics": {"fileLevelMessages": [told]}}
