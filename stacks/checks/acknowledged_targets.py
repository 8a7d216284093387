"""What cdk-nag finds of several models behind one endpoint, and why it stays."""

from collections.abc import Iterator, Mapping

from stacks.checks.rows import Acknowledged, assets_bucket, wildcard
from stacks.components.execution_role import execution_role_id
from stacks.project.artifact_spec import TargetArtifacts
from stacks.project.names import model_stack_name
from stacks.project.placement import version_of
from stacks.project.spec import ModelSpec, ProjectSpec, StageSpec
from tidegate.pointer import LivePointer

_WHY = (
    "the models of one version: their prefix is named by the digest of all of them, so that "
    "nothing else is ever under it"
)


def of_targets(
    project: ProjectSpec, stage: StageSpec, pointers: Mapping[str, LivePointer]
) -> Iterator[Acknowledged]:
    """Every finding that stays, of the roles that read all models of a version."""
    for name, model in project.models.items():
        if not isinstance(model.artifact, TargetArtifacts):
            continue
        stack = model_stack_name(project.name, stage.name, name)
        digest = version_of(model, region=stage.region, uri_of=lambda _: "").digest
        role = execution_role_id(model, digest)
        for prefix in sorted(_prefixes(model, model.artifact, stage, pointers)):
            yield wildcard(stack, role, f"arn:{stage.partition}:s3:::{prefix}*", _WHY)


def _prefixes(
    model: ModelSpec,
    artifact: TargetArtifacts,
    stage: StageSpec,
    pointers: Mapping[str, LivePointer],
) -> set[str]:
    """Bucket and prefix of what is deployed, and of what is live beside it."""
    found = {f"{assets_bucket(stage)}/{artifact.digest}/"}
    pointer = pointers.get(model.name)
    if pointer is not None and pointer.version.targets is not None:
        found.add(pointer.version.artifact_uri.removeprefix("s3://"))
    return found
