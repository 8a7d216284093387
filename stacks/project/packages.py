"""Approved packages of the model registry, as the versions to deploy."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stacks.project.artifact_spec import StoredArtifact
from stacks.project.faults import Fault, ProjectFaultsError
from stacks.project.spec import ModelSpec, ProjectSpec
from tidegate.training.package import Package

_CONTEXT = "context tidegate:packages"


def read_packages(given: Any) -> Mapping[str, Package]:
    """The approved packages by model, from JSON or the path of a JSON file; none if not given."""
    if given is None or given == "":
        return {}
    try:
        content = given if isinstance(given, dict) else _parsed(str(given))
        return {model: Package.from_json(package) for model, package in content.items()}
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        message = (
            f"not model -> approved package ({type(error).__name__}: {error}): let 'tidegate "
            "deploy' pass it"
        )
        raise ProjectFaultsError([Fault(file=_CONTEXT, line=1, message=message)]) from error


def packaged(model: ModelSpec, package: Package | None, *, region: str) -> ModelSpec:
    """The model with the package as the version to deploy; as the file says without one.

    The package is the version's identity: its number in the group is never given again.
    """
    if package is None:
        return model
    bucket, _, key = package.artifact_uri.removeprefix("s3://").partition("/")
    return replace(
        model,
        label=package.label,
        images={**model.images, region: package.image},
        artifact=StoredArtifact(bucket=bucket, key=key, identity=package.arn),
        environment=dict(package.environment),
    )


def born(project: ProjectSpec, packages: Mapping[str, Package], *, region: str) -> ProjectSpec:
    """The project in which models whose first version is approved are hosted like any other."""
    found = {name: model for name, model in project.unborn.items() if name in packages}
    if not found:
        return project
    hosted = {name: packaged(each, packages[name], region=region) for name, each in found.items()}
    left = {name: model for name, model in project.unborn.items() if name not in found}
    return replace(project, models={**project.models, **hosted}, unborn=left)


def _parsed(text: str) -> Any:
    source = text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8")
    return json.loads(source)
