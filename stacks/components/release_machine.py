"""The state machines of releases, from the ASL files beside this module."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.handler_function import FunctionProps, add_log

Functions = Mapping[str, FunctionProps]

_HERE = Path(__file__).parent
_CHAPTER = {
    "ShiftTraffic": "shift_traffic",
    "VerifyTraffic": "verify_traffic",
    "ObserveRelease": "observe_release",
    "JoinShadowCaptures": "join_shadow_captures",
    "JudgeRelease": "judge_release",
    "SettleRelease": "settle_release",
    "HaltRelease": "halt_release",
}
_WATCH = {
    "WatchRelease": "watch_release",
    "ReportRelease": "report_release",
    "HaltRelease": "halt_release",
}
_RELEASE = {"PrepareRelease": "prepare_release", "ReportRelease": "report_release"}


RELEASE_MACHINE = "ReleaseMachine"
CHAPTER_MACHINE = "ChapterMachine"
WATCH_MACHINE = "WatchMachine"
MACHINE_LOG = "MachineLog"


def add_machines(blueprint: Blueprint, functions: Functions, arns: Arns, *, release: str) -> None:
    """The release machine is there under that name, and its chapters are a second one's executions.

    A third one watches deploys that SageMaker releases.
    """
    add_log(blueprint, MACHINE_LOG, arns.stage)
    chapter = _calls(functions, _CHAPTER)
    _add(blueprint, CHAPTER_MACHINE, arns, _Rights(calls=chapter, extra=[]))
    calls = {**_calls(functions, _RELEASE), CHAPTER_MACHINE: ref(CHAPTER_MACHINE)}
    rights = _Rights(calls=calls, extra=_chapter_statements(arns))
    _add(blueprint, RELEASE_MACHINE, arns, rights, fixed_name=release)
    watch = _calls(functions, _WATCH)
    _add(blueprint, WATCH_MACHINE, arns, _Rights(calls=watch, extra=[]))


def definition(name: str, *, partition: str) -> str:
    """The Amazon States Language of `release`, `chapter` or `watch`, for one partition of AWS."""
    text = (_HERE / f"{name}_machine.asl.json").read_text(encoding="utf-8")
    shortest = json.dumps(json.loads(text), separators=(",", ":"))
    return shortest.replace("arn:aws:states:::", f"arn:{partition}:states:::")


Calls = Mapping[str, Any]
"""The functions that a machine calls, by their names in its definition."""


def add_machine(blueprint: Blueprint, id_: str, arns: Arns, calls: Calls) -> None:
    """A machine is there that calls these functions and may do nothing else."""
    _add(blueprint, id_, arns, _Rights(calls=calls, extra=[]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rights:
    """What a machine calls, by the names in its definition, and what else its role may do."""

    calls: Mapping[str, Any]
    extra: list[dict[str, Any]]


def _calls(functions: Functions, wanted: Mapping[str, str]) -> dict[str, Any]:
    return {name: att(functions[package].id) for name, package in wanted.items()}


def _add(
    blueprint: Blueprint, id_: str, arns: Arns, rights: _Rights, *, fixed_name: str | None = None
) -> None:
    invoked = [arn for called, arn in rights.calls.items() if called != CHAPTER_MACHINE]
    statements = [allow(["lambda:InvokeFunction"], invoked), *rights.extra, log_delivery()]
    role = blueprint.add(
        f"{id_}Role",
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust("states.amazonaws.com"),
            "Policies": [policy("Work", statements)],
        },
    )
    name = id_.removesuffix("Machine").lower()
    blueprint.add(
        id_,
        "AWS::StepFunctions::StateMachine",
        {
            "StateMachineName": fixed_name,
            "RoleArn": att(role),
            "StateMachineType": "STANDARD",
            "DefinitionString": definition(name, partition=arns.stage.partition),
            "DefinitionSubstitutions": dict(rights.calls),
            "LoggingConfiguration": {
                "Level": "ALL",
                "IncludeExecutionData": True,
                "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": att(MACHINE_LOG)}}],
            },
        },
    )


def _chapter_statements(arns: Arns) -> list[dict[str, Any]]:
    """What a synchronous child execution needs.

    Source: Step Functions developer guide, "Service integration policies", `startExecution.sync:2`.
    """
    chapter = att(CHAPTER_MACHINE, "Name")
    executions = {"Fn::Sub": [arns.text("states", "execution:${Chapter}:*"), {"Chapter": chapter}]}
    rule = arns.of("events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
    return [
        allow(["states:StartExecution"], [ref(CHAPTER_MACHINE)]),
        allow(["states:DescribeExecution", "states:StopExecution"], [executions]),
        allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
    ]


def log_delivery() -> dict[str, Any]:
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
