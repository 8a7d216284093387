"""Stages and actions of a pipeline, in CodePipeline's own words.

A stage that holds a release has no OnFailure: it fails, which is CodePipeline's default, and never
rolls back. The release machine has put the old version back already; CodePipeline's ROLLBACK would
deploy the template of an older execution against the live pointer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import sub

EXECUTION = "#{codepipeline.PipelineExecutionId}"
"""Resolved by CodePipeline in the configuration of any action (User Guide, "Variables")."""

SOURCE, BUILT, EVIDENCE = "Source", "Built", "Evidence"
Action = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A stage of the project as its pipeline sees it: machine and role by their ARNs."""

    name: str
    title: str
    machine: str
    role: str
    deploy_build: Any
    rounds: tuple[int, ...] = (1,)


def action(
    name: str,
    *,
    kind: tuple[str, str],
    order: int,
    configuration: Mapping[str, Any],
    **more: Any,
) -> Action:
    """One action; `kind` is category and provider."""
    category, provider = kind
    type_ = {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}
    given = {key: value for key, value in more.items() if value is not None}
    return {
        "Name": name,
        "ActionTypeId": type_,
        "RunOrder": order,
        "Configuration": dict(configuration),
        **given,
    }


def build_action(
    name: str, *, order: int, project: Any, source: str, output: str | None = None
) -> Action:
    """A build of an artifact; with an output its exported variables are `NAME.*`."""
    return action(
        name,
        kind=("Build", "CodeBuild"),
        order=order,
        configuration={"ProjectName": project},
        InputArtifacts=[{"Name": source}],
        OutputArtifacts=None if output is None else [{"Name": output}],
        Namespace=None if output is None else name,
    )


def delivery_stage(target: Target, pipeline: str, *, alarm: str | None, region: str) -> Action:
    """Deploy, release, verify; a second round where a version that passed is deployed again."""
    actions: list[Action] = []
    for number in target.rounds:
        suffix = "" if number == 1 else "Following"
        deployed = build_action(
            f"Deploy{suffix}",
            order=len(actions) + 1,
            project=target.deploy_build,
            source=BUILT,
        )
        actions.append(deployed)
        told = _input(target, pipeline, task="deliver", number=number)
        actions.append(_machine(f"Release{suffix}", target, told, order=len(actions) + 1))
    told = _input(target, pipeline, task="verify", number=target.rounds[-1])
    actions.append(_machine("Verify", target, told, order=len(actions) + 1))
    stage: Action = {"Name": target.title, "Actions": actions}
    if alarm is not None:
        stage["BeforeEntry"] = {"Conditions": [_alarm_condition(target, alarm, region)]}
    return stage


def _input(target: Target, pipeline: str, *, task: str, number: int) -> Mapping[str, Any]:
    return {
        "task": task,
        "delivery_id": EXECUTION,
        "round": number,
        "who": f"pipeline {pipeline}",
        "pipeline": {"name": pipeline, "stage": target.title, "execution": EXECUTION},
    }


def _machine(name: str, target: Target, told: Mapping[str, Any], *, order: int) -> Action:
    """The action waits for the machine's execution; its role is one of the stage's account."""
    return action(
        name,
        kind=("Invoke", "StepFunctions"),
        order=order,
        configuration={
            "StateMachineArn": sub(target.machine),
            "InputType": "Literal",
            "Input": json.dumps(told, separators=(",", ":")),
        },
        RoleArn=sub(target.role),
        Namespace=f"{target.title}{name}",
    )


def _alarm_condition(target: Target, alarm: str, region: str) -> Action:
    """The stage is not entered while the alarm is not OK; it is waited for, five minutes."""
    type_ = {
        "Category": "Rule",
        "Owner": "AWS",
        "Provider": "CloudWatchAlarm",
        "Version": "1",
    }
    rule = {
        "Name": "AlarmIsOk",
        "RuleTypeId": type_,
        "Configuration": {"AlarmName": alarm, "AlarmStates": "OK", "WaitTime": "5"},
        "Region": region,
        "RoleArn": sub(target.role),
    }
    return {"Result": "FAIL", "Rules": [rule]}


def approval_stage(*, evidence_build: Any, topic: Any) -> Action:
    """Evidence is gathered, then a person decides; the summary is the approval's message."""
    gathered = build_action(
        EVIDENCE, order=1, project=evidence_build, source=BUILT, output=EVIDENCE
    )
    decided = action(
        "Approve",
        kind=("Approval", "Manual"),
        order=2,
        configuration={
            "NotificationArn": topic,
            "CustomData": f"#{{{EVIDENCE}.SUMMARY}}",
            "ExternalEntityLink": f"#{{{EVIDENCE}.LINK}}",
        },
    )
    return {"Name": "Approval", "Actions": [gathered, decided]}
