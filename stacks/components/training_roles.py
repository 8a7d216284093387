"""The two roles of a training pipeline: what starts its jobs, and what the jobs run under."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.blueprint import Blueprint, att
from stacks.components.bucket import objects_in
from stacks.components.execution_role import container_statements
from stacks.components.training_parts import (
    BUCKET,
    DATA,
    JOB_ROLE,
    MODELS,
    RUNS,
    TrainingNames,
)
from stacks.project.training_spec import TrainingSpec

PIPELINE_ROLE = "TrainingRole"
ASKING_LOG_GROUP = "/aws/sagemaker/TransformJobs"
LOG_GROUPS = ("/aws/sagemaker/ProcessingJobs", "/aws/sagemaker/TrainingJobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingNeeds:
    """What the jobs touch beside the stack's own bucket; URIs may hold `${AWS::AccountId}`."""

    arns: Arns
    names: TrainingNames
    training: TrainingSpec

    @property
    def group(self) -> str:
        """The group of the registry."""
        return self.names.group


def add_job_role(blueprint: Blueprint, needs: TrainingNeeds) -> str:
    """The role of processing and training jobs: their data, their code, their image, their logs."""
    return blueprint.add(
        JOB_ROLE,
        "AWS::IAM::Role",
        {
            "Description": f"Runs the jobs that train {needs.group}",
            "AssumeRolePolicyDocument": trust("sagemaker.amazonaws.com"),
            "Policies": [policy("Jobs", job_statements(needs))],
        },
    )


def job_statements(needs: TrainingNeeds) -> list[dict[str, Any]]:
    """The statements of the jobs' role."""
    arns, names, training = needs.arns, needs.names, needs.training
    assets = names.code.removeprefix("s3://").partition("/")[0]
    outside = [assets, *_bucket_of(training.data)]
    return [
        allow(["s3:ListBucket"], [att(BUCKET), *(arns.s3(bucket) for bucket in outside)]),
        allow(
            ["s3:GetObject"],
            [
                objects_in(BUCKET, f"{DATA}/*"),
                objects_in(BUCKET, f"{MODELS}/*"),
                objects_in(BUCKET, f"{RUNS}/*"),
                # Code and artifacts of deploys; which artifact is live changes between deploys.
                arns.s3(f"{assets}/*.tar.gz"),
                *(arns.s3(path) for path in _elsewhere(names.live, assets)),
                *(arns.s3(f"{path}*") for path in _paths(training.data)),
            ],
        ),
        allow(
            ["s3:PutObject"], [objects_in(BUCKET, f"{MODELS}/*"), objects_in(BUCKET, f"{RUNS}/*")]
        ),
        *container_statements(
            arns, images=[names.image, names.script_image], groups=log_groups(training)
        ),
        *_network_statements(training),
    ]


def log_groups(training: TrainingSpec) -> tuple[str, ...]:
    """The groups that the jobs log to."""
    return LOG_GROUPS if training.algorithm is None else (*LOG_GROUPS, ASKING_LOG_GROUP)


def _network_statements(training: TrainingSpec) -> list[dict[str, Any]]:
    """What a job in a network of its own needs (developer guide, "CreateTrainingJob API")."""
    if training.vpc is None:
        return []
    actions = [f"ec2:{verb}NetworkInterface" for verb in ("Create", "Delete")]
    actions += [f"{action}Permission" for action in actions]
    listed = ("NetworkInterfaces", "Vpcs", "DhcpOptions", "Subnets", "SecurityGroups")
    return [allow(actions + [f"ec2:Describe{each}" for each in listed], ["*"])]


def add_pipeline_role(blueprint: Blueprint, needs: TrainingNeeds) -> str:
    """The role of the pipeline itself: its jobs, its packages, the report that it decides by."""
    return blueprint.add(
        PIPELINE_ROLE,
        "AWS::IAM::Role",
        {
            "Description": f"Runs the pipeline that trains {needs.group}",
            "AssumeRolePolicyDocument": trust("sagemaker.amazonaws.com"),
            "Policies": [policy("Steps", pipeline_statements(needs))],
        },
    )


def pipeline_statements(needs: TrainingNeeds) -> list[dict[str, Any]]:
    """The statements of the pipeline's role.

    SageMaker begins the names of the jobs with `pipelines-`, and writes names in ARNs in lower
    case.
    """
    arns, group = needs.arns, needs.group.lower()
    passed = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    verbs = ("Create", "Describe", "Stop")
    made = {
        noun: arns.of("sagemaker", f"{kind}/{named}")
        for noun, kind, named in _jobs_of(needs.training)
    }
    return [
        *(
            allow([f"sagemaker:{verb}{noun}" for verb in verbs], [arn])
            for noun, arn in made.items()
        ),
        *_listing_statements(made),
        *_model_statements(needs),
        allow(["sagemaker:AddTags"], [*made.values(), *_models(needs)]),
        allow(
            ["sagemaker:CreateModelPackage"],
            [
                arns.of("sagemaker", f"model-package-group/{group}"),
                arns.of("sagemaker", f"model-package/{group}/*"),
            ],
        ),
        allow(
            ["sagemaker:DescribeModelPackage"],
            [arns.of("sagemaker", f"model-package/{group}/*")],
        ),
        allow(["iam:PassRole"], [att(JOB_ROLE)], Condition=passed),
        allow(["s3:GetObject"], [objects_in(BUCKET, f"{RUNS}/*")]),
    ]


def pipeline_patterns(training: TrainingSpec) -> list[tuple[str, str]]:
    """What steps make, as kinds in ARNs and patterns of names."""
    models = [] if training.algorithm is None else [("model", "pipelines-*")]
    return [*((kind, named) for _, kind, named in _jobs_of(training)), *models]


def _jobs_of(training: TrainingSpec) -> list[tuple[str, str, str]]:
    """The kinds of jobs that steps create: noun, kind in ARNs, pattern of their names.

    A tuning job's name begins with the execution's id, since it has 32 characters only; the jobs
    that it trains are SageMaker's own to create.
    """
    tuned = training.tuning is not None
    found = [("ProcessingJob", "processing-job", "pipelines-*")]
    if tuned:
        found.append(("HyperParameterTuningJob", "hyper-parameter-tuning-job", "*"))
    else:
        found.append(("TrainingJob", "training-job", "pipelines-*"))
    if training.algorithm is not None:
        found.append(("TransformJob", "transform-job", "pipelines-*"))
    return found


def _listing_statements(made: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A tuning step tells which jobs it trained."""
    tuned = made.get("HyperParameterTuningJob")
    action = "sagemaker:ListTrainingJobsForHyperParameterTuningJob"
    return [] if tuned is None else [allow([action], [tuned])]


def _models(needs: TrainingNeeds) -> list[Any]:
    """Models by which versions of an algorithm are asked."""
    asked = needs.training.algorithm is not None
    return [needs.arns.of("sagemaker", "model/pipelines-*")] if asked else []


def _model_statements(needs: TrainingNeeds) -> list[dict[str, Any]]:
    models = _models(needs)
    actions = ["sagemaker:CreateModel", "sagemaker:DescribeModel"]
    return [allow(actions, models)] if models else []


def _paths(uri: str | None) -> list[str]:
    return [] if uri is None else [uri.removeprefix("s3://")]


def _bucket_of(uri: str | None) -> list[str]:
    return [path.partition("/")[0] for path in _paths(uri)]


def _elsewhere(uri: str | None, assets: str) -> list[str]:
    """The live artifact, where it is neither among the assets nor trained here."""
    if uri is None:
        return []
    path = uri.removeprefix("s3://")
    return [] if path.startswith(f"{assets}/") else [path]
