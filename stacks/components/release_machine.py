"""The two state machines of the release loop, from the ASL files beside this module."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions

from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.handler_function import HandlerFunction
from stacks.components.retention import keep_data
from stacks.project.spec import StageSpec

_HERE = Path(__file__).parent
_CHAPTER = {
    "ShiftTraffic": "shift_traffic",
    "VerifyTraffic": "verify_traffic",
    "ObserveRelease": "observe_release",
    "JudgeRelease": "judge_release",
    "SettleRelease": "settle_release",
    "HaltRelease": "halt_release",
}
_RELEASE = {"PrepareRelease": "prepare_release", "ReportRelease": "report_release"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinesProps:
    """The functions by their package, and where everything is."""

    arns: Arns
    functions: Mapping[str, HandlerFunction]
    log_arn: str


def add_machine_log(stack: Stack, stage: StageSpec) -> str:
    """The stack has the log group of both machines; returns its ARN."""
    log = logs.CfnLogGroup(stack, "MachineLog", retention_in_days=stage.log_days)
    keep_data(log, stage.data_on_destroy)
    return log.attr_arn


def add_machines(stack: Stack, props: MachinesProps) -> stepfunctions.CfnStateMachine:
    """The stack has the release machine, whose chapters are executions of a second one."""
    chapter = _add(stack, "Chapter", props, calls=_calls(props, _CHAPTER), extra=[])
    calls = {**_calls(props, _RELEASE), "ChapterMachine": chapter.attr_arn}
    return _add(stack, "Release", props, calls=calls, extra=_chapter_statements(props.arns))


def definition(name: str, *, partition: str) -> str:
    """The Amazon States Language of a machine, `release` or `chapter`, for one partition of AWS."""
    text = (_HERE / f"{name}_machine.asl.json").read_text(encoding="utf-8")
    shortest = json.dumps(json.loads(text), separators=(",", ":"))
    return shortest.replace("arn:aws:states:::", f"arn:{partition}:states:::")


def _calls(props: MachinesProps, wanted: Mapping[str, str]) -> dict[str, str]:
    return {name: props.functions[package].arn for name, package in wanted.items()}


def _add(
    stack: Stack,
    name: str,
    props: MachinesProps,
    *,
    calls: Mapping[str, str],
    extra: list[dict[str, Any]],
) -> stepfunctions.CfnStateMachine:
    invoked = [arn for called, arn in calls.items() if called != "ChapterMachine"]
    statements = [allow(["lambda:InvokeFunction"], invoked), *extra, _log_delivery()]
    role = iam.CfnRole(
        stack,
        f"{name}MachineRole",
        assume_role_policy_document=trust("states.amazonaws.com"),
        policies=[policy("Work", statements)],
    )
    return stepfunctions.CfnStateMachine(
        stack,
        f"{name}Machine",
        role_arn=role.attr_arn,
        definition_string=definition(name.lower(), partition=props.arns.stage.partition),
        definition_substitutions=dict(calls),
        state_machine_type="STANDARD",
        logging_configuration={
            "level": "ALL",
            "includeExecutionData": True,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": props.log_arn}}],
        },
    )


def _chapter_statements(arns: Arns) -> list[dict[str, Any]]:
    """What a synchronous child execution needs.

    Source: Step Functions developer guide, "Service integration policies", `startExecution.sync:2`.
    """
    chapter = {"Fn::GetAtt": ["ChapterMachine", "Name"]}
    executions = {"Fn::Sub": [arns.text("states", "execution:${Chapter}:*"), {"Chapter": chapter}]}
    rule = arns.of("events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
    return [
        allow(["states:StartExecution"], [{"Ref": "ChapterMachine"}]),
        allow(["states:DescribeExecution", "states:StopExecution"], [executions]),
        allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
    ]


def _log_delivery() -> dict[str, Any]:
    """Delivery of a machine's log; none of these actions takes a resource.

    Source: Step Functions developer guide, "Logging using CloudWatch Logs".
    """
    return allow(
        [
            "logs:CreateLogDelivery",
            "logs:GetLogDelivery",
            "logs:UpdateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
        ],
        ["*"],
    )
