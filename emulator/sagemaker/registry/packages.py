"""The operations on model packages: versions in a group, counted up and never used twice.

Or with a name of their own: an algorithm that was bought, and a model that was made with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.sagemaker import names
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.registry import changes, creation, describe, refusals
from emulator.sagemaker.registry.algorithms import algorithm_of
from emulator.sagemaker.registry.announcements import Announce, package_changed
from emulator.sagemaker.registry.finding import group_of, package_of, packages_in
from emulator.sagemaker.registry.groups import DEFAULT_ORDER
from emulator.sagemaker.registry.state import ModelPackage, PackageGroup
from emulator.sagemaker.store import Store

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageOperations:
    """Create, describe, update, delete and list versions; `now` is Unix seconds."""

    store: Store
    now: Callable[[], float]
    announce: Announce

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group has one version more; a repeated request made the one that it made first.

        A package with a name of its own is one of an algorithm.
        """
        if creation.is_unversioned(request):
            return {"ModelPackageArn": self._add_unversioned(tenant, request).arn}
        creation.check(request)
        group = group_of(self.store, tenant, request["ModelPackageGroupName"])
        package = self._of_token(tenant, group, request)
        if package is None:
            package = self._add(tenant, group, request)
            self.announce(tenant, package_changed(package))
        return {"ModelPackageArn": package.arn}

    def _add_unversioned(self, tenant: Tenant, request: Mapping[str, Any]) -> ModelPackage:
        creation.check_unversioned(request)
        source = request["SourceAlgorithmSpecification"]["SourceAlgorithms"][0]
        algorithm_of(self.store.listings, tenant, source["AlgorithmName"])
        arn = tenant.arn(names.MODEL_PACKAGE, request["ModelPackageName"])
        shelf = self.store.shelf(tenant)
        if arn in shelf.packages:
            raise refusals.package_exists(arn)
        package = ModelPackage(
            group="",
            version=0,
            arn=arn,
            members=creation.kept(request),
            request=dict(request),
            created=self.now(),
        )
        shelf.packages[arn] = package
        return package

    def _of_token(
        self, tenant: Tenant, group: PackageGroup, request: Mapping[str, Any]
    ) -> ModelPackage | None:
        token = request.get("ClientToken")
        for package in packages_in(self.store, tenant, group):
            if token is not None and package.request.get("ClientToken") == token:
                if package.request != request:
                    raise refusals.token_reused(token, package.arn)
                return package
        return None

    def _add(self, tenant: Tenant, group: PackageGroup, request: Mapping[str, Any]) -> ModelPackage:
        version = group.versions + 1
        package = ModelPackage(
            group=group.name,
            version=version,
            arn=tenant.arn(names.MODEL_PACKAGE, f"{group.name}/{version}"),
            members=creation.kept(request),
            request=dict(request),
            created=self.now(),
        )
        shelf = self.store.shelf(tenant)
        shelf.package_groups[group.name.lower()] = replace(group, versions=version)
        shelf.packages[package.arn] = package
        return package

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The package as it stands."""
        listing = self.store.listings.find(tenant, request["ModelPackageName"])
        if listing is not None:
            return listing.described()
        package = package_of(self.store, tenant, request["ModelPackageName"])
        return describe.package(package, included=request.get("IncludedData", "AllData"))

    async def update(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The package is as the request says; EventBridge hears of what has really changed."""
        package = package_of(self.store, tenant, request["ModelPackageArn"])
        after = changes.updated(package.members, request)
        updated = replace(package, members=after, modified=self.now())
        self.store.shelf(tenant).packages[package.arn] = updated
        fields = changes.announced(package.members, after)
        if fields:
            self.announce(tenant, package_changed(updated, fields))
        return {"ModelPackageArn": package.arn}

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The version is gone, and no other will have its number."""
        package = package_of(self.store, tenant, request["ModelPackageName"])
        del self.store.shelf(tenant).packages[package.arn]
        return {}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the packages: unversioned ones, unless a group is named."""
        page = page_of(
            self._listed(tenant, request),
            {**DEFAULT_ORDER, **request},
            {
                "Name": lambda package: (package.name, package.version),
                "CreationTime": lambda package: (package.created, package.version),
            },
        )
        return page.answer("ModelPackageSummaryList", describe.package_summary)

    def _listed(self, tenant: Tenant, request: Mapping[str, Any]) -> list[ModelPackage]:
        named = request.get("ModelPackageGroupName")
        kind = request.get("ModelPackageType", "Unversioned" if named is None else "Versioned")
        if named is None:
            kept = list(self.store.shelf(tenant).packages.values())
        else:
            kept = packages_in(self.store, tenant, group_of(self.store, tenant, named))
        status = request.get("ModelApprovalStatus")
        wanted = {"Versioned": (True,), "Unversioned": (False,)}.get(kind, (True, False))
        of_kind = [package for package in kept if package.versioned in wanted]
        return [p for p in of_kind if status is None or p.approval == status]
