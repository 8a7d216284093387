"""Fraud Detector's operations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.frauddetector import bayes, store
from emulator.ai.frauddetector.detectors import Detectors
from emulator.ai.frauddetector.events import Events
from emulator.ai.frauddetector.models import Models, key_of
from emulator.ai.frauddetector.predictions import Predictions
from emulator.ai.frauddetector.store import Things
from emulator.ai.jobs import Job, JobKind, Jobs
from emulator.ai.pages import Paging
from emulator.ai.roles import Roles
from emulator.ai.site import Site, Tenant
from emulator.jsonapi import Json, RefusedRequestError
from emulator.seams.services import Permission

RECORDED = "recorded"
TRAINING_SECONDS = 20.0
"""How long a training takes here, on the cloud's clock."""

Told = Callable[[Tenant, Mapping[str, Any]], Json | None]
_PAGES = Paging(most=100, code="ValidationException", size="maxResults", token="nextToken")  # noqa: S106


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A kind of things that are told by name only: the noun of its operations, and its list."""

    kind: str
    noun: str
    member: str


NAMED = (
    Named(kind=store.VARIABLE, noun="Variable", member="variables"),
    Named(kind=store.LABEL, noun="Label", member="labels"),
    Named(kind=store.ENTITY_TYPE, noun="EntityType", member="entityTypes"),
    Named(kind=store.OUTCOME, noun="Outcome", member="outcomes"),
    Named(kind=store.EVENT_TYPE, noun="EventType", member="eventTypes"),
)


@dataclass(kw_only=True, slots=True)
class FraudDetector:
    """The service of one cloud."""

    site: Site
    things: Things
    events: Events
    models: Models
    detectors: Detectors
    predictions: Predictions
    trainings: Jobs

    @classmethod
    def of(cls, site: Site) -> "FraudDetector":
        """The service without anything of its own."""
        things = Things(now=site.now, recorded=site.recorded)
        roles = Roles(site=site, principal="frauddetector.amazonaws.com")
        events = Events(things=things)
        models = Models(things=things, events=events, roles=roles)
        detectors = Detectors(things=things)
        kind = JobKind(
            work=models.train, seconds=lambda _job: TRAINING_SECONDS, changed=models.settled
        )
        return cls(
            site=site,
            things=things,
            events=events,
            models=models,
            detectors=detectors,
            predictions=Predictions(
                things=things, detectors=detectors, models=models, stored=events, roles=roles
            ),
            trainings=Jobs(site, kind),
        )

    def operations(self) -> Mapping[str, Operation]:
        """What each operation answers."""
        recorded = {
            **self._of_names(),
            **self._of_lists(),
            **self._of_detectors(),
            **self._of_models(),
            "SendEvent": self.events.send,
            "GetEvent": self.events.get,
            "DeleteEvent": self.events.delete,
            "UpdateEventLabel": self.events.label,
        }
        return {
            **{name: _recorded(told) for name, told in recorded.items()},
            "CreateModelVersion": self._train,
            "GetEventPrediction": self.predictions.predict,
        }

    def _of_names(self) -> dict[str, Told]:
        told: dict[str, Told] = {}
        for named in NAMED:
            told[f"Get{named.noun}s"] = self._listed(named.kind, named.member, "name")
            told[f"Delete{named.noun}"] = self._deleted(named.kind, "name")
        for noun, kind in (
            ("Label", store.LABEL),
            ("EntityType", store.ENTITY_TYPE),
            ("Outcome", store.OUTCOME),
        ):
            told[f"Put{noun}"] = self._put(kind)
        return {
            **told,
            "PutEventType": self._put_event_type,
            "CreateVariable": self._create_variable,
            "BatchCreateVariable": self._create_variables,
            "UpdateVariable": self._update(store.VARIABLE),
        }

    def _of_lists(self) -> dict[str, Told]:
        return {
            "CreateList": self._create_list,
            "UpdateList": self._update_list,
            "DeleteList": self._deleted(store.LIST, "name"),
            "GetListsMetadata": self._listed_lists,
            "GetListElements": self._elements,
        }

    def _of_detectors(self) -> dict[str, Told]:
        detectors = self.detectors
        return {
            "PutDetector": detectors.put,
            "GetDetectors": self._listed(store.DETECTOR, "detectors", "detectorId"),
            "DescribeDetector": detectors.described,
            "DeleteDetector": detectors.delete,
            "CreateRule": detectors.create_rule,
            "UpdateRuleVersion": detectors.update_rule,
            "GetRules": lambda t, r: _PAGES.page(detectors.rules(t, r), r, member="ruleDetails"),
            "DeleteRule": lambda t, r: self.things.delete(t, store.RULE, _rule(r)),
            "CreateDetectorVersion": detectors.create_version,
            "UpdateDetectorVersion": detectors.update_version,
            "UpdateDetectorVersionStatus": detectors.set_status,
            "GetDetectorVersion": lambda t, r: detectors.version(
                t, r["detectorId"], r["detectorVersionId"]
            ),
            "DeleteDetectorVersion": detectors.delete_version,
        }

    def _of_models(self) -> dict[str, Told]:
        return {
            "CreateModel": self.models.create,
            "GetModels": self._listed_models,
            "GetModelVersion": self._model_version,
            "DescribeModelVersions": self._listed_versions,
            "UpdateModelVersionStatus": self.models.set_status,
            "PutExternalModel": lambda t, r: _nothing(
                self.things.put(t, store.EXTERNAL_MODEL, r["modelEndpoint"], r)
            ),
            "GetExternalModels": self._listed(
                store.EXTERNAL_MODEL, "externalModels", "modelEndpoint"
            ),
            "DeleteExternalModel": self._deleted(store.EXTERNAL_MODEL, "modelEndpoint"),
        }

    def _listed(self, kind: str, member: str, name: str) -> Told:
        def told(tenant: Tenant, request: Mapping[str, Any]) -> Json:
            if request.get(name) is not None:
                return {member: [self.things.get(tenant, kind, request[name])]}
            return _PAGES.page(self.things.of(tenant, kind), request, member=member)

        return told

    def _put(self, kind: str) -> Told:
        return lambda t, r: _nothing(self.things.put(t, kind, r["name"], r))

    def _update(self, kind: str) -> Told:
        def told(tenant: Tenant, request: Mapping[str, Any]) -> None:
            known = self.things.get(tenant, kind, request["name"])
            self.things.put(tenant, kind, request["name"], {**known, **request})

        return told

    def _deleted(self, kind: str, name: str) -> Told:
        return lambda t, r: self.things.delete(t, kind, r[name])

    def _put_event_type(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        for member, kind in (
            ("eventVariables", store.VARIABLE),
            ("labels", store.LABEL),
            ("entityTypes", store.ENTITY_TYPE),
        ):
            for name in request.get(member, ()):
                self.things.get(tenant, kind, name)
        self.things.put(
            tenant, store.EVENT_TYPE, request["name"], {"eventIngestion": "DISABLED", **request}
        )

    def _create_variable(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        self.things.create(tenant, store.VARIABLE, request["name"], request)

    def _create_variables(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        errors = []
        for entry in request["variableEntries"]:
            needed = ("name", "dataType", "dataSource", "defaultValue")
            missing = [name for name in needed if entry.get(name) is None]
            fault = f"{', '.join(missing)} must be given" if missing else None
            try:
                if fault is None:
                    self._create_variable(tenant, entry)
            except RefusedRequestError as error:
                fault = error.message
            if fault is not None:
                errors.append({"name": entry.get("name", ""), "code": 400, "message": fault})
        return {"errors": errors}

    def _create_list(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        self.things.create(tenant, store.LIST, request["name"], {"elements": [], **request})

    def _update_list(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        known = self.things.get(tenant, store.LIST, request["name"])
        before, given = known.get("elements", []), request.get("elements", [])
        elements = {
            "REPLACE": list(given),
            "APPEND": list(dict.fromkeys([*before, *given])),
            "REMOVE": [each for each in before if each not in set(given)],
        }[request.get("updateMode", "REPLACE")]
        told = {name: value for name, value in request.items() if name != "updateMode"}
        self.things.put(
            tenant, store.LIST, request["name"], {**known, **told, "elements": elements}
        )

    def _listed_lists(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        answer = self._listed(store.LIST, "lists", "name")(tenant, request)
        shown = [_metadata(each) for each in (answer or {})["lists"]]
        return {**(answer or {}), "lists": shown}

    def _elements(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        found = self.things.get(tenant, store.LIST, request["name"])
        pages = Paging(
            most=5000,
            code="ValidationException",
            size="maxResults",
            token="nextToken",  # noqa: S106 - a member's name
        )
        return pages.page(found.get("elements", []), request, member="elements")

    def _listed_models(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        models = self._chosen(tenant, store.MODEL, request, ("modelId", "modelType"))
        return _PAGES.page(models, request, member="models")

    def _listed_versions(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        names = ("modelId", "modelType", "modelVersionNumber")
        versions = self._chosen(tenant, store.MODEL_VERSION, request, names)
        return _PAGES.page(versions, request, member="modelVersionDetails")

    def _chosen(
        self, tenant: Tenant, kind: str, request: Mapping[str, Any], names: Sequence[str]
    ) -> list[Json]:
        asked = {name: request[name] for name in names if request.get(name) is not None}
        return [
            each
            for each in self.things.of(tenant, kind)
            if all(each[name] == value for name, value in asked.items())
        ]

    def _model_version(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        version = self.things.get(tenant, store.MODEL_VERSION, key_of(request))
        left_out = {"createdTime", "lastUpdatedTime", "trainingResult"}
        return {name: value for name, value in version.items() if name not in left_out}

    def _train(self, call: Call) -> Answer:
        version = self.models.create_version(call.tenant, call.request)
        names = ("modelId", "modelType", "modelVersionNumber")
        named = {name: version[name] for name in names}
        job = Job(
            tenant=call.tenant,
            id=version["arn"],
            request=named,
            client=call.client,
            submitted=self.site.now(),
        )
        self.trainings.start(job, call.fate)
        return Answer(body={**named, "status": version["status"]}, engine=bayes.ENGINE)


def _recorded(told: Told) -> Operation:
    def answer(call: Call) -> Answer:
        body = told(call.tenant, call.request)
        return Answer(body={} if body is None else body, engine=RECORDED)

    return answer


def _nothing(_done: Any) -> None:
    """The answer of an operation that only does something."""


def _rule(request: Mapping[str, Any]) -> str:
    rule = request["rule"]
    return f"{rule['detectorId']}/{rule['ruleId']}/{rule['ruleVersion']}"


def _metadata(found: Json) -> Json:
    told = {k: v for k, v in found.items() if k not in {"elements", "lastUpdatedTime"}}
    return {**told, "updatedTime": found["lastUpdatedTime"]}


_RESOURCES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Event": (store.EVENT_TYPE, ("eventTypeName",)),
    "EventLabel": (store.EVENT_TYPE, ("eventTypeName",)),
    "EventPrediction": (store.DETECTOR, ("detectorId",)),
    "Detector": (store.DETECTOR, ("detectorId",)),
    "Detectors": (store.DETECTOR, ("detectorId",)),
    "DetectorVersion": (store.DETECTOR_VERSION, ("detectorId", "detectorVersionId")),
    "DetectorVersionStatus": (store.DETECTOR_VERSION, ("detectorId", "detectorVersionId")),
    "Rule": (store.RULE, ("detectorId", "ruleId", "ruleVersion")),
    "Rules": (store.RULE, ("detectorId", "ruleId", "ruleVersion")),
    "RuleVersion": (store.RULE, ("detectorId", "ruleId", "ruleVersion")),
    "Model": (store.MODEL, ("modelType", "modelId")),
    "Models": (store.MODEL, ("modelType", "modelId")),
    "ModelVersion": (store.MODEL_VERSION, ("modelType", "modelId", "modelVersionNumber")),
    "ModelVersions": (store.MODEL_VERSION, ("modelType", "modelId", "modelVersionNumber")),
    "ModelVersionStatus": (store.MODEL_VERSION, ("modelType", "modelId", "modelVersionNumber")),
    "ExternalModel": (store.EXTERNAL_MODEL, ("modelEndpoint",)),
    "ExternalModels": (store.EXTERNAL_MODEL, ("modelEndpoint",)),
    "ListElements": (store.LIST, ("name",)),
    "ListsMetadata": (store.LIST, ("name",)),
    "List": (store.LIST, ("name",)),
    **{named.noun: (named.kind, ("name",)) for named in NAMED},
    **{f"{named.noun}s": (named.kind, ("name",)) for named in NAMED},
}
_VERBS = ("BatchCreate", "Create", "Put", "Get", "Describe", "Update", "Delete", "Send")


def resource(asked: Asked) -> str:
    """The thing that an operation is about; `*` stands for the names that it does not say."""
    verb = next((verb for verb in _VERBS if asked.operation.startswith(verb)), "")
    found = _RESOURCES.get(asked.operation.removeprefix(verb))
    if found is None:
        return "*"
    kind, members = found
    told = {**asked.request, **asked.request.get("rule", {})}
    return store.arn_of(asked.tenant, kind, "/".join(str(told.get(m, "*")) for m in members))


_OF_PREDICTIONS = ("detectorId", "detectorVersionId", "eventTypeName")


def also_asked(asked: Asked) -> Sequence[Permission]:
    """A prediction is asked on its detector's version and event type too; roles are passed."""
    wanted = []
    if asked.operation == "GetEventPrediction":
        told = {name: str(asked.request.get(name, "*")) for name in _OF_PREDICTIONS}
        version = f"{told['detectorId']}/{told['detectorVersionId']}"
        wanted += [
            Permission(
                action="frauddetector:GetEventPrediction",
                resource=store.arn_of(asked.tenant, kind, key),
            )
            for kind, key in (
                (store.DETECTOR_VERSION, version),
                (store.EVENT_TYPE, told["eventTypeName"]),
            )
        ]
    detail = asked.request.get("externalEventsDetail", {})
    for role in (detail.get("dataAccessRoleArn"), asked.request.get("invokeModelEndpointRoleArn")):
        if role is not None:
            passed = {"iam:PassedToService": "frauddetector.amazonaws.com"}
            wanted.append(Permission(action="iam:PassRole", resource=str(role), context=passed))
    return wanted
