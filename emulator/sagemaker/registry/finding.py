"""Finds groups and packages by their names or ARNs, without case as SageMaker does."""

from emulator.sagemaker import names
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.registry import refusals
from emulator.sagemaker.registry.state import ModelPackage, PackageGroup
from emulator.sagemaker.store import Store


def arn_of(tenant: Tenant, kind: str, name_or_arn: str) -> str:
    """The ARN that a request means: one that it gives, or that of the tenant's own."""
    return name_or_arn.lower() if ":" in name_or_arn else tenant.arn(kind, name_or_arn)


def group_of(store: Store, tenant: Tenant, name_or_arn: str) -> PackageGroup:
    """The tenant's group of that name or ARN."""
    arn = arn_of(tenant, names.MODEL_PACKAGE_GROUP, name_or_arn)
    key = arn.removeprefix(tenant.arn(names.MODEL_PACKAGE_GROUP, ""))
    found = store.shelf(tenant).package_groups.get(key)
    if found is None:
        raise refusals.no_group(arn)
    return found


def package_of(store: Store, tenant: Tenant, name_or_arn: str) -> ModelPackage:
    """The tenant's package of that ARN, or of `GROUP/VERSION`."""
    arn = arn_of(tenant, names.MODEL_PACKAGE, name_or_arn)
    found = store.shelf(tenant).packages.get(arn)
    if found is None:
        raise refusals.no_package(arn)
    return found


def packages_in(store: Store, tenant: Tenant, group: PackageGroup) -> list[ModelPackage]:
    """Every version of the group that is still there, in order."""
    kept = store.shelf(tenant).packages.values()
    return [package for package in kept if package.group == group.name]
