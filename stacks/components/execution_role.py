"""The role that a model's containers run under: exactly its artifacts, its images, its logs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stacks.components.answers import answering_statements
from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.blueprint import Blueprint
from stacks.components.bucket import objects_in
from stacks.components.capture_bucket import CAPTURE_BUCKET
from stacks.project.spec import ModelSpec
from tidegate.strategies import Mechanism
from tidegate.version import Container, Version

_ECR = re.compile(
    r"^(?P<account>\d+)\.dkr\.ecr\.(?P<region>[^.]+)\.[^/]+/(?P<repository>[^:@]+)[:@]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleNeeds:
    """What a model's containers touch. `captures`: whether requests are written to the bucket.

    `answers_later`: whether inputs are read from S3 and answers written there.
    """

    arns: Arns
    endpoints: tuple[str, ...]
    versions: tuple[Version, ...]
    captures: bool
    answers_later: bool = False
    id_: str = "ExecutionRole"


def execution_role_id(model: ModelSpec, digest: str) -> str:
    """The logical id: one role a version where the deploy is the release, else one for both slots.

    While SageMaker replaces one version by the other, each must be able to read its artifact.
    """
    if model.plan.mechanism is Mechanism.GUARDRAIL:
        return f"ExecutionRole{digest[:8].capitalize()}"
    return "ExecutionRole"


def add_execution_role(blueprint: Blueprint, needs: RoleNeeds, *, guard: str) -> str:
    """The role is there, after the guard: a deploy that is refused must not narrow it first.

    The actions are those of the SageMaker developer guide, "CreateModel API: Execution Role
    Permissions", narrowed to resources. Returns the role's logical id.
    """
    return blueprint.add(
        needs.id_,
        "AWS::IAM::Role",
        {
            "Description": f"Runs the containers of {' and '.join(needs.endpoints)}",
            "AssumeRolePolicyDocument": trust("sagemaker.amazonaws.com"),
            "Policies": [policy("Hosting", execution_statements(needs))],
        },
        after=[guard],
    )


def execution_statements(needs: RoleNeeds) -> list[dict[str, Any]]:
    """The statements of the role."""
    arns = needs.arns
    groups = [f"/aws/sagemaker/Endpoints/{endpoint}" for endpoint in needs.endpoints]
    containers = [each for version in needs.versions for each in version.containers]
    artifacts = own_artifacts(containers)
    statements = [
        *([allow(["s3:GetObject"], [arns.s3(path) for path in artifacts])] if artifacts else []),
        *_listing_statements(arns, containers),
        *container_statements(arns, images=own_images(containers), groups=groups),
    ]
    if needs.captures:
        written = [objects_in(CAPTURE_BUCKET, f"{endpoint}/*") for endpoint in needs.endpoints]
        statements.append(allow(["s3:PutObject"], written))
    return statements + (answering_statements() if needs.answers_later else [])


def container_statements(
    arns: Arns, *, images: Sequence[str], groups: Sequence[str]
) -> list[dict[str, Any]]:
    """What every container of SageMaker needs: its image, its log, its metrics."""
    logs = [f"log-group:{group}" for group in groups]
    return [
        *pull_statements(arns, images),
        allow(
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams"],
            [arns.of("logs", group) for group in logs],
        ),
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [arns.of("logs", f"{group}:*") for group in logs],
        ),
        allow(
            ["cloudwatch:PutMetricData"],
            ["*"],
            Condition={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
        ),
    ]


def pull_statements(arns: Arns, images: Sequence[str]) -> list[dict[str, Any]]:
    """What pulls images from ECR; nothing where SageMaker has them of a model package."""
    if not images:
        return []
    return [
        allow(["ecr:GetAuthorizationToken"], ["*"]),
        allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            sorted({repository_arn(arns, image) for image in images}),
        ),
    ]


def own_artifacts(containers: Iterable[Container]) -> list[str]:
    """Bucket and key of each artifact that the role reads: what is in a package, it does not.

    Of several models it is all that lies under their prefix, and the program of all of them.
    """
    own = {uri for each in containers if each.package is None for uri in _read_of(each)}
    return sorted(uri.removeprefix("s3://") for uri in own)


def _read_of(container: Container) -> Iterator[str]:
    if container.targets is None:
        yield container.artifact_uri
        return
    yield f"{container.artifact_uri}*"
    if container.targets.code_uri:
        yield container.targets.code_uri


def _listing_statements(arns: Arns, containers: Iterable[Container]) -> list[dict[str, Any]]:
    """Listing of the prefixes of several models: SageMaker looks there for the one that is asked.

    Source: developer guide, "Multi-Model Endpoint Security".
    """
    found = {c.artifact_uri.removeprefix("s3://") for c in containers if c.targets is not None}
    prefixes: dict[str, list[str]] = {}
    for path in sorted(found):
        bucket, _, prefix = path.partition("/")
        prefixes.setdefault(bucket, []).append(f"{prefix}*")
    return [
        allow(["s3:ListBucket"], [arns.s3(bucket)], Condition={"StringLike": {"s3:prefix": listed}})
        for bucket, listed in prefixes.items()
    ]


def own_images(containers: Iterable[Container]) -> list[str]:
    """The images that the role pulls."""
    own = (each for each in containers if each.package is None and each.algorithm is None)
    return [each.image for each in own]


def repository_arn(arns: Arns, image: str) -> str:
    """The repository of an image in ECR; ValueError for one elsewhere."""
    match = _ECR.match(image)
    if match is None:
        raise ValueError(f"image {image!r} is not in ECR: ACCOUNT.dkr.ecr.REGION.../NAME:TAG")
    account, region, name = match["account"], match["region"], match["repository"]
    return f"arn:{arns.stage.partition}:ecr:{region}:{account}:repository/{name}"
