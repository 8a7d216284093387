"""A pipeline, its rule and its build project made by CloudFormation in the embedded cloud."""

import json
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.contract.test_emulated_codepipeline import BUILD
from tests.emulated_pipelines import STORE, Workshop, spec_of, zipped
from tests.polling import until

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def workshop(ground_cloud: EmbeddedCloud) -> Workshop:
    """Buckets and makers in the cloud of the ground floor."""
    return Workshop(ground_cloud)


def _project(service_role: str) -> dict[str, Any]:
    return {
        "Type": "AWS::CodeBuild::Project",
        "Properties": {
            "ServiceRole": service_role,
            "Source": {"Type": "CODEPIPELINE", "BuildSpec": spec_of("grep -q here a.txt")},
            "Artifacts": {"Type": "CODEPIPELINE"},
            "Environment": {
                "Type": "LINUX_CONTAINER",
                "Image": "aws/codebuild/standard:7.0",
                "ComputeType": "BUILD_GENERAL1_SMALL",
            },
        },
    }


def _pipeline(name: str, *, role: str, artifacts: str) -> dict[str, Any]:
    source = {
        "Name": "S3",
        "ActionTypeId": _type_id("Source", "S3"),
        "Configuration": {
            "S3Bucket": {"Ref": "Bucket"},
            "S3ObjectKey": "app.zip",
            "PollForSourceChanges": False,
        },
        "OutputArtifacts": [{"Name": "Src"}],
    }
    build = {
        "Name": "Build",
        "ActionTypeId": _type_id("Build", "CodeBuild"),
        "Configuration": {"ProjectName": {"Ref": "Project"}},
        "InputArtifacts": [{"Name": "Src"}],
    }
    return {
        "Type": "AWS::CodePipeline::Pipeline",
        "Properties": {
            "Name": name,
            "RoleArn": role,
            "PipelineType": "V2",
            "ExecutionMode": "QUEUED",
            "ArtifactStore": {"Type": "S3", "Location": artifacts},
            "Stages": [
                {"Name": "Source", "Actions": [source]},
                {"Name": "Build", "Actions": [build]},
            ],
        },
    }


def _type_id(category: str, provider: str) -> dict[str, str]:
    return {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}


def _rule(role: str) -> dict[str, Any]:
    """An object in the bucket starts the pipeline."""
    arn = "arn:aws:codepipeline:${AWS::Region}:${AWS::AccountId}:${Pipeline}"
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": [{"Ref": "Bucket"}]}},
            },
            "Targets": [{"Id": "P", "RoleArn": role, "Arn": {"Fn::Sub": arn}}],
        },
    }


def _bucket(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketName": name,
            "VersioningConfiguration": {"Status": "Enabled"},
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        },
    }


def _template(workshop: Workshop, name: str, bucket: str) -> str:
    events_role = workshop.role("events", "codepipeline:StartPipelineExecution")
    role = workshop.role("codepipeline", *STORE, *BUILD)
    builder = workshop.role("codebuild", "logs:*", "s3:*").rpartition("/")[2]
    service_role = workshop.iam.get_role(RoleName=builder)["Role"]["Arn"]
    resources = {
        "Bucket": _bucket(bucket),
        "Project": _project(service_role),
        "Pipeline": _pipeline(name, role=role, artifacts=workshop.artifact_bucket),
        "Rule": _rule(events_role),
    }
    return json.dumps({"Resources": resources})


def test_a_template_makes_pipeline_rule_and_project(workshop: Workshop):
    """An object's event starts the pipeline through a rule, as the role of its target."""
    bucket, name = workshop.name("events"), workshop.name("stacked")
    cloudformation = workshop.session.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=_template(workshop, name, bucket))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    first = workshop.first(name)
    assert workshop.ended(name, first) == "Failed"  # there is no object yet
    workshop.s3.put_object(Bucket=bucket, Key="app.zip", Body=zipped({"a.txt": "here"}))
    started = until(
        lambda: None if workshop.first(name) == first else workshop.first(name),
        seconds=30,
        what="an execution started by the event",
    )
    assert workshop.ended(name, started) == "Succeeded", workshop.failures(name, started)
    shown = workshop.codepipeline.get_pipeline_execution(
        pipelineName=name, pipelineExecutionId=started
    )["pipelineExecution"]
    assert shown["trigger"]["triggerType"] == "CloudWatchEvent"
    assert shown["executionMode"] == "QUEUED"
    cloudformation.delete_stack(StackName=name)
    listed = workshop.codepipeline.list_pipelines
    until(
        lambda: name not in [each["name"] for each in listed()["pipelines"]],
        seconds=30,
        what="the pipeline's deletion",
    )
