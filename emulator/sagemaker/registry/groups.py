"""The operations on model package groups."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import errors, names, tags
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.registry import describe, refusals
from emulator.sagemaker.registry.finding import group_of, packages_in
from emulator.sagemaker.registry.state import PackageGroup
from emulator.sagemaker.store import Store

Json = dict[str, Any]

DEFAULT_ORDER = {"SortOrder": "Ascending"}
"""Of the registry's lists by the API reference; those of models and endpoints begin at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOperations:
    """Create, describe, delete and list groups; `now` is Unix seconds."""

    store: Store
    now: Callable[[], float]

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group exists, without a package."""
        if request.get("ManagedConfiguration") is not None:
            raise errors.not_emulated("managed model package groups (ManagedConfiguration)")
        name = str(request["ModelPackageGroupName"])
        arn = tenant.arn(names.MODEL_PACKAGE_GROUP, name)
        shelf = self.store.shelf(tenant)
        if name.lower() in shelf.package_groups:
            raise refusals.group_exists(arn)
        shelf.package_groups[name.lower()] = PackageGroup(
            name=name,
            arn=arn,
            description=request.get("ModelPackageGroupDescription"),
            created=self.now(),
        )
        tags.set_at_creation(shelf, arn, request)
        return {"ModelPackageGroupArn": arn}

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group as it was created."""
        return describe.group(group_of(self.store, tenant, request["ModelPackageGroupName"]))

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group is gone; one with packages in it stays."""
        group = group_of(self.store, tenant, request["ModelPackageGroupName"])
        packages = packages_in(self.store, tenant, group)
        if packages:
            raise refusals.group_not_empty(group.arn, len(packages))
        shelf = self.store.shelf(tenant)
        del shelf.package_groups[group.name.lower()]
        shelf.tags.pop(group.arn, None)
        return {}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the groups; other accounts share none of theirs here."""
        groups = list(self.store.shelf(tenant).package_groups.values())
        if request.get("CrossAccountFilterOption") == "CrossAccount":
            groups = []
        return page_of(groups, {**DEFAULT_ORDER, **request}).answer(
            "ModelPackageGroupSummaryList", describe.group_summary
        )
