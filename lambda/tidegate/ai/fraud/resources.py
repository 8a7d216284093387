"""What the service needs on AWS beside its functions: the event store, and perhaps a detector."""

from collections.abc import Mapping
from typing import Any

from tidegate.ai.fraud.detectorpl import expression_of
from tidegate.ai.fraud.events import default_of
from tidegate.ai.fraud.judging import CUSTOMER, DETECTOR, ENDPOINT, PREFIX
from tidegate.ai.fraud.outcomes import LABELS
from tidegate.ai.fraud.rules import DECISIONS, NUMBER, TICK, Rule, rules_of
from tidegate.ai.fraud.settings import CLOSED, FRAUD_DETECTOR, FraudSettings, Variable
from tidegate.ai.fraud.store import TABLE
from tidegate.ai.kind import Place, Resources

Template = Mapping[str, Any]

TABLE_ID, DETECTOR_ID = "Events", "Detector"
_CLOSED_RULES = ("closed-service", "W3696")
"""What the template gate and cfn-lint say of types of a closed service."""
_TYPES = {NUMBER: ("FLOAT", "NUMERIC"), TICK: ("BOOLEAN", "CATEGORICAL")}
_TEXT = ("STRING", "CATEGORICAL")


def prefix_of(place: Place) -> str:
    """What names in Fraud Detector begin with: they are the whole account's."""
    return place.prefix.replace("-", "_")


def endpoint_of(settings: FraudSettings, place: Place) -> str | None:
    """The endpoint's name in the stage."""
    return None if settings.endpoint is None else settings.endpoint.replace("{stage}", place.stage)


def resources_of(settings: FraudSettings, place: Place) -> Resources:
    """The store, and of the closed engine the detector with all that it names."""
    told = {TABLE: f"${{{TABLE_ID}}}"}
    endpoint = endpoint_of(settings, place)
    if endpoint is not None:
        told[ENDPOINT] = endpoint
    templates: dict[str, Template] = {TABLE_ID: _table()}
    if settings.engine == FRAUD_DETECTOR:
        told |= {DETECTOR: place.prefix, PREFIX: prefix_of(place)}
        templates |= _detector(settings, place)
    return Resources(templates=templates, told=told)


def _table() -> Template:
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True},
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
        },
    }


def _closed(kind: str, properties: Template) -> Template:
    reason = (
        f"Fraud Detector is closed to new customers since {CLOSED}, whose accounts are refused; "
        "engine: model decides by the same rules, and a SageMaker endpoint where there is one"
    )
    rows = [{"rule": rule, "reason": reason} for rule in _CLOSED_RULES]
    known = {"tidegate": {"acknowledged": rows}}
    return {
        "Type": f"AWS::FraudDetector::{kind}",
        "Metadata": known,
        "Properties": properties,
    }


def _arn(id_: str) -> Template:
    return {"Arn": {"Fn::GetAtt": [id_, "Arn"]}}


def _id(kind: str, name: str) -> str:
    return f"{kind}{''.join(part.capitalize() for part in name.split('_'))}"


def _detector(settings: FraudSettings, place: Place) -> dict[str, Template]:
    prefix = prefix_of(place)
    named: dict[str, dict[str, Template]] = {
        "Variable": {name: _variable(v) for name, v in settings.variables.items()},
        "Label": {label: {} for label in LABELS},
        "EntityType": {CUSTOMER: {}},
        "Outcome": {decision: {} for decision in DECISIONS},
    }
    made = {
        _id(kind, name): _closed(kind, {"Name": f"{prefix}_{name}", **more})
        for kind, each in named.items()
        for name, more in each.items()
    }
    every = {kind: [_arn(_id(kind, name)) for name in each] for kind, each in named.items()}
    event_type = {
        "Name": prefix,
        "EventVariables": every["Variable"],
        "Labels": every["Label"],
        "EntityTypes": every["EntityType"],
    }
    detector = {
        "DetectorId": place.prefix,
        "DetectorVersionStatus": "ACTIVE",
        "RuleExecutionMode": "FIRST_MATCHED",
        "EventType": _arn("EventType"),
        "Rules": [_rule(rule, settings, place) for rule in rules_of(settings.rules)],
    }
    return {
        **made,
        "EventType": _closed("EventType", event_type),
        DETECTOR_ID: _closed("Detector", detector),
    }


def _variable(variable: Variable) -> Template:
    data_type, kind = _TYPES.get(variable.type, _TEXT)
    default = default_of(variable)
    return {
        "DataType": data_type,
        "DataSource": "EVENT",
        "DefaultValue": str(default).lower()
        if isinstance(default, bool)
        else str(default) or "none",
        "VariableType": kind,
    }


def _rule(rule: Rule, settings: FraudSettings, place: Place) -> Template:
    """The last rule always holds: whatever a variable is, it is itself."""
    prefix = prefix_of(place)
    first = next(iter(settings.variables))
    condition = rule.condition
    expression = (
        f"${prefix}_{first} == ${prefix}_{first}"
        if condition is None
        else expression_of(condition, lambda name: f"{prefix}_{name}")
    )
    return {
        "RuleId": f"line_{rule.line}",
        "DetectorId": place.prefix,
        "RuleVersion": "1",
        "Language": "DETECTORPL",
        "Expression": expression,
        "Outcomes": [_arn(_id("Outcome", rule.decision))],
    }
