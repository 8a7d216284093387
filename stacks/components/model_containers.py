"""A version as SageMaker's Model takes it, and as a template declares it to its guard."""

from collections.abc import Mapping
from typing import Any

from stacks.components.arns import sub
from stacks.components.blueprint import ref
from tidegate.version import Container, Version

_PROGRAM_AT = "SAGEMAKER_SUBMIT_DIRECTORY"
"""Where SageMaker's containers look for the program of all models (SageMaker SDK, MultiDataModel:
an archive in S3, which the container reads as the execution role)."""


def model_containers(
    version: Version, told: Mapping[str, str] | None = None, *, package: str | None = None
) -> dict[str, Any]:
    """Its containers as properties of a Model: the primary one, or an inference pipeline.

    `told` are variables of every container beside its own. `package` is the logical id of the
    package of a version that was made with an algorithm of AWS Marketplace.
    """
    named = version.containers[0].package if package is None else ref(package)
    if named is not None:
        # Of packages of AWS Marketplace SageMaker demands it: what was bought cannot call home.
        return {"PrimaryContainer": {"ModelPackageName": named}, "EnableNetworkIsolation": True}
    containers = [_container(each, {} if told is None else told) for each in version.containers]
    if len(containers) == 1:
        return {"PrimaryContainer": containers[0]}
    return {"Containers": containers, "InferenceExecutionConfig": {"Mode": "Serial"}}


def declared_version(version: Version) -> dict[str, Any]:
    """The version in JSON, the account in its URIs left to CloudFormation."""
    told = {**version.to_json(), "artifact_uri": sub(version.artifact_uri)}
    if version.targets is not None:
        told["targets"] |= {"code_uri": sub(version.targets.code_uri)}
    then = [{**each.to_json(), "artifact_uri": sub(each.artifact_uri)} for each in version.then]
    return {**told, "then": then} if then else told


def _container(container: Container, told: Mapping[str, str]) -> dict[str, Any]:
    environment = {**container.environment, **told}
    targets = container.targets
    if targets is not None and targets.code_uri:
        environment[_PROGRAM_AT] = sub(targets.code_uri)
    return {
        **({} if targets is None else {"Mode": "MultiModel"}),
        "Image": container.image,
        "ModelDataUrl": sub(container.artifact_uri),
        "Environment": environment,
    }


def model_objects(version: Version) -> dict[str, Any] | None:
    """The artifacts below the version's prefix as metadata of its Model; None without a prefix.

    `cdk gc` deletes what no template names, and a prefix alone names none of them.
    """
    if version.targets is None:
        return None
    _, _, prefix = version.artifact_uri.removeprefix("s3://").partition("/")
    return {"tidegate:models": [f"{prefix}{name}" for name in version.targets.names]}
