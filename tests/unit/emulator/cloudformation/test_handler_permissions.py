"""What CloudFormation is asked to be allowed to do, step by step."""

import re
from typing import Any

import pytest

from emulator.cloudformation.handler_permissions import (
    CREATE,
    DELETE,
    UPDATE,
    Place,
    Step,
    needed,
    roles_at,
    table,
)
from emulator.cloudformation.schemas import bundled_catalogue

PLACE = Place(account="111122223333", region="eu-west-1")
HERE = "eu-west-1:111122223333"


def created(type_name: str, **properties: Any) -> Step:
    """A new resource."""
    name = "shop-dev-release-Thing-ABC"
    return Step(operation=CREATE, type_name=type_name, name=name, old={}, new=properties)


def asked(step: Step, **schema: list[str]) -> list[tuple[str, str | None]]:
    """Actions and resources."""
    return [(n.action, n.resource) for n in needed(step, PLACE, schema_permissions=schema)]


def test_a_new_resource_is_asked_for_by_the_name_that_it_will_have():
    """Generated names begin with the stack's."""
    assert asked(created("AWS::Logs::LogGroup", RetentionInDays=7)) == [
        ("logs:CreateLogGroup", f"arn:aws:logs:{HERE}:log-group:shop-dev-release-Thing-ABC:*"),
        ("logs:PutRetentionPolicy", f"arn:aws:logs:{HERE}:log-group:shop-dev-release-Thing-ABC:*"),
    ]


def test_a_name_of_its_own_counts_and_an_absent_property_asks_for_nothing():
    """Without a retention nothing is put."""
    assert asked(created("AWS::Logs::LogGroup", LogGroupName="mine")) == [
        ("logs:CreateLogGroup", f"arn:aws:logs:{HERE}:log-group:mine:*")
    ]


def test_an_update_asks_for_what_changes():
    """Code that stays is not sent again; a role that stays is not passed again."""
    step = Step(
        operation=UPDATE,
        type_name="AWS::Lambda::Function",
        name="f",
        old={"Code": {"S3Key": "a"}, "Role": "arn:aws:iam::1:role/r", "Timeout": 3},
        new={"Code": {"S3Key": "b"}, "Role": "arn:aws:iam::1:role/r", "Timeout": 3},
    )
    function = f"arn:aws:lambda:{HERE}:function:f"
    assert asked(step) == [
        ("lambda:UpdateFunctionCode", function),
        ("lambda:GetFunction", function),
    ]


def test_a_role_is_passed_to_the_service_that_gets_it():
    """The condition key says to whom."""
    role = "arn:aws:iam::111122223333:role/machine"
    wanted = needed(
        created("AWS::StepFunctions::StateMachine", RoleArn=role), PLACE, schema_permissions={}
    )
    (passed,) = [n for n in wanted if n.action == "iam:PassRole"]
    assert (passed.resource, dict(passed.context)) == (
        role,
        {"iam:PassedToService": "states.amazonaws.com"},
    )


def test_a_physical_id_that_is_an_arn_is_the_resource():
    """State machines and topics are called by theirs."""
    arn = f"arn:aws:states:{HERE}:stateMachine:m"
    step = Step(
        operation=DELETE, type_name="AWS::StepFunctions::StateMachine", name=arn, old={}, new={}
    )
    assert asked(step) == [("states:DeleteStateMachine", arn)]


def test_a_part_of_something_is_asked_for_on_that():
    """By name, by ARN, or on each of several."""
    permission = created("AWS::Lambda::Permission", FunctionName="arn:aws:lambda:x:1:function:f")
    assert asked(permission) == [("lambda:AddPermission", "arn:aws:lambda:x:1:function:f")]
    policy = created("AWS::SNS::TopicPolicy", Topics=["arn:aws:sns:x:1:a", "arn:aws:sns:x:1:b"])
    assert asked(policy) == [
        ("sns:SetTopicAttributes", "arn:aws:sns:x:1:a"),
        ("sns:SetTopicAttributes", "arn:aws:sns:x:1:b"),
    ]


def test_a_custom_resource_needs_its_function():
    """Or its topic."""
    function = "arn:aws:lambda:x:1:function:guard"
    assert asked(created("Custom::Guard", ServiceToken=function)) == [
        ("lambda:InvokeFunction", function)
    ]
    topic = "arn:aws:sns:x:1:topic"
    assert asked(created("Custom::Guard", ServiceToken=topic)) == [("sns:Publish", topic)]


def test_of_another_type_the_call_that_makes_it_is_asked_for():
    """On whatever resource: nothing here knows its ARN."""
    listed = ["kms:Decrypt", "sqs:GetQueueUrl", "sqs:CreateQueue", "sqs:TagQueue"]
    assert asked(created("AWS::SQS::Queue"), create=listed) == [("sqs:CreateQueue", None)]
    assert asked(created("AWS::Nobody::Knows")) == []


def test_tags_are_condition_keys():
    """A policy may ask for them."""
    step = created("AWS::SageMaker::Model", Tags=[{"Key": "team", "Value": "ml"}])
    contexts = [n.context for n in needed(step, PLACE, schema_permissions={})]
    assert contexts[0] == {"aws:RequestTag/team": "ml", "aws:TagKeys": ["team"]}


def test_roles_are_found_in_lists_of_lists():
    """A pipeline's actions have roles of their own."""
    document = {"Stages": [{"Actions": [{"RoleArn": "arn:aws:iam::1:role/a"}, {}]}, {}]}
    assert roles_at(document, "Stages[].Actions[].RoleArn") == {"arn:aws:iam::1:role/a"}
    assert roles_at({"RoleArn": {"Ref": "X"}}, "RoleArn") == set()


CALL = re.compile(r"(\S+)(?: on \S+)?(?: if .+)?")


@pytest.mark.parametrize("type_name", sorted(table()))
def test_the_table_asks_for_nothing_that_the_schema_does_not_list(type_name: str):
    """Every call of a row is one that the type's handlers make, by its public schema."""
    document = bundled_catalogue().load(type_name).document
    listed = {
        action.lower()
        for handler in document.get("handlers", {}).values()
        for action in handler.get("permissions", ())
    }
    row = table()[type_name]
    calls = [c for key in (CREATE, "put", UPDATE, DELETE, "any") for c in row.get(key, ())]
    matches = [CALL.fullmatch(call) for call in calls]
    actions = [m[1].lower() for m in matches if m is not None]
    assert len(actions) == len(calls)
    if listed:
        assert set(actions) <= listed


@pytest.mark.parametrize("type_name", sorted(table()))
def test_the_table_names_only_properties_that_there_are(type_name: str):
    """Of names, conditions, resources and roles."""
    row = table()[type_name]
    calls = [c for key in (CREATE, "put", UPDATE, DELETE, "any") for c in row.get(key, ())]
    conditions = [p for c in calls if " if " in c for p in c.partition(" if ")[2].split()]
    places = re.findall(r"\{\*?([A-Z]\w+)\}", " ".join([row["resource"], *calls]))
    passed = [path.partition(".")[0].removesuffix("[]") for path in row.get("passed", {})]
    named = [row["name"]] if "name" in row else []
    keys = list(row.get("context", {}).values())
    properties = bundled_catalogue().load(type_name).document["properties"]
    assert {*conditions, *places, *passed, *named, *keys} <= set(properties)
