"""Schedules fire when they are due by the cloud's clock, with the role of their target."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.emulated_jobs import Shop
from tests.emulated_model_pipelines import Line
from tests.polling import until

pytestmark = pytest.mark.accept

MACHINE = '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}'
MINUTE = "rate(1 minute)"


def name() -> str:
    """A name that nothing has yet."""
    return f"s-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def machine(ground_cloud: EmbeddedCloud, make_role: Callable[..., str]) -> str:
    """A state machine of this test's own; its ARN."""
    states = ground_cloud.session().client("stepfunctions")
    made = states.create_state_machine(name=name(), definition=MACHINE, roleArn=make_role("states"))
    return str(made["stateMachineArn"])


def inputs(cloud: EmbeddedCloud, machine: str) -> list[Any]:
    """What each execution of the machine was started with."""
    states = cloud.session().client("stepfunctions")
    listed = states.list_executions(stateMachineArn=machine)["executions"]
    arns = [each["executionArn"] for each in listed]
    return [json.loads(states.describe_execution(executionArn=arn)["input"]) for arn in arns]


def test_a_rule_with_a_rate_fires_again_and_again_and_not_before(
    ground_cloud: EmbeddedCloud,
    machine: str,
    make_role: Callable[..., str],
) -> None:
    """A minute of the cloud's clock apart; a disabled rule and a role that may not fire nothing."""
    events = ground_cloud.session().client("events")
    role, idle = make_role("events", "states:StartExecution"), make_role("events")
    said = [("ENABLED", role, "due"), ("DISABLED", role, "off"), ("ENABLED", idle, "refused")]
    rules = []
    for state, of, word in said:
        rules.append(name())
        events.put_rule(Name=rules[-1], ScheduleExpression=MINUTE, State=state)
        target = {"Id": "m", "Arn": machine, "RoleArn": of, "Input": json.dumps({"said": word})}
        events.put_targets(Rule=rules[-1], Targets=[target])
    assert inputs(ground_cloud, machine) == []
    until(lambda: len(inputs(ground_cloud, machine)) >= 2 or None, seconds=20, what="two runs")
    for rule in rules:
        events.disable_rule(Name=rule)
    assert {one["said"] for one in inputs(ground_cloud, machine)} == {"due"}


def test_a_schedule_starts_a_machine_and_a_model_pipeline_with_its_parameters(
    ground_cloud: EmbeddedCloud,
    machine: str,
    make_role: Callable[..., str],
) -> None:
    """EventBridge Scheduler, whose roles trust another principal than those of rules."""
    line = Line(Shop(ground_cloud))
    line.create()
    scheduler = ground_cloud.session().client("scheduler")
    may = ("states:StartExecution", "sagemaker:StartPipelineExecution")
    role, wrong = make_role("scheduler", *may), make_role("events", *may)
    told = line.sagemaker.describe_pipeline(PipelineName=line.name)
    parameters = {"PipelineParameterList": [{"Name": "Least", "Value": "4"}]}
    pipeline = {"Arn": told["PipelineArn"], "SageMakerPipelineParameters": parameters}
    made = []
    for target in (
        {"Arn": machine, "RoleArn": wrong, "Input": '{"said": "refused"}'},
        {"Arn": machine, "RoleArn": role, "Input": '{"said": "due"}'},
        {**pipeline, "RoleArn": role},
    ):
        made.append(name())
        scheduler.create_schedule(
            Name=made[-1],
            ScheduleExpression=MINUTE,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target,
        )

    def executions() -> list[Any]:
        found = line.sagemaker.list_pipeline_executions(PipelineName=line.name)
        return list(found["PipelineExecutionSummaries"])

    until(lambda: (inputs(ground_cloud, machine) and executions()) or None, seconds=20, what="both")
    for one in made:
        scheduler.delete_schedule(Name=one)
    assert {one["said"] for one in inputs(ground_cloud, machine)} == {"due"}
    given = line.sagemaker.list_pipeline_parameters_for_execution(
        PipelineExecutionArn=executions()[0]["PipelineExecutionArn"]
    )["PipelineParameters"]
    assert {"Name": "Least", "Value": "4"} in given
    for one in executions():
        line.ended(one["PipelineExecutionArn"])
