"""What a detector says of an event: model scores, and the outcomes of the rules that hold."""

import base64
import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.frame import Answer, Call
from emulator.ai.frauddetector import bayes, events, store
from emulator.ai.frauddetector.detectors import SCORE_SUFFIX, Detectors, rule_key
from emulator.ai.frauddetector.events import Events, value_of
from emulator.ai.frauddetector.models import Models, key_of
from emulator.ai.frauddetector.store import Things
from emulator.ai.roles import Roles
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

RULES_ENGINE = "rules"


@dataclass(frozen=True, kw_only=True, slots=True)
class Predictions:
    """Predictions of every account and region."""

    things: Things
    detectors: Detectors
    models: Models
    stored: Events
    roles: Roles

    def predict(self, call: Call) -> Answer:
        """The scores and outcomes; the event is stored if its type stores events."""
        request, tenant = call.request, call.tenant
        version = self.detectors.version(
            tenant, request["detectorId"], request.get("detectorVersionId")
        )
        event_type = self._event_type(tenant, request)
        values = self._values(tenant, event_type, request)
        scores = self._scores(tenant, version, values)
        outputs = self._external(call, version, values)
        named = {
            f"{told['modelVersion']['modelId']}{SCORE_SUFFIX}": score
            for told in scores
            for score in told["scores"].values()
        }
        results = self._results(tenant, version, {**values, **named})
        if event_type.get("eventIngestion") == "ENABLED":
            self.stored.keep(tenant, request)
        body = {"modelScores": scores, "ruleResults": results, "externalModelOutputs": outputs}
        engines = [RULES_ENGINE, *([bayes.ENGINE] if scores else [])]
        engines += ["sagemaker-endpoint"] if outputs else []
        return Answer(body=body, engine="+".join(engines))

    def _event_type(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The type of the event, which must be the detector's and allow the event."""
        detector = self.things.get(tenant, store.DETECTOR, request["detectorId"])
        event_type = self.things.get(tenant, store.EVENT_TYPE, request["eventTypeName"])
        wrong = events.faults(event_type, request)
        if detector["eventTypeName"] != request["eventTypeName"]:
            wrong.append(
                f"the detector {request['detectorId']} is for events of the type "
                f"{detector['eventTypeName']}, got {request['eventTypeName']}"
            )
        if wrong:
            raise RefusedRequestError("ValidationException", "; ".join(wrong))
        return event_type

    def _values(self, tenant: Tenant, event_type: Json, request: Mapping[str, Any]) -> Json:
        """The variables' values: the event's, else their defaults."""
        values, wrong = {}, []
        names = {*event_type["eventVariables"]}
        for variable in self.things.of(tenant, store.VARIABLE):
            name = variable["name"]
            if name not in names and variable["dataSource"] == "EVENT":
                continue
            text = request["eventVariables"].get(name, variable["defaultValue"])
            try:
                values[name] = value_of(variable, text)
            except ValueError as error:
                wrong.append(str(error))
        if wrong:
            raise RefusedRequestError("ValidationException", "; ".join(wrong))
        return values

    def _scores(self, tenant: Tenant, version: Json, values: Json) -> list[Json]:
        scores = []
        for model in version.get("modelVersions", ()):
            name = f"{model['modelId']}{SCORE_SUFFIX}"
            arn = store.arn_of(tenant, store.MODEL_VERSION, key_of(model))
            score = self.models.score(tenant, model, values)
            scores.append({"modelVersion": {**model, "arn": arn}, "scores": {name: score}})
        return scores

    def _results(self, tenant: Tenant, version: Json, values: Json) -> list[Json]:
        """The outcomes of the first rule that holds, or of all that do."""
        lists = {
            each["name"]: frozenset(each.get("elements", ()))
            for each in self.things.of(tenant, store.LIST)
        }
        results = []
        for reference in version["rules"]:
            told = self.things.get(tenant, store.RULE, rule_key(reference))
            rule = self.detectors.parsed(tenant, version["detectorId"], told["expression"])
            if rule.holds(values, lists):
                results.append({"ruleId": told["ruleId"], "outcomes": told["outcomes"]})
                if version.get("ruleExecutionMode") != "ALL_MATCHED":
                    break
        return results

    def _external(self, call: Call, version: Json, values: Json) -> list[Json]:
        """What SageMaker endpoints answer; their outputs become variables of the rules."""
        outputs = []
        for endpoint in version.get("externalModelEndpoints", ()):
            model = self.things.get(call.tenant, store.EXTERNAL_MODEL, endpoint)
            found = self._invoked(call, model, values)
            for name, text in found.items():
                variable = self.things.get(call.tenant, store.VARIABLE, name)
                values[name] = value_of(variable, text)
            told = {"modelEndpoint": endpoint, "modelSource": "SAGEMAKER"}
            outputs.append({"externalModel": told, "outputs": found})
        return outputs

    def _invoked(self, call: Call, model: Json, values: Json) -> dict[str, str]:
        endpoint = model["modelEndpoint"]
        content_type, body = _input(call.request, model, values)
        role = model["invokeModelEndpointRoleArn"]
        try:
            runtime = self.roles.client(role, "sagemaker-runtime", call.tenant[1])
            answer = runtime.invoke_endpoint(
                EndpointName=endpoint, ContentType=content_type, Body=body
            )
        except (PermissionError, ClientError) as error:
            raise RefusedRequestError(
                "ResourceUnavailableException", f"The endpoint {endpoint}: {error}"
            ) from error
        return _output(answer["Body"].read().decode(), model["outputConfiguration"])


def _input(request: Mapping[str, Any], model: Json, values: Json) -> tuple[str, bytes]:
    """The endpoint's content type and body: given with the event, or by the model's template."""
    given = request.get("externalModelEndpointDataBlobs", {}).get(model["modelEndpoint"])
    configured = model["inputConfiguration"]
    if given is not None and not configured["useEventVariables"]:
        return given.get("contentType", "text/csv"), base64.b64decode(given["byteBuffer"])
    as_csv = configured.get("format", "TEXT_CSV") == "TEXT_CSV"
    template = configured.get("csvInputTemplate" if as_csv else "jsonInputTemplate", "")
    for name in sorted(values, key=len, reverse=True):
        template = template.replace(f"{{{{{name}}}}}", str(values[name]))
    return ("text/csv" if as_csv else "application/json"), template.encode()


def _output(text: str, configured: Mapping[str, Any]) -> dict[str, str]:
    """The variables that an endpoint's answer holds, by the model's map."""
    if configured["format"] == "TEXT_CSV":
        row = next(csv.reader(io.StringIO(text)), [])
        known = {str(index): cell for index, cell in enumerate(row)}
        return {
            name: known[index]
            for index, name in configured.get("csvIndexToVariableMap", {}).items()
            if index in known
        }
    told = json.loads(text.splitlines()[0])
    return {
        name: str(told[key])
        for key, name in configured.get("jsonKeyToVariableMap", {}).items()
        if key in told
    }
