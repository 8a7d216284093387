"""The stack that trains one model: its pipeline, its bucket, its group in the model registry.

A stack of its own: training may change or fail without touching what serves
(docs/decisions/0023-training.md).
"""

from dataclasses import dataclass
from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.arns import Arns, allow, policy, sub, trust
from stacks.components.blueprint import Blueprint, Kept, att, data, ref
from stacks.components.bucket import add_bucket
from stacks.components.emptying import empty_group_on_delete, empty_on_delete
from stacks.components.training_definition import training_definition
from stacks.components.training_parts import BUCKET, RUNS, TrainingNames
from stacks.components.training_roles import (
    PIPELINE_ROLE,
    TrainingNeeds,
    add_job_role,
    add_pipeline_role,
)
from stacks.project.artifact_spec import LocalArtifact
from stacks.project.names import package_group_name, training_name, training_stack_name
from stacks.project.spec import DataOnDestroy, ModelSpec, StageSpec
from stacks.project.training_options import limit_seconds
from stacks.project.training_spec import TrainingSpec
from stacks.run_costs import training_cost
from tidegate.pointer import LivePointer

PIPELINE, GROUP = "Pipeline", "PackageGroup"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingProps:
    """A model of a stage, and how it is trained. Without a pointer, the file's version is live."""

    project: str
    stage: StageSpec
    model: ModelSpec
    training: TrainingSpec
    shelf: AssetShelf
    pointer: LivePointer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingUris:
    """Where the packed code is, and the artifact that is live."""

    code: str
    live: str | None
    """None before the first version."""


class TrainingStack(Stack):
    """A pipeline of SageMaker that trains, evaluates and registers a model."""

    def __init__(self, scope: Construct, *, props: TrainingProps) -> None:
        stage, model = props.stage, props.model
        super().__init__(
            scope,
            training_stack_name(props.project, stage.name, model.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"Trains model {model.name} of {props.project}, stage {stage.name}",
        )
        code = LocalArtifact(path=props.training.code, digest=props.training.code_digest)
        uris = TrainingUris(code=props.shelf.publish(self, code), live=self._live(props))
        training_blueprint(props, uris).build(self)

    def _live(self, props: TrainingProps) -> str | None:
        if props.pointer is not None:
            return props.pointer.version.artifact_uri
        if props.model.awaited:
            return None
        return props.shelf.publish(self, props.model.artifact)


def training_blueprint(props: TrainingProps, uris: TrainingUris) -> Blueprint:
    """What the stack holds."""
    blueprint = Blueprint()
    stage, model, training = props.stage, props.model, props.training
    arns = Arns(stage=stage)
    group = package_group_name(props.project, stage.name, model.name)
    image = model.images[stage.region]
    _add_bucket(blueprint, props)
    empty_on_delete(blueprint, BUCKET, props.project, arns)
    algorithm = training.algorithm
    names = TrainingNames(
        group=group,
        image=image,
        script_image=image if algorithm is None else algorithm.script_images[stage.region],
        code=uris.code,
        live=uris.live,
        limit_seconds=limit_seconds(training, stage.region),
    )
    needs = TrainingNeeds(arns=arns, names=names, training=training)
    add_job_role(blueprint, needs)
    add_pipeline_role(blueprint, needs)
    blueprint.add(
        GROUP,
        "AWS::SageMaker::ModelPackageGroup",
        # Its name only: any other property of a group is one whose change would replace it.
        {"ModelPackageGroupName": group},
        kept=Kept.ALWAYS if stage.data_on_destroy is DataOnDestroy.KEEP else Kept.NOTHING,
    )
    empty_group_on_delete(blueprint, GROUP, named=group, project=props.project, arns=arns)
    blueprint.add(
        PIPELINE,
        "AWS::SageMaker::Pipeline",
        {
            "PipelineName": training_name(props.project, stage.name, model.name),
            "PipelineDescription": f"Trains {model.name}: process, evaluate, decide, register",
            "PipelineDefinition": {
                "PipelineDefinitionBody": sub(training_definition(model, training, names))
            },
            "RoleArn": att(PIPELINE_ROLE),
        },
        after=[GROUP, f"{BUCKET}Policy"],
    )
    _add_schedule(blueprint, props, arns)
    blueprint.tell("PipelineName", ref(PIPELINE))
    blueprint.tell("BucketName", ref(BUCKET))
    blueprint.tell("PackageGroupName", group)
    cost = training_cost(model.name, training, region=stage.region)
    if cost.usd_per_hour is not None:
        blueprint.tell("JobUsdPerHour", f"{cost.usd_per_hour:g}")
    blueprint.tell("JobPriceSaid", cost.said)
    return blueprint


def _add_bucket(blueprint: Blueprint, props: TrainingProps) -> None:
    """Data between the steps expires; data and models do not: a release may go back to one."""
    keep = props.training.keep_days
    rules: list[dict[str, Any]] = [
        {
            "Id": "ExpireRuns",
            "Status": "Enabled",
            "Prefix": f"{RUNS}/",
            "ExpirationInDays": keep,
        },
        {
            "Id": "Abort",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
    ]
    add_bucket(
        blueprint,
        BUCKET,
        keep_days=keep,
        kept=data(props.stage.data_on_destroy),
        more={"LifecycleConfiguration": {"Rules": rules}},
    )


def _add_schedule(blueprint: Blueprint, props: TrainingProps, arns: Arns) -> None:
    expression = props.training.schedule
    if expression is None:
        return
    name = training_name(props.project, props.stage.name, props.model.name)
    pipeline = arns.of("sagemaker", f"pipeline/{name}")
    role = blueprint.add(
        "ScheduleRole",
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust("scheduler.amazonaws.com"),
            "Policies": [
                policy("Start", [allow(["sagemaker:StartPipelineExecution"], [pipeline])])
            ],
        },
    )
    blueprint.add(
        "Schedule",
        "AWS::Scheduler::Schedule",
        {
            "Description": f"Trains {props.model.name}",
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": pipeline, "RoleArn": att(role)},
        },
        after=[PIPELINE],
    )
