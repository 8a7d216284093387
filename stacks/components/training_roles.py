"""The two roles of a training pipeline: what starts its jobs, and what the jobs run under."""

from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.blueprint import Blueprint, att
from stacks.components.bucket import objects_in
from stacks.components.execution_role import container_statements
from stacks.components.training_definition import BUCKET, DATA, JOB_ROLE, MODELS, RUNS
from stacks.project.training_spec import TrainingSpec

PIPELINE_ROLE = "TrainingRole"
LOG_GROUPS = ("/aws/sagemaker/ProcessingJobs", "/aws/sagemaker/TrainingJobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingNeeds:
    """What the jobs touch beside the stack's own bucket; URIs may hold `${AWS::AccountId}`."""

    arns: Arns
    group: str
    image: str
    code: str
    live: str


def add_job_role(blueprint: Blueprint, needs: TrainingNeeds, training: TrainingSpec) -> str:
    """The role of processing and training jobs: their data, their code, their image, their logs."""
    return blueprint.add(
        JOB_ROLE,
        "AWS::IAM::Role",
        {
            "Description": f"Runs the jobs that train {needs.group}",
            "AssumeRolePolicyDocument": trust("sagemaker.amazonaws.com"),
            "Policies": [policy("Jobs", job_statements(needs, training))],
        },
    )


def job_statements(needs: TrainingNeeds, training: TrainingSpec) -> list[dict[str, Any]]:
    """The statements of the jobs' role."""
    arns, assets = needs.arns, needs.code.removeprefix("s3://").partition("/")[0]
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
                *(arns.s3(path) for path in _elsewhere(needs.live, assets)),
                *(arns.s3(f"{path}*") for path in _paths(training.data)),
            ],
        ),
        allow(
            ["s3:PutObject"], [objects_in(BUCKET, f"{MODELS}/*"), objects_in(BUCKET, f"{RUNS}/*")]
        ),
        *container_statements(arns, images=[needs.image], groups=LOG_GROUPS),
    ]


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
    processing = arns.of("sagemaker", "processing-job/pipelines-*")
    training = arns.of("sagemaker", "training-job/pipelines-*")
    return [
        allow([f"sagemaker:{verb}ProcessingJob" for verb in verbs], [processing]),
        allow([f"sagemaker:{verb}TrainingJob" for verb in verbs], [training]),
        allow(["sagemaker:AddTags"], [processing, training]),
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


def _paths(uri: str | None) -> list[str]:
    return [] if uri is None else [uri.removeprefix("s3://")]


def _bucket_of(uri: str | None) -> list[str]:
    return [path.partition("/")[0] for path in _paths(uri)]


def _elsewhere(uri: str, assets: str) -> list[str]:
    """The live artifact, where it is neither among the assets nor trained here."""
    path = uri.removeprefix("s3://")
    return [] if path.startswith(f"{assets}/") else [path]
