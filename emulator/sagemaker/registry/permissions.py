"""What the registry's operations are asked on, and under which condition keys. Pure.

Source: the service authorization reference for SageMaker. Operations that it gives the type
`model-package` for versions that are not known yet are asked on `model-package/GROUP/*`, as the
developer guide writes the policies of groups: listing a group's versions, and creating one, which
is asked on the group too, the reference's other type for it. Keys that begin with
`sagemaker:Current` and tags of resources are not set.
"""

from collections.abc import Mapping
from typing import Any

from emulator.sagemaker import names
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.registry.finding import arn_of

_BY_GROUP = frozenset(
    {
        "CreateModelPackageGroup",
        "DescribeModelPackageGroup",
        "DeleteModelPackageGroup",
        "PutModelPackageGroupPolicy",
        "GetModelPackageGroupPolicy",
        "DeleteModelPackageGroupPolicy",
    }
)
_BY_PACKAGE = {
    "DescribeModelPackage": "ModelPackageName",
    "UpdateModelPackage": "ModelPackageArn",
    "DeleteModelPackage": "ModelPackageName",
}
_CONDITIONED = frozenset({"CreateModelPackage", "UpdateModelPackage"})


def resources(operation: str, tenant: Tenant, request: Mapping[str, Any]) -> list[str]:
    """The ARNs that the operation is asked on; none if it is not the registry's or names none."""
    if operation in _BY_PACKAGE:
        name = request.get(_BY_PACKAGE[operation])
        return [arn_of(tenant, names.MODEL_PACKAGE, name)] if isinstance(name, str) else []
    if operation == "DescribeAlgorithm":
        return _named(tenant, names.ALGORITHM, request.get("AlgorithmName"))
    group = request.get("ModelPackageGroupName")
    if not isinstance(group, str):
        own = request.get("ModelPackageName") if operation == "CreateModelPackage" else None
        return _named(tenant, names.MODEL_PACKAGE, own)
    arn = arn_of(tenant, names.MODEL_PACKAGE_GROUP, group)
    versions = f"{arn.replace(':model-package-group/', ':model-package/')}/*"
    if operation == "CreateModelPackage":
        return [arn, versions]
    if operation == "ListModelPackages":
        return [versions]
    return [arn] if operation in _BY_GROUP else []


def _named(tenant: Tenant, kind: str, name: Any) -> list[str]:
    return [arn_of(tenant, kind, name)] if isinstance(name, str) else []


def context(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The condition keys of what a package would become."""
    if operation not in _CONDITIONED:
        return {}
    stage = _mapping(request.get("ModelLifeCycle"))
    metadata = _mapping(request.get("CustomerMetadataProperties"))
    keys = {
        "sagemaker:ModelApprovalStatus": request.get("ModelApprovalStatus"),
        "sagemaker:ModelLifeCycle:Stage": stage.get("Stage"),
        "sagemaker:ModelLifeCycle:StageStatus": stage.get("StageStatus"),
        "sagemaker:CustomerMetadataPropertiesToRemove": request.get(
            "CustomerMetadataPropertiesToRemove"
        ),
        **{f"sagemaker:CustomerMetadataProperties/{key}": metadata[key] for key in metadata},
    }
    return {key: value for key, value in keys.items() if value is not None}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
