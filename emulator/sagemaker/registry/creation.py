"""What CreateModelPackage takes, and what of it is kept. Pure.

Image and artifact of an inference specification are not looked at here. A package without one is of
an algorithm, or a clone of what `SourceUri` names on AWS, or a model that was only logged; the
latter two are not emulated.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.registry import refusals
from emulator.sagemaker.registry.state import PENDING

_UNEMULATED = {
    "ValidationSpecification": "validation of model packages (ValidationSpecification)",
    "CertifyForMarketplace": "model packages for AWS Marketplace (CertifyForMarketplace)",
    "ManagedStorageType": "managed model packages (ManagedStorageType)",
}
_NOT_OF_ALGORITHMS = {
    "InferenceSpecification": "SourceAlgorithmSpecification: the algorithm has one",
    "ModelApprovalStatus": "ModelPackageName: only versions of a group are approved",
}
"""Own wording; the latter is what the API reference says of unversioned models."""
_NOT_KEPT = frozenset({"ModelPackageGroupName", "ModelPackageName", "ClientToken", "Tags"})


def is_unversioned(request: Mapping[str, Any]) -> bool:
    """Whether the package has a name of its own, and no group."""
    return bool(request.get("ModelPackageName")) and not request.get("ModelPackageGroupName")


def check_unversioned(request: Mapping[str, Any]) -> None:
    """The request makes a package of an algorithm and a model, or an error says why not."""
    _refuse_unemulated(request)
    specified = request.get("SourceAlgorithmSpecification")
    if not specified:
        raise errors.not_emulated(
            "model packages without a group (ModelPackageName) but those of an algorithm "
            "(SourceAlgorithmSpecification)"
        )
    faults = [
        f"{member} does not go with {why}."
        for member, why in _NOT_OF_ALGORITHMS.items()
        if request.get(member)
    ]
    if not specified["SourceAlgorithms"][0].get("ModelDataUrl"):
        faults.append("ModelDataUrl of the source algorithm is missing.")
    if faults:
        raise errors.validation(" ".join(faults))


def _refuse_unemulated(request: Mapping[str, Any]) -> None:
    for member, words in _UNEMULATED.items():
        if request.get(member):
            raise errors.not_emulated(words)


def check(request: Mapping[str, Any]) -> None:
    """The request makes a versioned package, or an error says why not."""
    if request.get("ModelPackageName") and request.get("ModelPackageGroupName"):
        raise refusals.both_names()
    _refuse_unemulated(request)
    if not request.get("ModelPackageGroupName"):
        raise refusals.no_name()
    if request.get("SourceAlgorithmSpecification"):
        raise errors.not_emulated("versions of algorithms (SourceAlgorithmSpecification)")
    if not request.get("InferenceSpecification"):
        raise errors.not_emulated(
            "model packages without an InferenceSpecification (clones by SourceUri, logged models)"
        )
    faults = [*_faults(request)]
    if faults:
        raise errors.validation(" ".join(faults))


def _faults(request: Mapping[str, Any]) -> Iterator[str]:
    """What AWS's reference demands beyond the shapes (own wording)."""
    if request.get("Tags"):
        yield (
            "Tags cannot be given with ModelPackageGroupName: a version uses the tags of its group."
        )
    yield from repeated_names(request.get("AdditionalInferenceSpecifications", []))


def repeated_names(specifications: list[Mapping[str, Any]]) -> Iterator[str]:
    """Additional inference specifications are chosen by name, so each has its own."""
    counted = Counter(specification["Name"] for specification in specifications)
    repeated = [name for name, count in counted.items() if count > 1]
    if repeated:
        yield (
            f"Names of AdditionalInferenceSpecifications must be unique, got {', '.join(repeated)} "
            "more than once."
        )


def kept(request: Mapping[str, Any]) -> dict[str, Any]:
    """The members that the new package is described by."""
    given = {name: value for name, value in request.items() if name not in _NOT_KEPT}
    return given if is_unversioned(request) else {"ModelApprovalStatus": PENDING, **given}
