"""The container that a model of a model package runs. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.registry import refusals
from emulator.sagemaker.registry.state import APPROVED, ModelPackage

_OF_THE_PACKAGE = ("Image", "ModelDataUrl", "ModelDataSource")


def resolved(
    container: Mapping[str, Any], package_of: Callable[[str], ModelPackage]
) -> Mapping[str, Any]:
    """The container with image, artifact and environment of the package that it names, if any.

    Environment variables of the container itself come on top of the package's.
    """
    named = container.get("ModelPackageName")
    if named is None:
        return container
    given = [member for member in _OF_THE_PACKAGE if container.get(member)]
    if given:
        raise errors.validation(
            f"A container of ModelPackageName has {' and '.join(given)} from its model package: "
            "leave it out."
        )
    package = package_of(named)
    if package.approval != APPROVED:
        raise refusals.not_approved(package.arn, package.approval)
    inner = _container(package, container.get("InferenceSpecificationName"))
    environment = {**inner.get("Environment", {}), **container.get("Environment", {})}
    taken = {member: inner[member] for member in _OF_THE_PACKAGE if member in inner}
    return {**container, **taken, "Environment": environment}


def _container(package: ModelPackage, specification: str | None) -> Mapping[str, Any]:
    containers = _specification(package, specification)["Containers"]
    if len(containers) > 1:
        raise errors.not_emulated("model packages of several containers (inference pipelines)")
    inner: Mapping[str, Any] = containers[0]
    if not inner.get("Image"):
        raise errors.not_emulated("models of packages whose container has no Image")
    return inner


def _specification(package: ModelPackage, name: str | None) -> Mapping[str, Any]:
    """The one of that name among the additional ones, or the main one."""
    listed = package.members.get("AdditionalInferenceSpecifications", [])
    known: dict[str | None, Mapping[str, Any]] = {each["Name"]: each for each in listed}
    known[None] = package.members.get("InferenceSpecification", {})
    if not known.get(name):
        wanted = "InferenceSpecification" if name is None else f"inference specification {name}"
        raise errors.validation(f"ModelPackage {package.arn} has no {wanted}.")
    return known[name]
