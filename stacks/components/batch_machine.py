"""The machine of a batch's runs, what starts it, and what watches over it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.batch_data import BATCH_BUCKET, INPUT, RUN_TABLE
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.handler_function import FunctionProps, add_log
from stacks.components.release_machine import definition, log_delivery
from stacks.project.batches import BatchModelSpec, Start
from stacks.project.names import job_prefix
from tidegate.batch.run import EVENT_SOURCE, RUN_ENDED

BATCH_MACHINE = "BatchMachine"
DEADLINE_MACHINE = "DeadlineMachine"
MACHINE_LOG = "BatchMachineLog"
RULE = "BatchRule"
_PERIOD_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMachineProps:
    """A model's batch and the functions of its runs."""

    project: str
    arns: Arns
    model: BatchModelSpec
    functions: Mapping[str, FunctionProps]


def add_batch_machine(blueprint: Blueprint, props: BatchMachineProps) -> None:
    """The machine is there with what starts it, a deadline where there is one, and alarms."""
    add_log(blueprint, MACHINE_LOG, props.arns.stage)
    batch = props.model.batch
    calls: dict[str, Any] = {row.id: att(row.id) for row in props.functions.values()}
    statements = [
        allow(["lambda:InvokeFunction"], list(calls.values())),
        *_transform_statements(props),
    ]
    if batch.sla_seconds is not None:
        _add_deadline(blueprint, props)
        calls = {**calls, DEADLINE_MACHINE: ref(DEADLINE_MACHINE)}
        statements.append(allow(["states:StartExecution"], [ref(DEADLINE_MACHINE)]))
    _add(blueprint, BATCH_MACHINE, _Machine(text=batch_definition(props), uses=calls), statements)
    _add_start(blueprint, props)
    failed = "A run of the batch did not succeed"
    _add_alarm(blueprint, props, BATCH_MACHINE, id_="BatchFailed", said=failed)
    if batch.sla_seconds is not None:
        late = "A run of the batch was not over at its deadline"
        _add_alarm(blueprint, props, DEADLINE_MACHINE, id_="BatchLate", said=late)


def batch_definition(props: BatchMachineProps) -> str:
    """The machine's Amazon States Language, with the job that the project file describes."""
    batch = props.model.batch
    machine = json.loads(definition("batch", partition=props.arns.stage.partition))
    states = machine["States"]
    job = states["Transform"]["Parameters"]
    job["MaxPayloadInMB"] = batch.payload_mb
    job["MaxConcurrentTransforms"] = batch.concurrency
    job["TransformInput"]["ContentType"] = batch.format.content_type
    job["TransformOutput"]["Accept"] = batch.format.content_type
    job["TransformResources"] = {
        "InstanceType": batch.instance_type,
        "InstanceCount": batch.instances,
    }
    if batch.sla_seconds is None:
        states.pop("Deadline")
        states["Validate"]["Next"] = "Validated"
    return json.dumps(machine, separators=(",", ":"))


def _transform_statements(props: BatchMachineProps) -> list[dict[str, Any]]:
    """What a synchronous transform job needs; the model's own role is not passed here.

    Source: Step Functions developer guide, "Service integration policies",
    `createTransformJob.sync`.
    """
    arns = props.arns
    prefix = job_prefix(props.project, arns.stage.name, props.model.name)
    rule = arns.of("events", "rule/StepFunctionsGetEventsForSageMakerTransformJobsRule")
    jobs = arns.of("sagemaker", f"transform-job/{prefix}-*")
    actions = ["CreateTransformJob", "DescribeTransformJob", "StopTransformJob"]
    return [
        allow([f"sagemaker:{action}" for action in actions], [jobs]),
        allow(["sagemaker:ListTags"], [jobs]),
        allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    """A definition, and what it names by substitution."""

    text: str
    uses: Mapping[str, Any]


def _add(
    blueprint: Blueprint, id_: str, machine: _Machine, statements: list[dict[str, Any]]
) -> None:
    role = blueprint.add(
        f"{id_}Role",
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust("states.amazonaws.com"),
            "Policies": [policy("Work", [*statements, log_delivery()])],
        },
    )
    blueprint.add(
        id_,
        "AWS::StepFunctions::StateMachine",
        {
            "RoleArn": att(role),
            "StateMachineType": "STANDARD",
            "DefinitionString": machine.text,
            "DefinitionSubstitutions": dict(machine.uses),
            "LoggingConfiguration": {
                "Level": "ALL",
                "IncludeExecutionData": True,
                "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": att(MACHINE_LOG)}}],
            },
        },
    )


def _add_deadline(blueprint: Blueprint, props: BatchMachineProps) -> None:
    text = definition("deadline", partition=props.arns.stage.partition)
    statements = [allow(["dynamodb:GetItem"], [att(RUN_TABLE)])]
    machine = _Machine(text=text, uses={RUN_TABLE: ref(RUN_TABLE)})
    _add(blueprint, DEADLINE_MACHINE, machine, statements)


def _add_start(blueprint: Blueprint, props: BatchMachineProps) -> None:
    """The rule that starts runs, where something else than a person does."""
    matched = _started_by(props)
    if matched is None:
        return
    target, event = matched
    statement = allow(["states:StartExecution"], [ref(BATCH_MACHINE)])
    role = blueprint.add(
        f"{RULE}Role",
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust("events.amazonaws.com"),
            "Policies": [policy("Work", [statement])],
        },
    )
    started = {"Id": "Run", "Arn": ref(BATCH_MACHINE), "RoleArn": att(role), **target}
    blueprint.add(RULE, "AWS::Events::Rule", {**event, "Targets": [started]})


def _started_by(props: BatchMachineProps) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """What of an event the machine gets, and which event: a moment, an object, another's run."""
    batch = props.model.batch
    if batch.after is not None:
        detail: dict[str, Any] = {
            "project": [props.project],
            "stage": [props.arns.stage.name],
            "model": [batch.after],
            "purpose": ["serve"],
            "status": ["done"],
        }
        pattern = {"source": [EVENT_SOURCE], "detail-type": [RUN_ENDED], "detail": detail}
        said = f"Runs of {batch.after} that are done"
        return {"InputPath": "$.detail"}, {"Description": said, "EventPattern": pattern}
    if batch.start is Start.SCHEDULE:
        text = json.dumps({"because": f"its schedule is {batch.schedule}"})
        said = "When data sets are transformed"
        return {"Input": text}, {"Description": said, "ScheduleExpression": batch.schedule}
    if batch.start is Start.ARRIVAL:
        detail = {
            "bucket": {"name": [ref(BATCH_BUCKET)]},
            "object": {"key": [{"prefix": INPUT}]},
        }
        pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
        said = "Data sets that arrived"
        return {"InputPath": "$.detail"}, {"Description": said, "EventPattern": pattern}
    return None


def _add_alarm(
    blueprint: Blueprint, props: BatchMachineProps, machine: str, *, id_: str, said: str
) -> None:
    topic = props.arns.stage.alarm_topic
    blueprint.add(
        id_,
        "AWS::CloudWatch::Alarm",
        {
            "AlarmDescription": f"{said} ({props.model.name})",
            "Namespace": "AWS/States",
            "MetricName": "ExecutionsFailed",
            "Dimensions": [{"Name": "StateMachineArn", "Value": ref(machine)}],
            "Statistic": "Sum",
            "Threshold": 0,
            "Period": _PERIOD_SECONDS,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": None if topic is None else [topic],
        },
    )
