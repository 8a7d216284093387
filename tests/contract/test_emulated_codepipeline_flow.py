"""How executions move through pipelines of the embedded cloud: stops, rollbacks, conditions."""

import json
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
)
from tests.polling import until

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def workshop(ground_cloud: EmbeddedCloud) -> Workshop:
    """Buckets and makers in the cloud of the ground floor."""
    return Workshop(ground_cloud)


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
    assert workshop.approved(pipeline, execution, "One") == "Stopped"
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
    assert workshop.approved(pipeline, workshop.first(pipeline), "Guarded") == "Succeeded"

    cloudwatch = workshop.session.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    waiting = workshop.start(pipeline)
    until(
        lambda: workshop.stage_state(pipeline, "Guarded").get("beforeEntryConditionState"),
        seconds=30,
        what="the rule",
    )
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a test")
    assert workshop.approved(pipeline, waiting, "Guarded") == "Succeeded"


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
    assert workshop.approved(pipeline, execution, "Guarded") == "Succeeded"


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
    assert workshop.approved(pipeline, execution, "Last") == "Succeeded"
    assert workshop.stage_state(pipeline, "Deploy")["latestExecution"]["status"] == "Skipped"
    wanted = workshop.start(pipeline, variables=[{"name": "deploy", "value": "yes"}])
    workshop.decide(pipeline, "Deploy", "Approve", "Approved")
    assert workshop.approved(pipeline, wanted, "Last") == "Succeeded"


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
