"""Fraud Detector of the embedded cloud, as a client with boto3 sees it."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.polling import until

WHEN = "2026-03-01T10:00:00Z"
WINDOW = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-12-31T00:00:00Z"}
RULES = (
    ("block_stolen", "$card in @stolen_cards", ["block"]),
    ("review_big", '$amount > 500 and !($country == "CH")', ["review"]),
    ("approve_rest", "$amount >= 0", ["approve"]),
)
MODEL = {"modelId": "online", "modelType": "ONLINE_FRAUD_INSIGHTS"}


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    code: str = caught.value.response["Error"]["Code"]
    return code


@pytest.fixture(scope="module")
def fraud(ground_cloud: EmbeddedCloud) -> Any:
    """A client in whose account orders are judged by a detector that is active."""
    client = ground_cloud.session().client("frauddetector")
    for name, data_type, default in (
        ("amount", "FLOAT", "0.0"),
        ("country", "STRING", "CH"),
        ("card", "STRING", "none"),
    ):
        client.create_variable(
            name=name, dataType=data_type, dataSource="EVENT", defaultValue=default
        )
    for label in ("fraud", "legit"):
        client.put_label(name=label)
    for outcome in ("approve", "review", "block"):
        client.put_outcome(name=outcome)
    client.put_entity_type(name="customer")
    client.put_event_type(
        name="order",
        eventVariables=["amount", "country", "card"],
        labels=["fraud", "legit"],
        entityTypes=["customer"],
        eventIngestion="ENABLED",
    )
    client.create_list(name="stolen_cards", elements=["4000"])
    client.put_detector(detectorId="orders", eventTypeName="order")
    rules = [
        client.create_rule(
            detectorId="orders",
            ruleId=rule,
            expression=expression,
            language="DETECTORPL",
            outcomes=outcomes,
        )["rule"]
        for rule, expression, outcomes in RULES
    ]
    client.create_detector_version(detectorId="orders", rules=rules)
    client.update_detector_version_status(
        detectorId="orders", detectorVersionId="1", status="ACTIVE"
    )
    return client


def event(**variables: str) -> dict[str, Any]:
    """An order."""
    return {
        "eventId": f"order-{uuid.uuid4().hex[:8]}",
        "eventTypeName": "order",
        "eventTimestamp": WHEN,
        "entities": [{"entityType": "customer", "entityId": "ann"}],
        "eventVariables": variables,
    }


def outcomes(client: Any, detector: str = "orders", **variables: str) -> list[str]:
    """What the detector says of an order."""
    answer = client.get_event_prediction(detectorId=detector, **event(**variables))
    return [outcome for result in answer["ruleResults"] for outcome in result["outcomes"]]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"amount": "900.5", "country": "US", "card": "4000"}, ["block"]),
        ({"amount": "900.5", "country": "US"}, ["review"]),
        ({"amount": "900.5"}, ["approve"]),
        ({"country": "US"}, ["approve"]),
    ],
)
def test_the_first_rule_that_holds_decides(
    fraud: Any, variables: dict[str, str], expected: list[str]
):
    """Variables that an event does not tell have their defaults."""
    assert outcomes(fraud, **variables) == expected


def test_an_answer_names_its_engine(fraud: Any):
    """Rules alone, when the version has no model."""
    answer = fraud.get_event_prediction(detectorId="orders", **event(amount="1"))
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-emulated-engine"] == "rules"
    assert answer["modelScores"] == []


def test_a_label_comes_late(fraud: Any):
    """Of an event that a prediction stored, since its type stores events."""
    order = event(amount="20")
    fraud.get_event_prediction(detectorId="orders", **order)
    named = {"eventId": order["eventId"], "eventTypeName": "order"}
    assert "currentLabel" not in fraud.get_event(**named)["event"]
    late = {"labelTimestamp": "2026-05-01T00:00:00Z", **named}
    fraud.update_event_label(assignedLabel="fraud", **late)
    assert fraud.get_event(**named)["event"]["currentLabel"] == "fraud"
    assert refusal(fraud.update_event_label, assignedLabel="odd", **late) == "ValidationException"
    fraud.delete_event(**named)
    assert refusal(fraud.get_event, **named) == "ResourceNotFoundException"


def test_an_event_of_another_shape_is_refused_with_all_that_is_wrong(fraud: Any):
    """Unknown variables, unknown entities, no time."""
    wrong = {**event(shoe="42"), "eventTimestamp": "yesterday!", "detectorId": "orders"}
    wrong["entities"] = [{"entityType": "shop", "entityId": "x"}]
    with pytest.raises(ClientError, match=r"no variable shoe.*no entity type shop.*ISO 8601"):
        fraud.get_event_prediction(**wrong)
    number = {"detectorId": "orders", **event(amount="much")}
    assert refusal(fraud.get_event_prediction, **number) == "ValidationException"


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("$amount >", "ValidationException"),
        ("$shoe == 1", "ValidationException"),
        ('$amount == "x"', "ValidationException"),
        ("$amount + 1", "ValidationException"),
        ("$card in @unknown", "ValidationException"),
        ("getepochmilliseconds($card) > 1", "NotEmulatedException"),
    ],
)
def test_a_rule_that_can_never_hold_is_refused(fraud: Any, expression: str, code: str):
    """Syntax, names, kinds of values; functions that AWS may have are refused by name."""
    rule = {"detectorId": "orders", "ruleId": "bad", "language": "DETECTORPL"}
    refused = refusal(fraud.create_rule, expression=expression, outcomes=["block"], **rule)
    assert refused == code


def test_a_version_is_a_draft_until_it_is_active(fraud: Any):
    """Rules have versions of their own; the version before goes on until then."""
    rule = {"detectorId": "orders", "ruleId": "review_big", "ruleVersion": "1"}
    new = fraud.update_rule_version(
        rule=rule, expression="$amount > 5000", language="DETECTORPL", outcomes=["review"]
    )["rule"]
    rest = {"detectorId": "orders", "ruleId": "approve_rest", "ruleVersion": "1"}
    made = fraud.create_detector_version(
        detectorId="orders", rules=[new, rest], ruleExecutionMode="ALL_MATCHED"
    )
    named = {"detectorId": "orders", "detectorVersionId": made["detectorVersionId"]}
    big = {"amount": "9000", "country": "US"}
    assert outcomes(fraud, **big) == ["review"]
    fraud.update_detector_version_status(status="ACTIVE", **named)
    assert outcomes(fraud, **big) == ["review", "approve"]
    first = {"detectorId": "orders", "detectorVersionId": "1"}
    assert fraud.get_detector_version(**first)["status"] == "INACTIVE"
    fraud.update_detector_version_status(status="ACTIVE", **first)
    fraud.delete_detector_version(**named)


def test_a_model_learns_from_stored_events_and_rules_know_its_score(fraud: Any):
    """Trained in the cloud's time, active by a call, its score a variable of the rules."""
    for country, label in [("US", "fraud")] * 6 + [("CH", "legit")] * 18 + [("US", "legit")] * 2:
        labelled = {"assignedLabel": label, "labelTimestamp": WHEN}
        fraud.send_event(**event(country=country, amount="10"), **labelled)
    fraud.create_model(**MODEL, eventTypeName="order")
    mapper = {"FRAUD": ["fraud"], "LEGIT": ["legit"]}
    version = fraud.create_model_version(
        **MODEL,
        trainingDataSource="INGESTED_EVENTS",
        trainingDataSchema={
            "modelVariables": ["country"],
            "labelSchema": {"labelMapper": mapper},
        },
        ingestedEventsDetail={"ingestedEventsTimeWindow": WINDOW},
    )
    named = {**MODEL, "modelVersionNumber": version["modelVersionNumber"]}
    assert version["status"] == "TRAINING_IN_PROGRESS"
    until(
        lambda: fraud.get_model_version(**named)["status"] == "TRAINING_COMPLETE" or None,
        seconds=20,
        what="a trained model",
    )
    fraud.update_model_version_status(**named, status="ACTIVE")
    fraud.put_detector(detectorId="scored", eventTypeName="order")
    rule = fraud.create_rule(
        detectorId="scored",
        ruleId="risky",
        expression="$online_insightscore > 600",
        language="DETECTORPL",
        outcomes=["review"],
    )["rule"]
    fraud.create_detector_version(detectorId="scored", rules=[rule], modelVersions=[named])
    fraud.update_detector_version_status(
        detectorId="scored", detectorVersionId="1", status="ACTIVE"
    )
    answer = fraud.get_event_prediction(detectorId="scored", **event(country="US"))
    assert answer["modelScores"][0]["scores"]["online_insightscore"] > 600
    assert [result["ruleId"] for result in answer["ruleResults"]] == ["risky"]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-emulated-engine"] == "rules+naive-bayes"
    assert outcomes(fraud, "scored", country="CH") == []


def test_a_detector_of_a_stack_predicts(ground_cloud: EmbeddedCloud, fraud: Any):
    """With the event type, variables and outcomes that the template brings along."""
    inline = {"Inline": True}
    variable = {
        "Name": "visits",
        "DataType": "INTEGER",
        "DataSource": "EVENT",
        "DefaultValue": "0",
        **inline,
    }
    detector = {
        "DetectorId": "logins",
        "DetectorVersionStatus": "ACTIVE",
        "EventType": {
            "Name": "login",
            "EventVariables": [variable],
            "Labels": [{"Name": "good", **inline}, {"Name": "bad", **inline}],
            "EntityTypes": [{"Name": "visitor", **inline}],
            **inline,
        },
        "Rules": [
            {
                "RuleId": "many",
                "DetectorId": "logins",
                "RuleVersion": "1",
                "Expression": "$visits > 3",
                "Language": "DETECTORPL",
                "Outcomes": [{"Name": "stop", **inline}],
            }
        ],
    }
    stacks = ground_cloud.session().client("cloudformation")
    name = f"fraud-{uuid.uuid4().hex[:8]}"
    resource = {"Type": "AWS::FraudDetector::Detector", "Properties": detector}
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"D": resource}}))

    def settled() -> Any:
        status = stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        return status if status != "CREATE_IN_PROGRESS" else None

    assert until(settled, seconds=20, what="a stack") == "CREATE_COMPLETE"
    login = {
        **event(visits="5"),
        "eventTypeName": "login",
        "entities": [{"entityType": "visitor", "entityId": "x"}],
    }
    answer = fraud.get_event_prediction(detectorId="logins", **login)
    assert answer["ruleResults"] == [{"ruleId": "many", "outcomes": ["stop"]}]
    assert refusal(fraud.delete_outcome, name="stop") == "ConflictException"
    stacks.delete_stack(StackName=name)
