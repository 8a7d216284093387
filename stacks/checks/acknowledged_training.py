"""Findings of cdk-nag that stay in the stacks that train models."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.components.training_definition import BUCKET, DATA, JOB_ROLE, MODELS, RUNS
from stacks.components.training_roles import LOG_GROUPS, PIPELINE_ROLE
from stacks.project.names import package_group_name, training_stack_name
from stacks.project.spec import ProjectSpec, StageSpec

_RUNS = "what steps of one pipeline leave for one another, under the ids of its executions"
_JOBS = (
    "jobs that SageMaker names by itself: pipelines-, the execution's id, the step, and a chance "
    "mark"
)


def of_training(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding that stays, of each model that is trained."""
    for model in project.models.values():
        if model.training is None:
            continue
        stack = training_stack_name(project.name, stage.name, model.name)
        yield from _jobs(stack, stage, model.training.data)
        yield from _pipeline(stack, stage, package_group_name(project.name, stage.name, model.name))
        yield finding(
            stack,
            BUCKET,
            "S1",
            "only jobs of this pipeline and whoever uploads data write here and nothing serves "
            "from here; who reads it is in CloudTrail",
        )


def _jobs(stack: str, stage: StageSpec, data: str | None) -> Iterator[Acknowledged]:
    yield wildcard(
        stack,
        JOB_ROLE,
        "*",
        "ecr:GetAuthorizationToken and PutMetricData take no resource; the namespace is bound",
    )
    yield wildcard(stack, JOB_ROLE, f"<{BUCKET}.Arn>/{DATA}/*", "uploaded data of this model")
    yield wildcard(stack, JOB_ROLE, f"<{BUCKET}.Arn>/{MODELS}/*", "artifacts of this model")
    yield wildcard(stack, JOB_ROLE, f"<{BUCKET}.Arn>/{RUNS}/*", _RUNS)
    account = "<AWS::AccountId>" if stage.account is None else stage.account
    assets = f"cdk-hnb659fds-assets-{account}-{stage.region}"
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
    for group in LOG_GROUPS:
        named = arn(stage, "logs", f"log-group:{group}:*")
        yield wildcard(stack, JOB_ROLE, named, "log streams of jobs, which share one group")


def _pipeline(stack: str, stage: StageSpec, group: str) -> Iterator[Acknowledged]:
    yield wildcard(stack, PIPELINE_ROLE, f"<{BUCKET}.Arn>/{RUNS}/*", _RUNS)
    for kind in ("processing-job", "training-job"):
        yield wildcard(stack, PIPELINE_ROLE, arn(stage, "sagemaker", f"{kind}/pipelines-*"), _JOBS)
    versions = arn(stage, "sagemaker", f"model-package/{group.lower()}/*")
    yield wildcard(stack, PIPELINE_ROLE, versions, "versions in the group of this model")
