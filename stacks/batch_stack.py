"""The stack of a model's batch: its versions in two slots, its data, the machine of its runs.

It needs no endpoint: a model may be offline only. A deploy changes the idle slot; the pointer in
its table says which version runs by schedule (docs/decisions/0022-batches.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.batch_data import BATCH_BUCKET, RUN_TABLE, add_batch_data
from stacks.components.batch_functions import (
    BatchFunctionsProps,
    batch_functions,
    guard_function,
    own_bucket,
    read_input,
)
from stacks.components.batch_machine import BATCH_MACHINE, BatchMachineProps, add_batch_machine
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.execution_role import own_artifacts, own_images, pull_statements
from stacks.components.handler_function import CodeAsset, add_function
from stacks.components.model_containers import declared_version, model_containers
from stacks.components.model_package import add_model_package
from stacks.project.batches import BatchModelSpec
from stacks.project.names import batch_stack_name, job_prefix, logical_id
from stacks.project.placement import Placement, version_of
from stacks.project.spec import DataOnDestroy, StageSpec
from tidegate.batch.plan import BatchPointer
from tidegate.slots import PAIR, Slot

CODE = Path(__file__).parents[1] / "lambda"
GUARD_TYPE = "Custom::BatchGuard"
GUARD = "BatchGuard"
ROLE = "TransformRole"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProps:
    """One model's batch in one stage. Without a pointer, both slots get the file's version."""

    project: str
    stage: StageSpec
    model: BatchModelSpec
    shelf: AssetShelf
    pointer: BatchPointer | None = None
    code: Path = CODE


class BatchStack(Stack):
    """What transforms data sets with a model."""

    def __init__(self, scope: Construct, *, props: BatchProps) -> None:
        stage, model = props.stage, props.model
        super().__init__(
            scope,
            batch_stack_name(props.project, stage.name, model.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"Batch of {model.name} of {props.project}, stage {stage.name}",
            termination_protection=stage.data_on_destroy is DataOnDestroy.KEEP,
        )
        publish = partial(props.shelf.publish, self)
        version = version_of(model, region=stage.region, uri_of=publish)
        around = BatchFunctionsProps(
            project=props.project,
            arns=Arns(stage=stage),
            model=model,
            placement=placed(version, props.pointer),
            models=_model_ids(props),
        )
        code = props.shelf.publish_code(self, props.code, props.stage)
        batch_blueprint(around, code).build(self)


def placed(version: Any, pointer: BatchPointer | None) -> Placement:
    """The live version stays in its slot, another goes into the idle one."""
    if pointer is None:
        return Placement(live=Slot.BLUE, slots=dict.fromkeys(PAIR, version))
    slots = {pointer.slot: pointer.version, pointer.slot.other: version}
    return Placement(live=pointer.slot, slots=slots)


def _model_ids(props: BatchProps) -> Mapping[Slot, str]:
    named = (props.project, props.stage.name, props.model.name)
    return {slot: logical_id(*named, f"{slot.value.capitalize()}Batch") for slot in PAIR}


def batch_blueprint(props: BatchFunctionsProps, code: CodeAsset) -> Blueprint:
    """What the stack of a batch holds."""
    blueprint = Blueprint()
    stage, batch = props.arns.stage, props.model.batch
    before = add_batch_data(blueprint, props.project, props.arns, keep_days=batch.keep_days)
    guarding = guard_function(props)
    add_function(blueprint, guarding, code=code, stage=stage)
    guard = _add_guard(blueprint, props, guarding.id)
    role = _add_role(blueprint, props, guard)
    for slot in PAIR:
        _add_model(blueprint, props, slot, role=role, after=(guard, *before))
    functions = batch_functions(props)
    for row in functions.values():
        add_function(blueprint, row, code=code, stage=stage)
    machine = BatchMachineProps(
        project=props.project, arns=props.arns, model=props.model, functions=functions
    )
    add_batch_machine(blueprint, machine)
    blueprint.tell("BatchBucketName", ref(BATCH_BUCKET))
    blueprint.tell("RunTableName", ref(RUN_TABLE))
    blueprint.tell("BatchMachineArn", ref(BATCH_MACHINE))
    return blueprint


def _add_guard(blueprint: Blueprint, props: BatchFunctionsProps, function: str) -> str:
    """The guard is there; what a run reads of the slots comes after it."""
    slots = {
        slot.value: declared_version(version)
        for slot, version in sorted(props.placement.slots.items())
    }
    properties = {
        "ServiceToken": att(function),
        "Model": props.model.name,
        "Live": props.placement.live.value,
        "Slots": slots,
    }
    return blueprint.add(GUARD, GUARD_TYPE, properties)


def _add_role(blueprint: Blueprint, props: BatchFunctionsProps, guard: str) -> str:
    """The role of the containers: their artifacts, images, logs; the input and the results.

    The actions are those of the SageMaker developer guide, "CreateModel API: Execution Role
    Permissions" and "Use batch transform", narrowed to resources.
    """
    return blueprint.add(
        ROLE,
        "AWS::IAM::Role",
        {
            "Description": f"Runs the containers of the batch of {props.model.name}",
            "AssumeRolePolicyDocument": trust("sagemaker.amazonaws.com"),
            "Policies": [policy("Transform", _role_statements(props))],
        },
        after=[guard],
    )


def _role_statements(props: BatchFunctionsProps) -> list[dict[str, Any]]:
    arns, versions = props.arns, list(props.placement.slots.values())
    containers = [each for version in versions for each in version.containers]
    artifacts = own_artifacts(containers)
    group = "log-group:/aws/sagemaker/TransformJobs"
    prefix = job_prefix(props.project, arns.stage.name, props.model.name)
    return [
        *([allow(["s3:GetObject"], [arns.s3(path) for path in artifacts])] if artifacts else []),
        *read_input(props),
        allow(["s3:ListBucket"], [att(BATCH_BUCKET)]),
        own_bucket("runs/*", actions=("s3:GetObject",)),
        own_bucket(
            "results/*", "comparisons/*", actions=("s3:PutObject", "s3:AbortMultipartUpload")
        ),
        *pull_statements(arns, own_images(containers)),
        allow(["logs:CreateLogGroup", "logs:DescribeLogStreams"], [arns.of("logs", group)]),
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [arns.of("logs", f"{group}:log-stream:{prefix}-*")],
        ),
        allow(
            ["cloudwatch:PutMetricData"],
            ["*"],
            Condition={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
        ),
    ]


def _add_model(
    blueprint: Blueprint,
    props: BatchFunctionsProps,
    slot: Slot,
    *,
    role: str,
    after: tuple[str, ...],
) -> None:
    version, id_ = props.placement.slots[slot], props.models[slot]
    named = (props.project, props.arns.stage.name, props.model.name)
    owner = f"{batch_stack_name(*named)}-{slot}"
    package = add_model_package(blueprint, id_, version, owner=owner, after=after)
    blueprint.add(
        id_,
        "AWS::SageMaker::Model",
        {
            "ExecutionRoleArn": att(role),
            **model_containers(version, package=package),
        },
        after=after,
    )
