"""Rules between stacks, between resources, and for the texts that cfn-lint does not read."""

import json
from typing import Any

import pytest

from stacks.checks.assembly_rules import assembly_faults
from stacks.checks.template_rules import template_faults

Json = dict[str, Any]


def stack(kind: str, **properties: Any) -> Json:
    """A template of one resource."""
    return {"Resources": {"It": {"Type": kind, "Properties": properties}}}


def test_two_stacks_with_one_name_are_found():
    """CloudFormation would find out with half of the stacks deployed."""
    one = stack("AWS::Lambda::Function", FunctionName="f")
    (fault,) = assembly_faults({"a": one, "b": one})
    assert fault.startswith("b/It and a/It have one name")


def test_two_records_of_one_name_and_identifier_are_found():
    """Two of different identifiers are the two records of a host."""
    blue = stack("AWS::Route53::RecordSet", HostedZoneId="Z", Name="h", SetIdentifier="blue")
    green = stack("AWS::Route53::RecordSet", HostedZoneId="Z", Name="h", SetIdentifier="green")
    assert assembly_faults({"a": blue, "b": green}) == ()
    assert len(assembly_faults({"a": blue, "b": blue})) == 1


def test_generated_names_never_collide():
    """Nothing is compared where CloudFormation names."""
    one = stack("AWS::Lambda::Function", Description="d")
    assert assembly_faults({"a": one, "b": one}) == ()


def test_zones_that_cdk_made_up_are_found():
    """They lint, and no deploy takes them."""
    subnet = stack("AWS::EC2::Subnet", AvailabilityZone="dummy1a")
    (fault,) = assembly_faults({"a": subnet})
    assert "dummy1a, which does not exist" in fault


def test_a_function_without_a_log_group_is_found():
    """Lambda would make one that nobody deletes."""
    (fault,) = template_faults(stack("AWS::Lambda::Function", Handler="h"))
    assert "names no log group" in fault


def model_and_policy(depends_on: Any) -> Json:
    """A model whose role has its policy as a resource of its own."""
    return {
        "Resources": {
            "Policy": {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "Role"}]}},
            "Model": {
                "Type": "AWS::SageMaker::Model",
                "UpdateReplacePolicy": "Retain",
                "DependsOn": depends_on,
                "Properties": {"ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
            },
        }
    }


@pytest.mark.parametrize("depends_on", ["Policy", ["Policy"]])
def test_a_model_made_after_the_policy_of_its_role_is_fine(depends_on: Any):
    """Whichever way DependsOn is written."""
    assert template_faults(model_and_policy(depends_on)) == ()


def test_a_model_made_before_the_policy_of_its_role_is_found():
    """Its creation would read the artifact without permission."""
    (fault,) = template_faults(model_and_policy([]))
    assert "DependsOn lacks Policy" in fault


TRANSFORM = {
    "Name": "score",
    "Type": "Transform",
    "Arguments": {
        "ModelName": {"Get": "Parameters.Model"},
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}
        },
        "TransformOutput": {"S3OutputPath": {"Std:Join": {"On": "/", "Values": ["s3://b", "o"]}}},
        "TransformResources": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": {"Get": "Parameters.Count"},
        },
    },
}


def pipeline(body: Any) -> Json:
    """A template of one pipeline."""
    text = body if isinstance(body, str) else json.dumps(body)
    definition = {"PipelineDefinitionBody": text}
    return stack("AWS::SageMaker::Pipeline", PipelineDefinition=definition)


def of(**changes: Any) -> Json:
    """A pipeline of one step with other arguments."""
    arguments = {**TRANSFORM["Arguments"], **changes}  # type: ignore[dict-item]
    return pipeline({"Version": "2020-12-01", "Steps": [{**TRANSFORM, "Arguments": arguments}]})


def test_a_pipeline_as_it_must_be_has_no_faults():
    """Values that are filled in when it runs included."""
    assert template_faults(of()) == ()


BAD_PIPELINES = [
    (pipeline("{"), "is not JSON"),
    (pipeline({"Version": "2019", "Steps": []}), "must be '2020-12-01'"),
    (pipeline({"Version": "2020-12-01", "Steps": [TRANSFORM, TRANSFORM]}), "must differ"),
    (of(TransformJobName="t"), "TransformJobName is given by SageMaker"),
    (of(TransformResources={"InstanceType": "ml.m5.large"}), "InstanceCount"),
    (of(Modelname="m"), "Modelname"),
    (of(TransformOutput={"S3OutputPath": 1}), "S3OutputPath"),
]


@pytest.mark.parametrize(("bad", "words"), BAD_PIPELINES, ids=[w for _, w in BAD_PIPELINES])
def test_a_pipeline_that_sagemaker_would_refuse_is_found(bad: Json, words: str):
    """cfn-lint takes its definition as any text."""
    faults = template_faults(bad)
    assert len(faults) == 1, faults
    assert words in faults[0]
