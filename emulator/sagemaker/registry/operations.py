"""The registry's operations by name."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.registry.algorithms import AlgorithmOperations
from emulator.sagemaker.registry.announcements import Announce
from emulator.sagemaker.registry.groups import GroupOperations
from emulator.sagemaker.registry.packages import PackageOperations
from emulator.sagemaker.registry.policies import PolicyOperations
from emulator.sagemaker.store import Store

Operation = Callable[[Tenant, Mapping[str, Any]], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Groups, their policies, and the packages in them; `now` is Unix seconds."""

    store: Store
    now: Callable[[], float]
    announce: Announce

    def table(self) -> dict[str, Operation]:
        """Every operation."""
        groups = GroupOperations(store=self.store, now=self.now)
        policies = PolicyOperations(store=self.store)
        packages = PackageOperations(store=self.store, now=self.now, announce=self.announce)
        algorithms = AlgorithmOperations(listings=self.store.listings)
        return {
            "CreateModelPackageGroup": groups.create,
            "DescribeModelPackageGroup": groups.describe,
            "DeleteModelPackageGroup": groups.delete,
            "ListModelPackageGroups": groups.list_,
            "PutModelPackageGroupPolicy": policies.put,
            "GetModelPackageGroupPolicy": policies.get,
            "DeleteModelPackageGroupPolicy": policies.delete,
            "CreateModelPackage": packages.create,
            "DescribeModelPackage": packages.describe,
            "UpdateModelPackage": packages.update,
            "DeleteModelPackage": packages.delete,
            "ListModelPackages": packages.list_,
            "DescribeAlgorithm": algorithms.describe,
        }
