"""Detectors: their rules and versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.frauddetector import store
from emulator.ai.frauddetector.events import KINDS
from emulator.ai.frauddetector.models import key_of
from emulator.ai.frauddetector.rulelanguage import NUMBER, Rule, rule_of
from emulator.ai.frauddetector.store import Things
from emulator.ai.frauddetector.tokens import RuleError, UnknownFunctionError
from emulator.ai.site import Tenant
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

DRAFT, ACTIVE, INACTIVE = "DRAFT", "ACTIVE", "INACTIVE"
SCORE_SUFFIX = "_insightscore"
"""Rules know a model's score as a variable of the model's name and this."""


def rule_key(rule: Mapping[str, Any]) -> str:
    """The key of a rule's version."""
    return f"{rule['detectorId']}/{rule['ruleId']}/{rule['ruleVersion']}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Detectors:
    """The detectors of every account and region."""

    things: Things

    def put(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """There is such a detector."""
        self.things.get(tenant, store.EVENT_TYPE, request["eventTypeName"])
        self.things.put(tenant, store.DETECTOR, request["detectorId"], request)

    def described(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The detector with its versions."""
        detector = self.things.get(tenant, store.DETECTOR, request["detectorId"])
        summaries = [
            {
                name: version[name]
                for name in ("detectorVersionId", "status", "description", "lastUpdatedTime")
                if name in version
            }
            for version in self.versions(tenant, request["detectorId"])
        ]
        return {
            "detectorId": detector["detectorId"],
            "detectorVersionSummaries": summaries,
            "arn": detector["arn"],
        }

    def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """The detector is gone; it must not have versions."""
        name = request["detectorId"]
        if self.versions(tenant, name):
            raise RefusedRequestError(
                "ConflictException", f"The detector {name} has versions: delete them first"
            )
        self.things.delete(tenant, store.DETECTOR, name)

    def create_rule(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """There is the first version of a rule."""
        reference = {
            "detectorId": request["detectorId"],
            "ruleId": request["ruleId"],
            "ruleVersion": "1",
        }
        self._require_rule(tenant, request["detectorId"], request)
        self.things.create(tenant, store.RULE, rule_key(reference), {**request, **reference})
        return {"rule": reference}

    def update_rule(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """There is another version of a rule."""
        before = request["rule"]
        self.things.get(tenant, store.RULE, rule_key(before))
        self._require_rule(tenant, before["detectorId"], request)
        versions = [
            int(rule["ruleVersion"])
            for rule in self.rules(tenant, {"detectorId": before["detectorId"]})
            if rule["ruleId"] == before["ruleId"]
        ]
        reference = {**before, "ruleVersion": str(max(versions) + 1)}
        told = {name: value for name, value in request.items() if name != "rule"}
        self.things.create(tenant, store.RULE, rule_key(reference), {**told, **reference})
        return {"rule": reference}

    def rules(self, tenant: Tenant, request: Mapping[str, Any]) -> list[Json]:
        """The rules of a detector, of one name or version if the request says so."""
        self.things.get(tenant, store.DETECTOR, request["detectorId"])
        asked = {
            name: request[name]
            for name in ("detectorId", "ruleId", "ruleVersion")
            if request.get(name) is not None
        }
        return [
            rule
            for rule in self.things.of(tenant, store.RULE)
            if all(rule[name] == value for name, value in asked.items())
        ]

    def create_version(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """There is a draft of a detector's next version."""
        detector = self.things.get(tenant, store.DETECTOR, request["detectorId"])
        self._require_parts(tenant, request)
        numbers = [
            int(v["detectorVersionId"]) for v in self.versions(tenant, request["detectorId"])
        ]
        number = str(max(numbers, default=0) + 1)
        told = {
            "externalModelEndpoints": [],
            "modelVersions": [],
            "ruleExecutionMode": "FIRST_MATCHED",
            **request,
            "detectorVersionId": number,
            "status": DRAFT,
        }
        self.things.create(
            tenant, store.DETECTOR_VERSION, f"{detector['detectorId']}/{number}", told
        )
        return {name: told[name] for name in ("detectorId", "detectorVersionId", "status")}

    def update_version(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """The draft has these rules and models."""
        known = self.version(tenant, request["detectorId"], request["detectorVersionId"])
        if known["status"] != DRAFT:
            raise RefusedRequestError(
                "ConflictException",
                f"Version {request['detectorVersionId']} is {known['status']}: "
                "only a DRAFT can be changed",
            )
        self._require_parts(tenant, request)
        self.things.put(tenant, store.DETECTOR_VERSION, _version_key(request), {**known, **request})

    def set_status(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """The version has the status; if it is active, no other one is."""
        version = self.version(tenant, request["detectorId"], request["detectorVersionId"])
        if request["status"] == ACTIVE:
            for other in self.versions(tenant, request["detectorId"]):
                if other["status"] == ACTIVE:
                    retired = {**other, "status": INACTIVE}
                    self.things.put(tenant, store.DETECTOR_VERSION, _version_key(other), retired)
        self.things.put(
            tenant,
            store.DETECTOR_VERSION,
            _version_key(request),
            {**version, "status": request["status"]},
        )

    def delete_version(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        """The version is gone; an active one must be deactivated first."""
        version = self.version(tenant, request["detectorId"], request["detectorVersionId"])
        if version["status"] == ACTIVE:
            raise RefusedRequestError(
                "ConflictException",
                f"Version {request['detectorVersionId']} is ACTIVE: set it to INACTIVE first",
            )
        self.things.delete(tenant, store.DETECTOR_VERSION, _version_key(request))

    def versions(self, tenant: Tenant, detector_id: str) -> list[Json]:
        """All versions of a detector."""
        return [
            version
            for version in self.things.of(tenant, store.DETECTOR_VERSION)
            if version["detectorId"] == detector_id
        ]

    def version(self, tenant: Tenant, detector_id: str, number: str | None) -> Json:
        """That version, the active one without a number; ResourceNotFoundException without it."""
        self.things.get(tenant, store.DETECTOR, detector_id)
        if number is not None:
            return self.things.get(tenant, store.DETECTOR_VERSION, f"{detector_id}/{number}")
        for version in self.versions(tenant, detector_id):
            if version["status"] == ACTIVE:
                return version
        raise RefusedRequestError(
            "ResourceNotFoundException", f"The detector {detector_id} has no ACTIVE version"
        )

    def parsed(self, tenant: Tenant, detector_id: str, expression: str) -> Rule:
        """The rule of an expression over the variables of the detector's event type.

        RuleError if it is none.
        """
        detector = self.things.get(tenant, store.DETECTOR, detector_id)
        event_type = self.things.get(tenant, store.EVENT_TYPE, detector["eventTypeName"])
        variables = self.things.of(tenant, store.VARIABLE)
        kinds = {
            variable["name"]: KINDS[variable["dataType"]]
            for variable in variables
            if variable["name"] in event_type["eventVariables"] or variable["dataSource"] != "EVENT"
        }
        models = self.things.of(tenant, store.MODEL)
        scores = {f"{model['modelId']}{SCORE_SUFFIX}": NUMBER for model in models}
        lists = [each["name"] for each in self.things.of(tenant, store.LIST)]
        return rule_of(expression, {**kinds, **scores}, lists)

    def _require_rule(self, tenant: Tenant, detector_id: str, request: Mapping[str, Any]) -> None:
        for outcome in request["outcomes"]:
            self.things.get(tenant, store.OUTCOME, outcome)
        try:
            self.parsed(tenant, detector_id, request["expression"])
        except UnknownFunctionError as error:
            raise RefusedRequestError(NOT_EMULATED, not_emulated(str(error))) from error
        except RuleError as error:
            raise RefusedRequestError(
                "ValidationException", f"The expression is not valid: {error}"
            ) from error

    def _require_parts(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        for rule in request["rules"]:
            self.things.get(tenant, store.RULE, rule_key(rule))
        for endpoint in request.get("externalModelEndpoints", ()):
            self.things.get(tenant, store.EXTERNAL_MODEL, endpoint)
        for model in request.get("modelVersions", ()):
            version = self.things.get(tenant, store.MODEL_VERSION, key_of(model))
            if version["status"] != ACTIVE:
                raise RefusedRequestError(
                    "ValidationException",
                    f"The model version {key_of(model)} is {version['status']}, not ACTIVE",
                )


def _version_key(version: Mapping[str, Any]) -> str:
    return f"{version['detectorId']}/{version['detectorVersionId']}"
