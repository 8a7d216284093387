"""CodePipeline of the embedded cloud, as a client with boto3 sees it: executions really run."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.emulated_pipelines import STORE, Workshop, action, approval, policy, spec_of, stage
from tests.polling import until

BUILD = ("codebuild:StartBuild", "codebuild:BatchGetBuilds")
STACKS = (
    "cloudformation:CreateStack",
    "cloudformation:UpdateStack",
    "cloudformation:DescribeStacks",
    "iam:PassRole",
)
MACHINE = ("states:DescribeStateMachine", "states:StartExecution", "states:DescribeExecution")
TEMPLATE = json.dumps(
    {
        "Parameters": {"Word": {"Type": "String"}},
        "Resources": {
            "P": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Ref": "Word"}},
            }
        },
        "Outputs": {"Name": {"Value": {"Ref": "P"}}},
    }
)


@pytest.fixture(scope="module")
def workshop(ground_cloud: EmbeddedCloud) -> Workshop:
    """Buckets and makers in the cloud of the ground floor."""
    return Workshop(ground_cloud)


def _machine(workshop: Workshop) -> str:
    """A state machine that passes its input on; its ARN."""
    created = workshop.session.client("stepfunctions").create_state_machine(
        name=workshop.name("machine"),
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}),
        roleArn=workshop.role("states"),
    )
    arn: str = created["stateMachineArn"]
    return arn


def _build_stage(workshop: Workshop, project: str, name: str = "Build") -> dict[str, Any]:
    return stage(
        name,
        action(
            name, "Build", "CodeBuild", inputs=["Src"], outputs=["Out"], more={"namespace": "B"},
            ProjectName=project,
        ),
    )  # fmt: skip


def test_source_build_approval_deploy_and_machine(workshop: Workshop):
    """Artifacts, variables and outputs flow from the object's version to the state machine."""
    project = workshop.pipeline_project(
        spec_of(
            "export WORD=$(cat word.txt)",
            "test $CODEBUILD_RESOLVED_SOURCE_VERSION = $REVISION",
            "cp template.json built.json",
            env={"exported-variables": ["WORD"]},
            artifacts={"files": ["built.json"]},
        )
    )
    name = workshop.name("stack")
    execution_role = workshop.role("cloudformation", "ssm:*")
    role = workshop.role("codepipeline", *STORE, *BUILD, *STACKS, *MACHINE)
    build = _build_stage(workshop, project)
    build["actions"][0]["configuration"]["EnvironmentVariables"] = json.dumps(
        [{"name": "REVISION", "value": "#{Src.VersionId}", "type": "PLAINTEXT"}]
    )
    deploy = action(
        "Deploy", "Deploy", "CloudFormation", inputs=["Out"], more={"namespace": "D"},
        ActionMode="CREATE_UPDATE", StackName=name, TemplatePath="Out::built.json",
        RoleArn=execution_role, ParameterOverrides=json.dumps({"Word": "#{B.WORD}"}),
    )  # fmt: skip
    release = action(
        "Release", "Invoke", "StepFunctions", more={"namespace": "R"},
        StateMachineArn=_machine(workshop), Input=json.dumps({"parameter": "#{D.Name}"}),
    )  # fmt: skip
    version = workshop.upload("whole.zip", {"word.txt": "hello", "template.json": TEMPLATE})
    pipeline = workshop.pipeline(
        build,
        stage("Approve", approval(CustomData="word #{B.WORD}")),
        stage("Deploy", deploy, {**release, "runOrder": 2}),
        role=role,
        key="whole.zip",
    )
    execution = workshop.first(pipeline)
    workshop.decide(pipeline, "Approve", "Approve", "Approved")
    ended = workshop.ended(pipeline, execution)

    runs = {run["actionName"]: run for run in workshop.action_runs(pipeline, execution)}
    assert ended == "Succeeded", runs
    assert runs["Source"]["output"]["outputVariables"]["VersionId"] == version
    assert runs["Approve"]["input"]["resolvedConfiguration"]["CustomData"] == "word hello"
    outputs = workshop.session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    parameter = outputs[0]["Outputs"][0]["OutputValue"]
    found = workshop.session.client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"]
    assert found == "hello"
    done = workshop.session.client("stepfunctions").describe_execution(
        executionArn=runs["Release"]["output"]["outputVariables"]["ExecutionArn"]
    )
    assert json.loads(done["output"]) == {"parameter": parameter}


@pytest.mark.accept
def test_a_failed_build_fails_its_stage_and_can_be_retried(workshop: Workshop):
    """The action says what CodeBuild said; after a repair a retry goes on from there."""
    project = workshop.pipeline_project(
        spec_of("aws_parameter=$(python -c \"import boto3; print(boto3.client('ssm')"
                ".get_parameter(Name='/repair')['Parameter']['Value'])\")",
                'test "$aws_parameter" = good', "touch x", artifacts={"files": ["x"]}),
        allow=["ssm:GetParameter"],
    )  # fmt: skip
    ssm = workshop.session.client("ssm")
    ssm.put_parameter(Name="/repair", Value="bad", Type="String", Overwrite=True)
    workshop.upload("retry.zip", {"a": "b"})
    role = workshop.role("codepipeline", *STORE, *BUILD)
    pipeline = workshop.pipeline(_build_stage(workshop, project), role=role, key="retry.zip")
    execution = workshop.first(pipeline)
    assert workshop.ended(pipeline, execution) == "Failed"
    failure = workshop.action_state(pipeline, "Build", "Build")["errorDetails"]
    assert failure["code"] == "JobFailed"
    assert failure["message"].startswith("Build terminated with state: FAILED. Phase: BUILD, Code:")
    assert workshop.stage_state(pipeline, "Build")["latestExecution"]["status"] == "Failed"

    ssm.put_parameter(Name="/repair", Value="good", Type="String", Overwrite=True)
    workshop.codepipeline.retry_stage_execution(
        pipelineName=pipeline,
        stageName="Build",
        pipelineExecutionId=execution,
        retryMode="FAILED_ACTIONS",
    )
    assert workshop.ended(pipeline, execution) == "Succeeded"
    metadata = workshop.stage_state(pipeline, "Build")["retryStageMetadata"]
    assert metadata["latestRetryTrigger"] == "ManualStageRetry"
    names = [run["actionName"] for run in workshop.action_runs(pipeline, execution)]
    assert names == ["Source", "Build", "Build"]


def test_a_rejected_approval_fails_the_execution(workshop: Workshop):
    """Nothing after it runs, the summary is the person's, and a wrong token is refused."""
    workshop.upload("reject.zip", {"a": "b"})
    role = workshop.role("codepipeline", *STORE)
    pipeline = workshop.pipeline(
        stage("Approve", approval()), stage("After", approval("Never")), role=role,
        key="reject.zip",
    )  # fmt: skip
    execution = workshop.first(pipeline)
    until(
        lambda: workshop.action_state(pipeline, "Approve", "Approve").get("token"),
        seconds=30,
        what="an approval that waits",
    )
    with pytest.raises(ClientError, match="InvalidApprovalToken"):
        workshop.codepipeline.put_approval_result(
            pipelineName=pipeline, stageName="Approve", actionName="Approve",
            token="11111111-1111-1111-1111-111111111111",
            result={"status": "Approved", "summary": "no"},
        )  # fmt: skip
    workshop.decide(pipeline, "Approve", "Approve", "Rejected")
    assert workshop.ended(pipeline, execution) == "Failed"
    state = workshop.action_state(pipeline, "Approve", "Approve")
    assert (state["status"], state["summary"]) == ("Failed", "Rejected by a test")
    assert state["lastUpdatedBy"].endswith(":user/administrator")
    assert "latestExecution" not in workshop.stage_state(pipeline, "After")


def test_a_missing_permission_fails_the_action_and_names_itself(workshop: Workshop):
    """The pipeline's role may not read the source object."""
    workshop.upload("denied.zip", {"a": "b"})
    role = workshop.role("codepipeline", "s3:GetBucketVersioning", "s3:PutObject")
    pipeline = workshop.pipeline(stage("Approve", approval()), role=role, key="denied.zip")
    execution = workshop.first(pipeline)
    assert workshop.ended(pipeline, execution) == "Failed"
    failure = workshop.action_state(pipeline, "Source", "Source")["errorDetails"]
    assert failure["code"] == "PermissionError"
    assert "is not authorized to perform: s3:GetObject" in failure["message"]


@pytest.mark.accept
def test_an_action_role_is_assumed_by_the_pipelines(workshop: Workshop):
    """The action acts as its own role; the pipeline's needs sts:AssumeRole for it."""
    workshop.upload("roles.zip", {"a": "b"})
    account = workshop.session.client("sts").get_caller_identity()["Account"]
    name = workshop.name("role")
    trust = policy(Action="sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{account}:root"})
    own = workshop.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    workshop.allow(own, *MACHINE)
    machine = action(
        "Run", "Invoke", "StepFunctions", more={"roleArn": own}, StateMachineArn=_machine(workshop)
    )
    role = workshop.role("codepipeline", *STORE)
    pipeline = workshop.pipeline(stage("Run", machine), role=role, key="roles.zip")
    execution = workshop.first(pipeline)
    assert workshop.ended(pipeline, execution) == "Failed"
    failure = workshop.action_state(pipeline, "Run", "Run")["errorDetails"]
    assert "is not authorized to perform: sts:AssumeRole" in failure["message"]
    workshop.allow(role, *STORE, "sts:AssumeRole")
    workshop.codepipeline.retry_stage_execution(
        pipelineName=pipeline, stageName="Run", pipelineExecutionId=execution,
        retryMode="ALL_ACTIONS",
    )  # fmt: skip
    assert workshop.ended(pipeline, execution) == "Succeeded"


@pytest.mark.accept
def test_passing_a_role_to_cloudformation_needs_permission(workshop: Workshop):
    """iam:PassRole is asked of the action's role."""
    workshop.upload("pass.zip", {"template.json": TEMPLATE})
    role = workshop.role("codepipeline", *STORE, *STACKS[:3])
    deploy = action(
        "Deploy", "Deploy", "CloudFormation", inputs=["Src"], ActionMode="CREATE_UPDATE",
        StackName=workshop.name("stack"), TemplatePath="Src::template.json",
        RoleArn=workshop.role("cloudformation"),
        ParameterOverrides=json.dumps({"Word": "x"}),
    )  # fmt: skip
    pipeline = workshop.pipeline(stage("Deploy", deploy), role=role, key="pass.zip")
    assert workshop.ended(pipeline, workshop.first(pipeline)) == "Failed"
    failure = workshop.action_state(pipeline, "Deploy", "Deploy")["errorDetails"]
    assert failure["code"] == "PermissionError"
    assert "is not authorized to perform: iam:PassRole" in failure["message"]


@pytest.mark.accept
def test_a_newer_execution_supersedes_the_one_that_waits(workshop: Workshop):
    """SUPERSEDED: behind a closed transition only the newest waits, and enters when it opens."""
    role = workshop.role("codepipeline", *STORE)
    pipeline = workshop.pipeline(stage("Last", approval()), role=role, key="race.zip")
    assert workshop.ended(pipeline, workshop.first(pipeline)) == "Failed"  # no object yet
    workshop.codepipeline.disable_stage_transition(
        pipelineName=pipeline, stageName="Last", transitionType="Inbound", reason="closed"
    )
    workshop.upload("race.zip", {"a": "b"})

    def waits(execution: str) -> bool:
        inbound = workshop.stage_state(pipeline, "Last").get("inboundExecution", {})
        return bool(inbound.get("pipelineExecutionId") == execution)

    first = workshop.start(pipeline)
    until(lambda: waits(first), seconds=30, what="the first execution waits")
    second = workshop.start(pipeline)
    until(lambda: waits(second), seconds=30, what="the second execution waits")
    assert workshop.status(pipeline, first) == "Superseded"
    workshop.codepipeline.enable_stage_transition(
        pipelineName=pipeline, stageName="Last", transitionType="Inbound"
    )
    workshop.decide(pipeline, "Last", "Approve", "Approved")
    assert workshop.ended(pipeline, second) == "Succeeded"
