"""How executions move through pipelines of the embedded cloud: stops, rollbacks, triggers."""

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.contract.test_emulated_codepipeline import BUILD, STACKS, TEMPLATE
from tests.emulated_pipelines import (
    STORE,
    Workshop,
    action,
    approval,
    policy,
    rule,
    spec_of,
    stage,
    unless,
    zipped,
)
from tests.polling import until

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def workshop(ground_cloud: EmbeddedCloud) -> Workshop:
    """Buckets and makers in the cloud of the ground floor."""
    return Workshop(ground_cloud)


def _approved(workshop: Workshop, pipeline: str, execution: str, stage_name: str) -> str:
    workshop.decide(pipeline, stage_name, "Approve", "Approved")
    return workshop.ended(pipeline, execution)


def test_a_stopped_execution_waits_for_its_action_or_abandons_it(workshop: Workshop):
    """Without `abandon` the running action may end first; with it the action is Abandoned."""
    workshop.upload("stop.zip", {"a": "b"})
    role = workshop.role("codepipeline", *STORE)
    pipeline = workshop.pipeline(
        stage("One", approval()), stage("Two", approval()), role=role, key="stop.zip"
    )
    execution = workshop.first(pipeline)
    workshop.token(pipeline, "One", "Approve")
    stop = workshop.codepipeline.stop_pipeline_execution
    stop(pipelineName=pipeline, pipelineExecutionId=execution, reason="enough")
    assert workshop.status(pipeline, execution) == "Stopping"
    assert workshop.stage_state(pipeline, "One")["latestExecution"]["status"] == "Stopping"
    with pytest.raises(ClientError, match="DuplicatedStopRequest"):
        stop(pipelineName=pipeline, pipelineExecutionId=execution)
    assert _approved(workshop, pipeline, execution, "One") == "Stopped"
    assert "latestExecution" not in workshop.stage_state(pipeline, "Two")

    second = workshop.start(pipeline)
    workshop.token(pipeline, "One", "Approve")
    stop(pipelineName=pipeline, pipelineExecutionId=second, abandon=True)
    assert workshop.ended(pipeline, second) == "Stopped"
    assert workshop.action_state(pipeline, "One", "Approve")["status"] == "Abandoned"


def _deploying(workshop: Workshop, key: str, **more: Any) -> tuple[str, str]:
    """A pipeline that deploys a parameter of the source's word; its name and the stack's."""
    stack = workshop.name("stack")
    deploy = action(
        "Deploy", "Deploy", "CloudFormation", inputs=["Src"], ActionMode="CREATE_UPDATE",
        StackName=stack, TemplatePath="Src::template.json",
        TemplateConfiguration="Src::settings.json",
        RoleArn=workshop.role("cloudformation", "ssm:*"),
    )  # fmt: skip
    check = action("Check", "Test", "CodeBuild", inputs=["Src"], more={"runOrder": 2},
                   ProjectName=workshop.pipeline_project(spec_of("grep -q good settings.json")),
                   )  # fmt: skip
    role = workshop.role("codepipeline", *STORE, *STACKS, *BUILD)
    name = workshop.pipeline(stage("Deploy", deploy, check, **more), role=role, key=key)
    return name, stack


def _source(word: str) -> dict[str, str]:
    return {"template.json": TEMPLATE, "settings.json": json.dumps({"Parameters": {"Word": word}})}


def _deployed(workshop: Workshop, stack: str) -> str:
    cloudformation = workshop.session.client("cloudformation")
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    found = workshop.session.client("ssm").get_parameter(Name=outputs[0]["OutputValue"])
    value: str = found["Parameter"]["Value"]
    return value


def test_a_failed_stage_rolls_back_by_itself_and_by_hand(workshop: Workshop):
    """ROLLBACK deploys again what the last good execution had; RollbackStage does for a chosen one.

    The failed execution stays Failed, and a rollback goes through that stage only.
    """
    workshop.upload("back.zip", _source("good-1"))
    pipeline, stack = _deploying(workshop, "back.zip", onFailure={"result": "ROLLBACK"})
    first = workshop.first(pipeline)
    assert workshop.ended(pipeline, first) == "Succeeded", workshop.failures(pipeline, first)
    workshop.upload("back.zip", _source("bad"))
    bad = workshop.start(pipeline)
    assert workshop.ended(pipeline, bad) == "Failed"
    rollback = until(
        lambda: None if workshop.first(pipeline) == bad else workshop.first(pipeline),
        seconds=30,
        what="a rollback",
    )
    assert workshop.ended(pipeline, rollback) == "Succeeded"
    assert _deployed(workshop, stack) == "good-1"
    shown = workshop.codepipeline.get_pipeline_execution(
        pipelineName=pipeline, pipelineExecutionId=rollback
    )["pipelineExecution"]
    assert shown["executionType"] == "ROLLBACK"
    assert shown["trigger"]["triggerType"] == "AutomatedRollback"
    assert shown["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == first

    workshop.upload("back.zip", _source("good-2"))
    second = workshop.start(pipeline)
    assert workshop.ended(pipeline, second) == "Succeeded"
    by_hand = workshop.codepipeline.rollback_stage(
        pipelineName=pipeline, stageName="Deploy", targetPipelineExecutionId=first
    )["pipelineExecutionId"]
    assert workshop.ended(pipeline, by_hand) == "Succeeded"
    assert _deployed(workshop, stack) == "good-1"
    with pytest.raises(ClientError, match="UnableToRollbackStage"):
        workshop.codepipeline.rollback_stage(
            pipelineName=pipeline, stageName="Deploy", targetPipelineExecutionId=by_hand
        )


def test_an_execution_of_an_older_structure_is_no_rollback_target(workshop: Workshop):
    """UpdatePipeline cancels what was under way; executions of the old version are no targets."""
    workshop.upload("old.zip", {"a": "b"})
    role = workshop.role("codepipeline", *STORE)
    pipeline = workshop.pipeline(
        stage("One", approval()), stage("Two", approval()), role=role, key="old.zip"
    )
    execution = workshop.first(pipeline)
    workshop.decide(pipeline, "One", "Approve", "Approved")
    workshop.token(pipeline, "Two", "Approve")
    declared = workshop.codepipeline.get_pipeline(name=pipeline)["pipeline"]
    declared["stages"][2]["actions"][0]["configuration"]["CustomData"] = "changed"
    updated = workshop.codepipeline.update_pipeline(pipeline=declared)["pipeline"]
    assert updated["version"] == 2
    assert workshop.ended(pipeline, execution) == "Cancelled"
    with pytest.raises(ClientError, match="PipelineExecutionOutdated"):
        workshop.codepipeline.rollback_stage(
            pipelineName=pipeline, stageName="One", targetPipelineExecutionId=execution
        )


def test_an_alarm_in_a_desired_state_lets_an_execution_in_at_once(workshop: Workshop):
    """AlarmStates are those in which the rule succeeds; another one has WaitTime to change."""
    workshop.upload("desired.zip", {"a": "b"})
    role = workshop.role("codepipeline", *STORE, "cloudwatch:DescribeAlarms")
    alarm = workshop.alarm("OK")
    quiet = rule("Quiet", "CloudWatchAlarm", AlarmName=alarm, AlarmStates="OK", WaitTime="5")
    pipeline = workshop.pipeline(
        stage("Guarded", approval(), beforeEntry=unless(quiet, "FAIL")), role=role,
        key="desired.zip",
    )  # fmt: skip
    assert _approved(workshop, pipeline, workshop.first(pipeline), "Guarded") == "Succeeded"

    cloudwatch = workshop.session.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    waiting = workshop.start(pipeline)
    until(
        lambda: workshop.stage_state(pipeline, "Guarded").get("beforeEntryConditionState"),
        seconds=30,
        what="the rule",
    )
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a test")
    assert _approved(workshop, pipeline, waiting, "Guarded") == "Succeeded"


def test_an_alarm_keeps_an_execution_out_of_a_stage(workshop: Workshop):
    """BeforeEntry with CloudWatchAlarm fails the stage while the alarm is in ALARM."""
    alarm = workshop.alarm("ALARM")
    cloudwatch = workshop.session.client("cloudwatch")
    workshop.upload("alarm.zip", {"a": "b"})
    role = workshop.role("codepipeline", *STORE, "cloudwatch:DescribeAlarms")
    entry = unless(rule("Quiet", "CloudWatchAlarm", AlarmName=alarm), "FAIL")
    pipeline = workshop.pipeline(
        stage("Guarded", approval(), beforeEntry=entry), role=role, key="alarm.zip"
    )
    execution = workshop.first(pipeline)
    assert workshop.ended(pipeline, execution) == "Failed"
    state = workshop.stage_state(pipeline, "Guarded")
    condition = state["beforeEntryConditionState"]
    assert condition["latestExecution"]["status"] == "Failed"
    assert f"The alarm {alarm} is in state ALARM" in condition["latestExecution"]["summary"]
    rules = workshop.codepipeline.list_rule_executions(pipelineName=pipeline)
    assert [r["ruleName"] for r in rules["ruleExecutionDetails"]] == ["Quiet"]

    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a test")
    workshop.codepipeline.retry_stage_execution(
        pipelineName=pipeline, stageName="Guarded", pipelineExecutionId=execution,
        retryMode="FAILED_ACTIONS",
    )  # fmt: skip
    assert _approved(workshop, pipeline, execution, "Guarded") == "Succeeded"


def test_a_stage_is_skipped_where_its_variable_says_so(workshop: Workshop):
    """BeforeEntry SKIP: the execution goes on to the next stage."""
    workshop.upload("skip.zip", {"a": "b"})
    wanted_rule = rule("Wanted", "VariableCheck", Variable="#{variables.deploy}", Value="yes",
                       Operator="EQ")  # fmt: skip
    pipeline = workshop.pipeline(
        stage("Deploy", approval(), beforeEntry=unless(wanted_rule, "SKIP")),
        stage("Last", approval()),
        role=workshop.role("codepipeline", *STORE),
        key="skip.zip",
        variables=[{"name": "deploy", "defaultValue": "no"}],
    )
    execution = workshop.first(pipeline)
    assert _approved(workshop, pipeline, execution, "Last") == "Succeeded"
    assert workshop.stage_state(pipeline, "Deploy")["latestExecution"]["status"] == "Skipped"
    wanted = workshop.start(pipeline, variables=[{"name": "deploy", "value": "yes"}])
    workshop.decide(pipeline, "Deploy", "Approve", "Approved")
    assert _approved(workshop, pipeline, wanted, "Last") == "Succeeded"


def test_a_failed_stage_is_retried_once_by_itself(workshop: Workshop):
    """OnFailure RETRY: the failed action runs a second time, and no third."""
    workshop.upload("again.zip", {"a": "b"})
    build = action("Build", "Build", "CodeBuild", inputs=["Src"],
                   ProjectName=workshop.pipeline_project(spec_of("exit 1")))  # fmt: skip
    pipeline = workshop.pipeline(
        stage("Build", build, onFailure={"result": "RETRY"}),
        role=workshop.role("codepipeline", *STORE, *BUILD),
        key="again.zip",
    )
    execution = workshop.first(pipeline)
    assert workshop.ended(pipeline, execution) == "Failed"
    names = [run["actionName"] for run in workshop.action_runs(pipeline, execution)]
    assert names == ["Source", "Build", "Build"]
    retried = workshop.stage_state(pipeline, "Build")["retryStageMetadata"]
    assert retried["autoStageRetryAttempt"] == 1


FUNCTION = """
import boto3
def handle(event, context):
    job = event["CodePipeline.job"]
    client = boto3.client("codepipeline")
    data = job["data"]
    word = data["actionConfiguration"]["configuration"]["UserParameters"]
    if word == "fail":
        client.put_job_failure_result(
            jobId=job["id"], failureDetails={"type": "JobFailed", "message": "not today"})
    elif "continuationToken" not in data:
        client.put_job_success_result(jobId=job["id"], continuationToken="1")
    else:
        client.put_job_success_result(jobId=job["id"], outputVariables={"word": word})
"""


def test_a_function_reports_the_result_of_its_action(workshop: Workshop, make_function: Any):
    """PutJobSuccessResult with a continuation token asks again; PutJobFailureResult fails it."""
    function = make_function(
        FUNCTION,
        role=workshop.role(
            "lambda", "codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult"
        ),
        Timeout=30,
    ).rpartition(":")[2]
    workshop.upload("job.zip", {"a": "b"})
    good = action("Good", "Invoke", "Lambda", more={"namespace": "L"}, FunctionName=function,
                  UserParameters="#{Src.ObjectKey}")  # fmt: skip
    bad = action("Bad", "Invoke", "Lambda", more={"runOrder": 2}, FunctionName=function,
                 UserParameters="fail")  # fmt: skip
    role = workshop.role("codepipeline", *STORE, "lambda:InvokeFunction")
    pipeline = workshop.pipeline(stage("Call", good, bad), role=role, key="job.zip")
    execution = workshop.first(pipeline)
    assert workshop.ended(pipeline, execution) == "Failed"
    runs = {run["actionName"]: run for run in workshop.action_runs(pipeline, execution)}
    assert runs["Good"]["output"]["outputVariables"] == {"word": "job.zip"}
    assert workshop.failures(pipeline, execution) == {
        "Bad": {"code": "JobFailed", "message": "not today"}
    }


def test_an_artifact_is_deployed_to_a_bucket(workshop: Workshop):
    """S3 deploy with Extract puts each file under the prefix, with its content type."""
    target = workshop.name("site")
    workshop.s3.create_bucket(Bucket=target)
    workshop.upload("site.zip", {"index.html": "<p>", "deep/a.txt": "a"})
    deploy = action("Deploy", "Deploy", "S3", inputs=["Src"], BucketName=target, Extract="true",
                    ObjectKey="www")  # fmt: skip
    role = workshop.role("codepipeline", *STORE)
    pipeline = workshop.pipeline(stage("Deploy", deploy), role=role, key="site.zip")
    assert workshop.ended(pipeline, workshop.first(pipeline)) == "Succeeded"
    listed = workshop.s3.list_objects_v2(Bucket=target)["Contents"]
    assert [entry["Key"] for entry in listed] == ["www/deep/a.txt", "www/index.html"]
    assert workshop.s3.head_object(Bucket=target, Key="www/index.html")["ContentType"] == (
        "text/html"
    )


def test_a_connection_is_pending_until_someone_finishes_it(workshop: Workshop, tmp_path: Path):
    """The source fails while PENDING; afterwards the branch's last commit is the revision."""
    repository = tmp_path / "owner" / "models"
    repository.mkdir(parents=True)
    (repository / "a.txt").write_text("one", encoding="utf-8")
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "-m", "first words"],
    ):
        subprocess.run(["git", *command], cwd=repository, check=True, capture_output=True)
    connections = workshop.session.client("codeconnections")
    arn = connections.create_connection(ConnectionName="git", ProviderType="GitHub")[
        "ConnectionArn"
    ]
    source = action(
        "Git", "Source", "CodeStarSourceConnection", outputs=["Src"], more={"namespace": "Git"},
        ConnectionArn=arn, FullRepositoryId="owner/models", BranchName="main",
    )  # fmt: skip
    pipeline = workshop.pipeline(
        stage("Approve", approval(CustomData="#{Git.CommitMessage}")),
        role=workshop.role("codepipeline", *STORE, "codeconnections:UseConnection"),
    )
    declared = workshop.codepipeline.get_pipeline(name=pipeline)["pipeline"]
    declared["stages"][0]["actions"] = [source]
    workshop.codepipeline.update_pipeline(pipeline=declared)
    failed = workshop.start(pipeline)
    assert workshop.ended(pipeline, failed) == "Failed"
    assert "its status is PENDING" in workshop.failures(pipeline, failed)["Git"]["message"]

    connections.tag_resource(
        ResourceArn=arn, Tags=[{"Key": "embedded-cloud:repositories", "Value": str(tmp_path)}]
    )
    connection = connections.get_connection(ConnectionArn=arn)["Connection"]
    assert connection["ConnectionStatus"] == "AVAILABLE"
    execution = workshop.start(pipeline)
    assert _approved(workshop, pipeline, execution, "Approve") == "Succeeded"
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.strip()
    runs = {run["actionName"]: run for run in workshop.action_runs(pipeline, execution)}
    assert runs["Git"]["output"]["outputVariables"]["CommitId"] == head
    assert runs["Approve"]["input"]["resolvedConfiguration"]["CustomData"] == "first words"
    place = runs["Git"]["output"]["outputArtifacts"][0]["s3location"]
    body = workshop.s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    (tmp_path / "out.zip").write_bytes(body)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.read("a.txt") == b"one"


def test_a_new_object_starts_a_polling_pipeline(workshop: Workshop):
    """PollForSourceChanges: the upload itself is noticed."""
    workshop.upload("poll.zip", {"a": "b"})
    source = action("Source", "Source", "S3", outputs=["Src"], S3Bucket=workshop.source_bucket,
                    S3ObjectKey="poll.zip")  # fmt: skip
    pipeline = workshop.pipeline(
        stage("Approve", approval()), role=workshop.role("codepipeline", *STORE)
    )
    declared = workshop.codepipeline.get_pipeline(name=pipeline)["pipeline"]
    declared["stages"][0]["actions"] = [source]
    workshop.codepipeline.update_pipeline(pipeline=declared)
    version = workshop.upload("poll.zip", {"a": "c"})
    workshop.token(pipeline, "Approve", "Approve")
    shown = workshop.codepipeline.list_pipeline_executions(pipelineName=pipeline)
    newest = shown["pipelineExecutionSummaries"][0]
    assert newest["trigger"]["triggerType"] == "PollForSourceChanges"
    assert newest["sourceRevisions"][0]["revisionId"] == version


def test_a_template_makes_pipeline_rule_and_project(workshop: Workshop):
    """An object's event starts the pipeline through a rule, as the role of its target."""
    bucket, name = workshop.name("events"), workshop.name("stacked")
    events_role = workshop.role("events", "codepipeline:StartPipelineExecution")
    role = workshop.role("codepipeline", *STORE, *BUILD)
    service_role = workshop.iam.get_role(
        RoleName=workshop.role("codebuild", "logs:*", "s3:*").rpartition("/")[2]
    )["Role"]["Arn"]
    project = {
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
    pipeline = {
        "Type": "AWS::CodePipeline::Pipeline",
        "Properties": {
            "Name": name,
            "RoleArn": role,
            "PipelineType": "V2",
            "ExecutionMode": "QUEUED",
            "ArtifactStore": {"Type": "S3", "Location": workshop.artifact_bucket},
            "Stages": [
                {
                    "Name": "Source",
                    "Actions": [
                        {
                            "Name": "S3",
                            "ActionTypeId": _type_id("Source", "S3"),
                            "Configuration": {
                                "S3Bucket": {"Ref": "Bucket"},
                                "S3ObjectKey": "app.zip",
                                "PollForSourceChanges": False,
                            },
                            "OutputArtifacts": [{"Name": "Src"}],
                        }
                    ],
                },
                {
                    "Name": "Build",
                    "Actions": [
                        {
                            "Name": "Build",
                            "ActionTypeId": _type_id("Build", "CodeBuild"),
                            "Configuration": {"ProjectName": {"Ref": "Project"}},
                            "InputArtifacts": [{"Name": "Src"}],
                        }
                    ],
                },
            ],
        },
    }
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": [{"Ref": "Bucket"}]}},
            },
            "Targets": [
                {
                    "Id": "P",
                    "RoleArn": events_role,
                    "Arn": {
                        "Fn::Sub": "arn:aws:codepipeline:${AWS::Region}:${AWS::AccountId}:"
                        "${Pipeline}"
                    },
                }
            ],
        },
    }
    store = {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketName": bucket,
            "VersioningConfiguration": {"Status": "Enabled"},
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        },
    }
    resources = {"Bucket": store, "Project": project, "Pipeline": pipeline, "Rule": rule}
    cloudformation = workshop.session.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
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
    until(
        lambda: (
            name not in [p["name"] for p in workshop.codepipeline.list_pipelines()["pipelines"]]
        ),
        seconds=30,
        what="the pipeline's deletion",
    )


def _type_id(category: str, provider: str) -> dict[str, str]:
    return {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}


def test_what_is_not_built_is_refused_by_name(workshop: Workshop):
    """PARALLEL, unknown rules and providers say that they are not emulated."""
    role = workshop.role("codepipeline")
    window = unless(rule("Window", "DeploymentWindow", Cron="* * * * *"), "FAIL")
    with pytest.raises(ClientError, match=r"NotEmulated.*rules of provider DeploymentWindow"):
        workshop.pipeline(stage("A", approval(), beforeEntry=window), role=role)
    with pytest.raises(ClientError, match=r"NotEmulated.*execution mode PARALLEL"):
        workshop.pipeline(stage("A", approval()), role=role, executionMode="PARALLEL")
    with pytest.raises(ClientError, match=r"NotEmulated.*actions of Deploy provider ECS"):
        workshop.pipeline(stage("A", action("D", "Deploy", "ECS", inputs=["Src"])), role=role)


def test_a_caller_needs_permission_for_the_action_that_it_approves(workshop: Workshop):
    """PutApprovalResult is asked on pipeline/stage/action."""
    name = workshop.name("user")
    workshop.iam.create_user(UserName=name)
    workshop.iam.put_user_policy(
        UserName=name,
        PolicyName="p",
        PolicyDocument=policy(
            Action="codepipeline:PutApprovalResult", Resource="arn:aws:codepipeline:*:*:x/S/A"
        ),
    )
    keys = workshop.iam.create_access_key(UserName=name)["AccessKey"]
    client = workshop.session.client(
        "codepipeline",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
    )
    request = {
        "stageName": "S",
        "actionName": "A",
        "token": "11111111-1111-1111-1111-111111111111",
        "result": {"status": "Approved", "summary": "yes"},
    }
    with pytest.raises(ClientError, match="PipelineNotFound"):
        client.put_approval_result(pipelineName="x", **request)
    with pytest.raises(ClientError, match=r"codepipeline:PutApprovalResult on resource: .*:y/S/A"):
        client.put_approval_result(pipelineName="y", **request)
