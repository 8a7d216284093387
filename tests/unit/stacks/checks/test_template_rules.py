"""Rules of our own: each finds what it is for, and nothing in a good template."""

from copy import deepcopy
from typing import Any

import pytest

from stacks.checks.template_rules import MOST_RESOURCES, template_faults


def _template() -> dict[str, Any]:
    variants = [
        {"VariantName": "blue", "InitialVariantWeight": 1},
        {"VariantName": "green", "InitialVariantWeight": 0},
    ]
    return {
        "Resources": {
            "Config": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "UpdateReplacePolicy": "Retain",
                "Properties": {"ProductionVariants": variants},
            },
            "Model": {
                "Type": "AWS::SageMaker::Model",
                "UpdateReplacePolicy": "Retain",
                "Properties": {},
            },
            "Endpoint": {
                "Type": "AWS::SageMaker::Endpoint",
                "Properties": {"EndpointName": "e", "RetainAllVariantProperties": True},
            },
            "Alarm": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {"TreatMissingData": "notBreaching"},
            },
            "Record": {
                "Type": "AWS::Route53::RecordSet",
                "Properties": {"Weight": 0, "SetIdentifier": "blue"},
            },
            "OtherRecord": {
                "Type": "AWS::Route53::RecordSet",
                "Properties": {"Weight": 1, "SetIdentifier": "green"},
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "Policies": [{"PolicyDocument": {"Statement": [{"Action": ["s3:GetObject"]}]}}]
                },
            },
        }
    }


def test_good_template_has_no_faults():
    """Weight 0 is a weight."""
    assert template_faults(_template()) == ()


BAD = [
    (("Config", "Properties", "ProductionVariants", 1, "VariantName"), "blue", "must differ"),
    (("Config", "Properties", "ProductionVariants", 0, "InitialVariantWeight"), 0, "all weights"),
    (("Config", "Properties", "ProductionVariants", 0, "InitialVariantWeight"), -1, "0 or more"),
    (("Config", "Properties", "ProductionVariants", 1, "InitialVariantWeight"), None, "0 or more"),
    (("Config", "Properties", "ProductionVariants"), [], "1 to 10 production variants"),
    (("Config", "Properties", "EndpointConfigName"), "c", "let CloudFormation name it"),
    (("Config", "UpdateReplacePolicy"), "Delete", "must be Retain"),
    (("Model", "Properties", "ModelName"), "m", "let CloudFormation name it"),
    (("Model", "UpdateReplacePolicy"), "Delete", "must be Retain"),
    (("Endpoint", "Properties", "RetainAllVariantProperties"), False, "must be true"),
    (("Endpoint", "Properties", "EndpointName"), {"Ref": "X"}, "must be literal"),
    (("Alarm", "Properties", "TreatMissingData"), "missing", "must be notBreaching"),
    (("Record", "Properties", "Weight"), 300, "must be 0 to 255"),
    (("Record", "Properties", "SetIdentifier"), None, "needs a SetIdentifier"),
    (
        ("Role", "Properties", "Policies", 0, "PolicyDocument", "Statement", 0, "Action"),
        "s3:*",
        "s3:*",
    ),
    (("Role", "Type"), "AWS::Kendra::Index", "closed to new customers"),
]


@pytest.mark.parametrize(("path", "value", "words"), BAD)
def test_rule_finds_what_it_is_for(path: tuple[Any, ...], value: Any, words: str):
    """One fault put in is one fault found."""
    template = deepcopy(_template())
    place: Any = template["Resources"]
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value

    faults = template_faults(template)

    assert len(faults) == 1, faults
    assert words in faults[0]
    assert faults[0].startswith(f"{path[0]}: ")


def test_too_many_resources_are_a_fault():
    """The limit leaves head-room below CloudFormation's 500."""
    many = {f"T{i}": {"Type": "AWS::SNS::Topic"} for i in range(MOST_RESOURCES + 1)}

    (fault,) = template_faults({"Resources": many})

    assert "451 resources, at most 450" in fault


def test_too_many_dynamic_references_are_a_fault():
    """CloudFormation takes sixty."""
    references = ["{{resolve:ssm:x}}"] * 61
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"A": references}}

    (fault,) = template_faults({"Resources": {"T": topic}})

    assert "61 dynamic references" in fault
