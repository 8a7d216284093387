"""Stacks' `AWS::FraudDetector::*` resources as Fraud Detector's own API describes them.

A detector in a template brings along its event type, rules, and what they name (`Inline: true`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emulator.ai.site import Tenant
from emulator.cloudformation.generic import RecordedResource
from emulator.jsonapi import Json

_NAMED = {
    "AWS::FraudDetector::Variable": "variable",
    "AWS::FraudDetector::Label": "label",
    "AWS::FraudDetector::EntityType": "entity-type",
    "AWS::FraudDetector::Outcome": "outcome",
    "AWS::FraudDetector::List": "list",
}
_EVENT_TYPE, _DETECTOR = "AWS::FraudDetector::EventType", "AWS::FraudDetector::Detector"
_PARTS = (
    ("EventVariables", "variable"),
    ("Labels", "label"),
    ("EntityTypes", "entity-type"),
)

Found = tuple[str, str, Json]
"""Kind, key, description."""


def declared_of(recorded: Sequence[RecordedResource], tenant: Tenant, kind: str) -> dict[str, Json]:
    """The descriptions of that kind in the tenant's stacks, by key."""
    mine = (r for r in recorded if (r.account, r.region) == tenant)
    return {
        key: told
        for resource in mine
        for found, key, told in _found(resource.type_name, resource.properties)
        if found == kind
    }


def _found(type_name: str, properties: Mapping[str, Any]) -> Iterator[Found]:
    if type_name in _NAMED:
        yield _NAMED[type_name], properties["Name"], _spelled(properties)
    elif type_name == _EVENT_TYPE:
        yield from _event_type(properties)
    elif type_name == _DETECTOR:
        yield from _detector(properties)


def _event_type(properties: Mapping[str, Any]) -> Iterator[Found]:
    for member, kind in _PARTS:
        for part in properties.get(member, ()):
            if part.get("Name") is not None:
                yield kind, part["Name"], _spelled(part)
    named = {
        member[0].lower() + member[1:]: [_name(part) for part in properties.get(member, ())]
        for member, _ in _PARTS
    }
    described = {"name": properties["Name"], "eventIngestion": "ENABLED", **named}
    yield "event-type", properties["Name"], described


def _detector(properties: Mapping[str, Any]) -> Iterator[Found]:
    name, event_type = properties["DetectorId"], properties["EventType"]
    if event_type.get("Name") is not None:
        yield from _event_type(event_type)
    yield "detector", name, {"detectorId": name, "eventTypeName": _name(event_type)}
    rules = []
    for rule in properties["Rules"]:
        rule_id = rule["RuleId"]
        outcomes = rule.get("Outcomes", ())
        for outcome in outcomes:
            if outcome.get("Name") is not None:
                yield "outcome", outcome["Name"], _spelled(outcome)
        reference = {"detectorId": name, "ruleId": rule_id, "ruleVersion": "1"}
        rules.append(reference)
        described = {
            **reference,
            "expression": rule["Expression"],
            "language": rule.get("Language", "DETECTORPL"),
            "outcomes": [_name(outcome) for outcome in outcomes],
        }
        yield "rule", f"{name}/{rule_id}/1", described
    yield "detector-version", f"{name}/1", _version(name, rules, properties)


def _version(name: str, rules: list[Json], properties: Mapping[str, Any]) -> Json:
    models = [_model(each["Arn"]) for each in properties.get("AssociatedModels", ())]
    return {
        "detectorId": name,
        "detectorVersionId": "1",
        "rules": rules,
        "modelVersions": [model for model in models if model is not None],
        "externalModelEndpoints": [
            each["Arn"].rpartition("/")[2]
            for each in properties.get("AssociatedModels", ())
            if ":external-model/" in each["Arn"]
        ],
        "status": properties.get("DetectorVersionStatus", "DRAFT"),
        "ruleExecutionMode": properties.get("RuleExecutionMode", "FIRST_MATCHED"),
    }


def _model(arn: str) -> Json | None:
    """`...:model-version/ONLINE_FRAUD_INSIGHTS/name/1.0`."""
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    if kind != "model-version":
        return None
    model_type, name, version = rest.split("/")
    return {"modelType": model_type, "modelId": name, "modelVersionNumber": version}


def _name(part: Mapping[str, Any]) -> str:
    """What a part is called, by its name or its ARN."""
    name: str = part["Name"] if part.get("Name") is not None else part["Arn"].rpartition("/")[2]
    return name


def _spelled(properties: Mapping[str, Any]) -> Json:
    kept = ("Name", "Description", "DataSource", "DataType", "DefaultValue", "VariableType")
    told = {key[0].lower() + key[1:]: properties[key] for key in kept if key in properties}
    return {**told, "elements": properties["Elements"]} if "Elements" in properties else told
