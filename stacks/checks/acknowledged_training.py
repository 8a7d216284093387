"""Findings of cdk-nag that stay in the stacks that train models."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, arn, assets_bucket, finding, wildcard
from stacks.components.training_parts import BUCKET, DATA, JOB_ROLE, MODELS, RUNS
from stacks.components.training_roles import PIPELINE_ROLE, log_groups, pipeline_patterns
from stacks.project.names import package_group_name, training_stack_name
from stacks.project.spec import ProjectSpec, StageSpec
from stacks.project.training_spec import TrainingSpec

_RUNS = "what steps of one pipeline leave for one another, under the ids of its executions"
_JOBS = (
    "jobs that SageMaker names by itself: pipelines-, the execution's id, the step, and a chance "
    "mark"
)

_TUNED = (
    "tuning jobs that SageMaker names by itself: the execution's id, which is by chance, the step, "
    "a mark"
)
_NAMED = "pipelines-*"


def of_training(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding that stays, of each model that is trained."""
    for model in project.trained.values():
        if model.training is None:
            continue
        stack = training_stack_name(project.name, stage.name, model.name)
        yield from _jobs(stack, stage, model.training)
        group = package_group_name(project.name, stage.name, model.name)
        yield from _pipeline(stack, stage, group, model.training)
        yield finding(
            stack,
            BUCKET,
            "S1",
            "only jobs of this pipeline and whoever uploads data write here and nothing serves "
            "from here; who reads it is in CloudTrail",
        )


def _jobs(stack: str, stage: StageSpec, training: TrainingSpec) -> Iterator[Acknowledged]:
    data = training.data
    unbound = "ecr:GetAuthorizationToken and PutMetricData take no resource; the namespace is bound"
    if training.vpc is not None:
        unbound += "; network interfaces of jobs have no names before they are made"
    yield wildcard(stack, JOB_ROLE, "*", unbound)
    yield wildcard(stack, JOB_ROLE, f"<{BUCKET}.Arn>/{DATA}/*", "uploaded data of this model")
    yield wildcard(stack, JOB_ROLE, f"<{BUCKET}.Arn>/{MODELS}/*", "artifacts of this model")
    yield wildcard(stack, JOB_ROLE, f"<{BUCKET}.Arn>/{RUNS}/*", _RUNS)
    assets = assets_bucket(stage)
    yield wildcard(
        stack,
        JOB_ROLE,
        f"arn:{stage.partition}:s3:::{assets}/*.tar.gz",
        "packed code, and the artifact that is live, which changes between deploys",
    )
    if data is not None:
        path = data.removeprefix("s3://")
        named = f"arn:{stage.partition}:s3:::{path}*"
        yield wildcard(stack, JOB_ROLE, named, "the data that the project file names")
    for group in log_groups(training):
        named = arn(stage, "logs", f"log-group:{group}:*")
        yield wildcard(stack, JOB_ROLE, named, "log streams of jobs, which share one group")


def _pipeline(
    stack: str, stage: StageSpec, group: str, training: TrainingSpec
) -> Iterator[Acknowledged]:
    yield wildcard(stack, PIPELINE_ROLE, f"<{BUCKET}.Arn>/{RUNS}/*", _RUNS)
    for kind, named in pipeline_patterns(training):
        reason = _JOBS if named == _NAMED else _TUNED
        yield wildcard(stack, PIPELINE_ROLE, arn(stage, "sagemaker", f"{kind}/{named}"), reason)
    versions = arn(stage, "sagemaker", f"model-package/{group.lower()}/*")
    yield wildcard(stack, PIPELINE_ROLE, versions, "versions in the group of this model")
