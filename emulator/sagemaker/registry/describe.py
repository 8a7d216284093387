"""The response shapes of the registry. Pure.

A version has no name of its own, but `ModelPackageName` is a required member of
DescribeModelPackage's answer: it is the group's.
"""

from collections.abc import Mapping
from typing import Any

from emulator.sagemaker.registry.state import ModelPackage, PackageGroup

Json = dict[str, Any]

COMPLETED = "Completed"
STATUS_DETAILS: Mapping[str, Any] = {"ValidationStatuses": [], "ImageScanStatuses": []}
_SUMMARIZED = (
    "ModelPackageDescription",
    "ModelApprovalStatus",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)


def group(record: PackageGroup) -> Json:
    """DescribeModelPackageGroup; `CreatedBy` is empty, as for callers outside of a Studio."""
    return {**group_summary(record), "CreatedBy": {}}


def group_summary(record: PackageGroup) -> Json:
    """A group in a list."""
    shown: Json = {
        "ModelPackageGroupName": record.name,
        "ModelPackageGroupArn": record.arn,
        "CreationTime": record.created,
        "ModelPackageGroupStatus": COMPLETED,
    }
    if record.description is not None:
        shown["ModelPackageGroupDescription"] = record.description
    return shown


def package(record: ModelPackage, *, included: str = "AllData") -> Json:
    """DescribeModelPackage; `MetadataOnly` leaves the content of the model card out."""
    shown: Json = {
        "ModelPackageName": record.name,
        **_identity(record),
        **record.members,
        "ModelPackageStatus": COMPLETED,
        "ModelPackageStatusDetails": dict(STATUS_DETAILS),
        "CertifyForMarketplace": False,
        "CreatedBy": {},
    }
    if record.modified is not None:
        shown |= {"LastModifiedTime": record.modified, "LastModifiedBy": {}}
    if included == "MetadataOnly" and "ModelCard" in shown:
        card = shown["ModelCard"]
        shown["ModelCard"] = {k: v for k, v in card.items() if k != "ModelCardContent"}
    return shown


def package_summary(record: ModelPackage) -> Json:
    """A package in a list."""
    known = {name: record.members[name] for name in _SUMMARIZED if name in record.members}
    return {**_identity(record), **known, "ModelPackageStatus": COMPLETED}


def _identity(record: ModelPackage) -> Json:
    where: Json = {"ModelPackageName": record.name}
    if record.versioned:
        where = {"ModelPackageGroupName": record.group, "ModelPackageVersion": record.version}
    return {**where, "ModelPackageArn": record.arn, "CreationTime": record.created}
